package dev.carpool.it;

import dev.carpool.client.ClientSession;
import dev.carpool.pool.PoolKey;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * One of two databases that the same script has made, and the clients connected to it: either straight to PostgreSQL, or
 * through a proxy in transaction mode that has fewer server connections than clients.
 */
final class TwinSide implements AutoCloseable {
    static final String ORDINARY = "trusty_twin";
    static final String SUPERUSER = "trusty_twin_boss";
    static final String WORKER = "twin_worker";

    /** Server connections for each role. */
    static final int POOL = 4;

    private static final String DIRECT = "twin_direct";
    private static final String PROXIED = "twin_proxied";

    /** As a pattern. */
    static final String NAMES = DIRECT + "|" + PROXIED;

    private static final PostgresUnderTest POSTGRES = PostgresUnderTest.shared();

    private final String database;
    private final @Nullable ProxyUnderTest proxy;
    private final Connection monitor;
    private final Map<Integer, TwinClient> clients = new TreeMap<>();

    private TwinSide(String database, @Nullable ProxyUnderTest proxy, Connection monitor) {
        this.database = database;
        this.proxy = proxy;
        this.monitor = monitor;
    }

    /** Roles and empty databases, unless they are there. */
    static void prepare() throws SQLException {
        if (!POSTGRES.ask("select count(*) from pg_roles where rolname = ?", WORKER)
                .equals("0")) {
            return;
        }
        POSTGRES.execute(
                "create role " + WORKER,
                "create role " + ORDINARY + " login",
                "create role " + SUPERUSER + " login superuser",
                "grant " + WORKER + " to " + ORDINARY);
        for (String database : List.of(DIRECT, PROXIED)) {
            POSTGRES.execute(
                    "create database " + database, "alter database " + database + " set lock_timeout to '100ms'");
        }
    }

    static TwinSide direct() throws Exception {
        return start(DIRECT, null);
    }

    static TwinSide proxied() throws Exception {
        return start(
                PROXIED,
                ProxyUnderTest.start(ProxyUnderTest.sharing(
                        "default_pool_size=" + POOL, "server_round_robin=1", "query_wait_timeout=5")));
    }

    private static TwinSide start(String database, @Nullable ProxyUnderTest proxy) throws Exception {
        TwinSide side = new TwinSide(database, proxy, POSTGRES.connect(database));
        side.makeAnew();
        return side;
    }

    private void makeAnew() throws Exception {
        Sql.run(
                monitor,
                "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()"
                        + " and pid <> pg_backend_pid() and backend_type = 'client backend'");
        Await.until("no other session", () -> sessions() == 0);
        try (var statement = monitor.createStatement();
                var rows = statement.executeQuery(
                        "select gid from pg_prepared_xacts where database = current_database()")) {
            while (rows.next()) {
                Sql.run(monitor, "rollback prepared '" + rows.getString(1) + "'");
            }
        }
        Sql.run(
                monitor,
                "set client_min_messages to warning",
                "drop schema if exists public cascade",
                "drop schema if exists other cascade",
                "create schema public",
                "create schema other",
                "grant all on schema public, other to public",
                "create table public.t (i int primary key, s text)",
                "insert into public.t select g, 'public ' || g from generate_series(1, 5) g",
                "create table other.t (i int primary key, s text)",
                "insert into other.t select g, 'other ' || g from generate_series(1, 3) g",
                "create table public.only_public (i int)",
                "alter table public.t owner to " + ORDINARY,
                "alter table other.t owner to " + ORDINARY,
                "create sequence public.q1",
                "create sequence public.q2 start 100",
                "grant all on all tables in schema public, other to public",
                "grant all on all sequences in schema public to public",
                "create function public.sets(n text, v text, l bool) returns text language plpgsql as"
                        + " $$ begin return set_config(n, v, l); end $$",
                "create function public.sets_work_mem(v text) returns text language plpgsql as"
                        + " $$ begin execute format('set work_mem to %L', v); return current_setting('work_mem'); end $$",
                "create function public.sets_and_fails(n text, v text) returns int language plpgsql as"
                        + " $$ begin perform set_config(n, v, false); return 1/0; end $$",
                "create function public.sets_and_catches(n text, v text) returns text language plpgsql as"
                        + " $$ begin begin perform set_config(n, v, false); perform 1/0;"
                        + " exception when division_by_zero then null; end; return current_setting(n, true); end $$",
                "create function public.has_own(n text) returns text language plpgsql set work_mem to '3MB'"
                        + " set app.tenant to 'of the function' as $$ begin return current_setting(n, true); end $$",
                "create procedure public.sets_in_transactions(v text) language plpgsql as"
                        + " $$ begin perform set_config('app.user_id', v || '1', false); commit;"
                        + " perform set_config('app.user_id', v || '2', false); rollback; end $$",
                "create function public.locks(k bigint) returns bigint language plpgsql as"
                        + " $$ begin perform pg_advisory_lock(k); return k; end $$",
                "create function public.unlocks(k bigint) returns bool language sql as"
                        + " 'select pg_advisory_unlock(k)'",
                "create function public.trigger_sets() returns trigger language plpgsql as"
                        + " $$ begin perform set_config('app.trigger', new.i::text, false); return new; end $$",
                "create table public.triggered (i int)",
                "grant all on public.triggered to public",
                "create trigger sets before insert on public.triggered for each row"
                        + " execute function public.trigger_sets()",
                "create view public.setting_view as select set_config('app.view', 'seen', false) as v",
                "grant select on public.setting_view to public");
    }

