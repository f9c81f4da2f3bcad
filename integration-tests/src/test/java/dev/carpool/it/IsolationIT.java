package dev.carpool.it;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/**
 * 64 clients with roles, settings, prepared statements and data of their own share four server connections; each checks
 * at every step that it sees its own and only its own. {@code -Dcarpool.it.isolation.seconds} says for how long (20).
 */
class IsolationIT {
    private static final int CLIENTS = 64;
    private static final List<String> ZONES =
            List.of("Asia/Tokyo", "Europe/Rome", "America/Lima", "Africa/Cairo", "Australia/Perth");
    private static final List<String> STYLES = List.of("ISO, MDY", "ISO, YMD", "German, DMY", "SQL, DMY");

    private final PostgresUnderTest postgres = PostgresUnderTest.shared();

    @Test
    void eachSeesItsOwnAndOnlyItsOwn() throws Exception {
        String prefix = PostgresUnderTest.newName("iso");
        String table = prefix + "_data";
        postgres.execute("create role " + prefix + " login password '" + prefix + "'");
        postgres.executeIn("app", "create table " + table + " (owner int, i int)");
        for (int i = 0; i < CLIENTS; i++) {
            String role = prefix + "_" + i;
            postgres.executeIn(
                    "app",
                    "create role " + role,
                    "grant " + role + " to " + prefix,
                    "grant all on " + table + " to " + role);
        }
        long until = System.nanoTime()
                + Duration.ofSeconds(Long.getLong("carpool.it.isolation.seconds", 20))
                        .toNanos();
        try (ProxyUnderTest proxy = ProxyUnderTest.start("default_pool_size=4")) {
            List<Background<Long>> clients = new ArrayList<>();
            for (int i = 0; i < CLIENTS; i++) {
                Participant participant = new Participant(proxy, prefix, table, i);
                clients.add(Background.start(() -> participant.run(until)));
            }
            long steps = 0;
            for (Background<Long> client : clients) {
                steps += client.result(Long.getLong("carpool.it.isolation.seconds", 20) + 60);
            }
            assertTrue(steps > CLIENTS * 20, "only " + steps + " steps");
            assertTrue(proxy.open() <= 5); // the pool's, and one that listens for all
        }
    }

    /** One client; confined to its thread. */
    private static final class Participant {
        private final ProxyUnderTest proxy;
        private final String prefix;
        private final String table;
        private final int number;
        private final Random random;
        private final String zone;
        private final String style;
        private String name;
        private int rows;
        private boolean hasUnnamed;

        Participant(ProxyUnderTest proxy, String prefix, String table, int number) {
            this.proxy = proxy;
            this.prefix = prefix;
            this.table = table;
            this.number = number;
            this.random = new Random(number);
            this.zone = ZONES.get(number % ZONES.size());
            this.style = STYLES.get(number % STYLES.size());
            this.name = "client " + number;
        }

        long run(long until) throws Exception {
            long steps = 0;
            try (ScriptedClient client = proxy.loginAs(
                    prefix,
                    prefix,
                    "app",
                    "application_name",
                    name,
                    "TimeZone",
                    zone,
                    "DateStyle",
                    style,
                    "options",
                    "-c role=" + prefix + "_" + number + " -c app.number=" + number)) {
                assertEquals(
                        "1 Z:I",
                        client.exchange(Wire.parse("s", "select " + number + ", current_user, $1::text"), Wire.sync()));
                for (; System.nanoTime() < until; steps++) {
                    step(client);
                }
                assertEquals("" + rows, client.value("select count(*) from " + table + " where owner = " + number));
            } catch (Exception | AssertionError e) {
                throw new AssertionError("client " + number + " after " + steps + " steps", e);
            }
            return steps;
        }

        private void step(ScriptedClient client) throws Exception {
            switch (random.nextInt(14)) {
                case 0, 1 -> identity(client);
                case 2, 3 -> namedStatement(client);
                case 4 -> unnamedStatement(client);
                case 5 -> transaction(client);
                case 6 -> rename(client);
                case 7 -> temporaryTable(client);
                case 8 -> advisoryLock(client);
                case 9 -> listen(client);
                case 10 -> assertEquals("E:22012 Z:I", query(client, "select 1/0"));
                case 11 -> copy(client);
                case 12 -> preparedWithSql(client);
                default -> pipeline(client);
            }
        }

        private void identity(ScriptedClient client) throws Exception {
            String sql = "select current_user, session_user, current_setting('application_name'),"
                    + " current_setting('TimeZone'), current_setting('DateStyle'), current_setting('app.number'),"
                    + " current_setting('work_mem')";
            String row = "D:" + prefix + "_" + number + "," + prefix + "," + name + "," + zone + "," + style + ","
                    + number + ",4MB C:SELECT_1 Z:I";
            if (random.nextBoolean()) {
                assertEquals("T " + row, query(client, sql));
            } else {
                hasUnnamed = false;
                assertEquals("1 2 " + row, client.exchange(Wire.extended(sql)));
            }
        }

        private String named(int parameter) {
            return "2 D:" + number + "," + prefix + "_" + number + ",p" + parameter + " C:SELECT_1";
        }

