package dev.carpool.it;

import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLongArray;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** 60 databases with ten clients each share 20 server connections. {@code -Dcarpool.it.fairness.seconds}: for how long. */
class FairSharingIT {
    private static final int DATABASES = 60;
    private static final int CLIENTS_EACH = 10;
    private static final int CAP = 20;
    private static final long SECONDS = Long.getLong("carpool.it.fairness.seconds", 12);

    private final PostgresUnderTest postgres = PostgresUnderTest.shared();

    @Test
    void capHoldsAndNobodyStarves() throws Exception {
        String role = postgres.newRole("trusty_fair");
        List<String> databases = new ArrayList<>();
        try (Connection admin = postgres.connect("postgres")) {
            for (int i = 0; i < DATABASES; i++) {
                databases.add(PostgresUnderTest.newName("fair"));
                Sql.run(admin, "create database " + databases.get(i) + " strategy file_copy");
            }
        }
        try (ProxyUnderTest proxy = ProxyUnderTest.start(
                        "auth_type=trust", "max_server_connections=" + CAP, "query_wait_timeout=1min");
                Connection observer = postgres.connect("postgres")) {
            AtomicBoolean over = new AtomicBoolean();
            Background<Integer> most = Background.start(() -> mostBackends(observer, role, over));
            AtomicLongArray done = new AtomicLongArray(DATABASES);
            long until = System.nanoTime() + Duration.ofSeconds(SECONDS).toNanos();
            List<Background<Boolean>> clients = new ArrayList<>();
            for (int i = 0; i < DATABASES * CLIENTS_EACH; i++) {
                int number = i % DATABASES;
                clients.add(Background.start(() -> work(proxy, role, databases.get(number), number, done, until)));
            }
            for (Background<Boolean> client : clients) {
                assertTrue(client.result(SECONDS + 90));
            }
            over.set(true);
            assertTrue(most.result() <= CAP, () -> "the server saw more than " + CAP);
            long[] each = new long[DATABASES];
            Arrays.setAll(each, done::get);
            double mean = Arrays.stream(each).average().orElseThrow();
            long least = Arrays.stream(each).min().orElseThrow();
            assertTrue(least >= mean / 2, () -> "least " + least + ", mean " + mean + ": " + Arrays.toString(each));
        }
        try (Connection admin = postgres.connect("postgres")) {
            for (String database : databases) {
                Sql.run(admin, "drop database " + database + " with (force)");
            }
        }
    }

    private static int mostBackends(Connection observer, String role, AtomicBoolean over) throws Exception {
        int most = 0;
        while (!over.get()) {
            most = Math.max(
                    most,
                    Sql.number(
                            observer,
                            "select count(*) from pg_stat_activity where usename = ? and backend_type = 'client backend'",
                            role));
        }
        return most;
    }

    private static boolean work(
            ProxyUnderTest proxy, String role, String database, int number, AtomicLongArray done, long until)
            throws Exception {
        try (ScriptedClient client = ScriptedClient.connect(proxy.address())) {
            client.socket().setSoTimeout(90_000);
            client.login(role, "", database);
            while (System.nanoTime() < until) {
                assertEquals(database, client.value("select current_database() from pg_sleep(0.001)"));
                done.incrementAndGet(number);
            }
            return true;
        }
    }
}