    private int sessions() throws SQLException {
        return Sql.number(
                monitor,
                "select count(*) from pg_stat_activity where datname = current_database()"
                        + " and pid <> pg_backend_pid() and backend_type = 'client backend'");
    }

    @Nullable
    TwinClient client(int number) {
        return clients.get(number);
    }

    Map<Integer, TwinClient> clients() {
        return clients;
    }

    TwinAnswer connect(TwinStep.Connect step) throws Exception {
        InetSocketAddress address =
                proxy == null ? new InetSocketAddress(POSTGRES.host(), POSTGRES.port()) : proxy.address();
        TwinClient client = TwinClient.connect(address, proxy == null ? "d" : "p");
        TwinAnswer answer = client.login(step.role(), database, step.parameters());
        if (client.isClosed()) {
            client.close();
        } else {
            clients.put(step.client(), client);
        }
        return answer;
    }

    /** Returns when nothing of the session is left. */
    void leave(TwinStep.Leave step) throws Exception {
        TwinClient client = clients.remove(step.client());
        if (client == null) {
            return;
        }
        client.leave(step.politely());
        if (proxy == null) {
            Await.until(
                    "the session is gone",
                    () -> Sql.number(monitor, "select count(*) from pg_stat_activity where pid = ?", client.processId())
                            == 0);
        } else {
            Await.until("the session is gone", () -> proxy.sessions() <= clients.size());
            settle();
        }
    }

    /** Waits until the proxy does nothing for clients outside transactions any more, and nothing behind their back. */
    void settle() throws Exception {
        ProxyUnderTest running = proxy;
        if (running == null) {
            return;
        }
        Await.until("the proxy is at rest", () -> {
            int linked = 0;
            for (ClientSession session : List.copyOf(running.proxy().sessions().all())) {
                linked += session.channel()
                        .eventLoop()
                        .submit(() -> linked(session))
                        .get();
            }
            int inUse = running.proxy().pools().pools().stream()
                    .filter(pool -> pool.key().purpose() == PoolKey.Purpose.SESSIONS)
                    .mapToInt(pool -> pool.snapshot().inUse() + pool.snapshot().opening())
                    .sum();
            return linked == inUse;
        });
    }

    /** 1 for a session with a server connection; more than there can be for one that is still busy. */
    private static int linked(ClientSession session) {
        var server = session.server();
        if (server == null) {
            return 0;
        }
        return server.outstanding().isEmpty() ? 1 : 1_000;
    }

    /** Ends an idle server connection of the proxy and waits until the proxy knows. */
    void kill(TwinStep.Kill step) throws Exception {
        ProxyUnderTest running = proxy;
        if (running == null) {
            return;
        }
        settle();
        List<Integer> processes = new ArrayList<>();
        try (var statement = monitor.createStatement();
                var rows = statement.executeQuery("select pid from pg_stat_activity where datname = current_database()"
                        + " and pid <> pg_backend_pid() and backend_type = 'client backend'"
                        + " and application_name <> 'carpool listener' order by backend_start, pid")) {
            while (rows.next()) {
                processes.add(rows.getInt(1));
            }
        }
        if (!processes.isEmpty()) {
            int open = running.open();
            Sql.run(monitor, "select pg_terminate_backend(" + processes.get(step.which() % processes.size()) + ")");
            Await.until("the server connection is gone", () -> running.open() < open);
        }
    }

    /** PostgreSQL ends the connection of a client, or the server connection that it has; returns what the client is told. */
    TwinAnswer lose(int number) throws Exception {
        TwinClient client = clients.get(number);
        if (client == null) {
            return TwinAnswer.NONE;
        }
        int process = proxy == null ? client.processId() : serverProcess(client, proxy);
        Sql.run(monitor, "select pg_terminate_backend(" + process + ")");
        TwinAnswer answer = client.readToTheEnd();
        leave(new TwinStep.Leave(number, false));
        return answer;
    }

    private static int serverProcess(TwinClient client, ProxyUnderTest proxy) {
        return proxy.proxy().sessions().all().stream()
                .filter(session -> session.processId() == client.processId())
                .map(ClientSession::server)
                .filter(Objects::nonNull)
                .mapToInt(server -> server.processId())
                .findFirst()
                .orElseThrow();
    }

    /** For reports: who has a server connection, and why. */
    List<String> holders() {
        List<String> holders = new ArrayList<>();
        for (ClientSession session : proxy == null
                ? List.<ClientSession>of()
                : List.copyOf(proxy.proxy().sessions().all())) {
            if (session.server() != null) {
                clients.forEach((number, client) -> {
                    if (client.processId() == session.processId()) {
                        holders.add("client " + number + " (" + client.status() + ") " + session.pin());
                    }
                });
            }
        }
        return holders;
    }

    @Override
    public void close() throws IOException, SQLException {
        for (TwinClient client : clients.values()) {
            client.close();
        }
        if (proxy != null) {
            proxy.close();
        }
        monitor.close();
    }
}