        private static byte[] bindNamed(int parameter) {
            return Wire.all(Wire.bind("", "s", "p" + parameter), Wire.execute("", 0));
        }

        private void namedStatement(ScriptedClient client) throws Exception {
            int parameter = random.nextInt();
            assertEquals(named(parameter) + " Z:I", client.exchange(bindNamed(parameter), Wire.sync()));
        }

        private void unnamedStatement(ScriptedClient client) throws Exception {
            if (!hasUnnamed) {
                assertEquals(
                        "1 Z:I", client.exchange(Wire.parse("", "select 'unnamed of " + number + "'"), Wire.sync()));
                hasUnnamed = true;
            }
            assertEquals("2 D:unnamed of " + number + " C:SELECT_1 Z:I", client.exchange(Wire.run("")));
        }

        private String query(ScriptedClient client, String sql) throws Exception {
            hasUnnamed = false;
            return client.query(sql);
        }

        private void transaction(ScriptedClient client) throws Exception {
            boolean commit = random.nextBoolean();
            int more = 1 + random.nextInt(3);
            assertEquals("C:BEGIN Z:T", query(client, "begin"));
            String backend = client.value("select pid from pg_stat_activity where client_port = inet_client_port()");
            assertEquals(
                    "C:INSERT_0_" + more + " Z:T",
                    query(
                            client,
                            "insert into " + table + " select " + number + ", i from generate_series(1, " + more
                                    + ") i"));
            assertEquals(
                    "" + (rows + more), client.value("select count(*) from " + table + " where owner = " + number));
            assertEquals(named(more) + " Z:T", client.exchange(bindNamed(more), Wire.sync()));
            assertEquals(
                    backend, client.value("select pid from pg_stat_activity where client_port = inet_client_port()"));
            assertEquals(commit ? "C:COMMIT Z:I" : "C:ROLLBACK Z:I", query(client, commit ? "commit" : "rollback"));
            rows += commit ? more : 0;
        }

        private void rename(ScriptedClient client) throws Exception {
            name = "client " + number + " as " + random.nextInt(3);
            String replies = query(client, "set application_name to '" + name + "'");
            assertTrue(replies.matches("C:SET (S:.* )?Z:I"), replies);
        }

        private void temporaryTable(ScriptedClient client) throws Exception {
            assertEquals(
                    "0",
                    client.value("select count(*) from pg_class where relnamespace = pg_my_temp_schema()"
                            + " and relname <> 'mine_" + number + "'"));
            query(client, "create temp table mine_" + number + " (i int)");
            query(client, "insert into mine_" + number + " values (" + number + ")");
            assertEquals("" + number, client.value("select i from mine_" + number));
            query(client, "drop table mine_" + number);
        }

        private void advisoryLock(ScriptedClient client) throws Exception {
            assertEquals(
                    "0",
                    client.value("select count(*) from pg_locks where locktype = 'advisory' and pid ="
                            + " pg_backend_pid() and objid <> " + (7000 + number)));
            hasUnnamed = false;
            assertEquals("t", client.value("select pg_try_advisory_lock(" + (7000 + number) + ")"));
            assertEquals("t", client.value("select pg_advisory_unlock(" + (7000 + number) + ")"));
        }

        private void listen(ScriptedClient client) throws Exception {
            String channel = prefix + "_" + number;
            assertEquals(
                    "0", client.value("select count(*) from pg_listening_channels() c where c <> '" + channel + "'"));
            query(client, "listen " + channel);
            String replies = query(client, "notify " + channel + ", 'to " + number + "'");
            assertTrue(
                    replies.matches("(A:" + channel + "=to " + number + " )?C:NOTIFY (A:.*to " + number + " )?Z:I"),
                    replies);
        }

        private void copy(ScriptedClient client) throws Exception {
            hasUnnamed = false;
            int length = Integer.toString(number).length() + 1;
            assertEquals(
                    "H d:" + length + " d:" + length + " c C:COPY_2 Z:I",
                    client.query("copy (select " + number + " from generate_series(1, 2)) to stdout"));
        }

        private void preparedWithSql(ScriptedClient client) throws Exception {
            int other = (number + 1 + random.nextInt(CLIENTS - 1)) % CLIENTS;
            assertEquals("E:26000 Z:I", query(client, "execute p_" + other));
            query(client, "prepare p_" + number + " as select " + number);
            assertEquals("" + number, client.value("execute p_" + number));
            query(client, "deallocate p_" + number);
        }

        private void pipeline(ScriptedClient client) throws Exception {
            hasUnnamed = false;
            byte[] all = {};
            for (int i = 0; i < 10; i++) {
                all = Wire.all(
                        all,
                        i % 3 == 2 ? Wire.query("select " + (number * 100 + i)) : Wire.all(bindNamed(i), Wire.sync()));
            }
            client.send(all);
            for (int i = 0; i < 10; i++) {
                assertEquals(
                        i % 3 == 2 ? "T D:" + (number * 100 + i) + " C:SELECT_1 Z:I" : named(i) + " Z:I",
                        client.replies());
            }
        }
    }
}
