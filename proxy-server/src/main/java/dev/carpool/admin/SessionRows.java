package dev.carpool.admin;

import dev.carpool.client.ClientSession;
import dev.carpool.pool.PoolKey;
import dev.carpool.pool.ServerPool;
import dev.carpool.server.ServerConnection;
import dev.carpool.server.ServerState;
import io.netty.channel.Channel;
import io.netty.handler.ssl.SslHandler;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The lines of SHOW CLIENTS, SHOW SERVERS and SHOW SOCKETS, which have the same columns. One object for one command. */
final class SessionRows {
    /** What log lines put in front of a client session's id; {@code ptr} and {@code link} look the same. */
    static final String CLIENT_LABEL = "C-";

    private static final String SERVER_LABEL = "S-";
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss 'UTC'", Locale.ROOT)
            .withZone(ZoneOffset.UTC);

    static final List<Column> COLUMNS = List.of(
            Column.text("type"),
            Column.text("user"),
            Column.text("database"),
            Column.text("replication"),
            Column.text("state"),
            Column.text("addr"),
            Column.int4("port"),
            Column.text("local_addr"),
            Column.int4("local_port"),
            Column.text("connect_time"),
            Column.text("request_time"),
            Column.int4("wait"),
            Column.int4("wait_us"),
            Column.int4("close_needed"),
            Column.text("ptr"),
            Column.text("link"),
            Column.int4("remote_pid"),
            Column.text("tls"),
            Column.text("application_name"),
            Column.int4("prepared_statements"),
            Column.int4("id"));

    private final ProxyControl proxy;
    private final long now = System.nanoTime();
    private final long nowMillis = System.currentTimeMillis();
    private final Map<ServerConnection, ClientSession> linked = new HashMap<>();

    SessionRows(ProxyControl proxy) {
        this.proxy = proxy;
        for (ClientSession session : proxy.sessions().all()) {
            ServerConnection server = session.server();
            if (server != null) {
                linked.put(server, session);
            }
        }
    }

    List<ClientSession> clients() {
        return List.copyOf(proxy.sessions().all());
    }

    /** The values of a client session. */
    List<@Nullable Object> client(ClientSession session) {
        ServerConnection server = session.server();
        long waitingSince = session.waitingSince();
        long waited = waitingSince == 0 ? 0 : Math.max(0, now - waitingSince);
        long asked = session.lastRequestAt();
        List<@Nullable Object> row = new ArrayList<>();
        row.add("C");
        row.add(orElse(session.user(), "(nouser)"));
        row.add(orElse(session.database(), "(nodb)"));
        row.add(replication(session.serverPool()));
        row.add(session.state());
        addresses(row, session.remoteAddress(), session.localAddress());
        row.add(time(session.connectedAtMillis()));
        row.add(time(asked == 0 ? session.connectedAtMillis() : millis(asked)));
        row.add(TimeUnit.NANOSECONDS.toSeconds(waited));
        row.add(TimeUnit.NANOSECONDS.toMicros(waited) % 1_000_000);
        row.add(0);
        row.add(CLIENT_LABEL + session.id());
        row.add(server == null ? "" : SERVER_LABEL + server.id());
        row.add(0);
        row.add(session.tlsText());
        row.add(session.applicationName());
        row.add(session.preparedStatements());
        row.add(session.id());
        return row;
    }

    /** The values of a server connection. */
    List<@Nullable Object> server(ServerPool pool, ServerConnection server) {
        ClientSession client = linked.get(server);
        Channel channel = server.channel();
        List<@Nullable Object> row = new ArrayList<>();
        row.add("S");
        row.add(pool.key().user());
        row.add(pool.key().database());
        row.add(replication(pool));
        row.add(state(server));
        addresses(row, inet(channel.remoteAddress()), inet(channel.localAddress()));
        row.add(time(millis(server.connectedAt())));
        row.add(time(millis(server.stateSince())));
        row.add(0);
        row.add(0);
        row.add(pool.closesAtRelease(server) ? 1 : 0);
        row.add(SERVER_LABEL + server.id());
        row.add(client == null ? "" : CLIENT_LABEL + client.id());
        row.add(server.processId());
        row.add(tls(channel));
        row.add(client == null ? "" : client.applicationName());
        row.add(server.statements().size());
        row.add(server.id());
        return row;
    }

    private static String replication(@Nullable ServerPool pool) {
        if (pool == null || pool.key().purpose() != PoolKey.Purpose.REPLICATION) {
            return "none";
        }
        return "database".equals(pool.target().parameters().get("replication")) ? "logical" : "physical";
    }

    /** PgBouncer's word for what a server connection does. */
    static String state(ServerConnection server) {
        if (server.isCancelInFlight()) {
            return "being_canceled";
        }
        ServerState state = server.state();
        return switch (state) {
            case LOGIN -> "new";
            case IDLE -> "idle";
            case LINKED -> "active";
            case DRAINING, RESETTING, CHECKING -> "tested";
            case CLOSED -> "closed";
        };
    }

    private static void addresses(List<@Nullable Object> row, InetSocketAddress remote, InetSocketAddress local) {
        row.add(address(remote));
        row.add(remote.getPort());
        row.add(address(local));
        row.add(local.getPort());
    }

    static String address(InetSocketAddress address) {
        return address.isUnresolved()
                ? address.getHostString()
                : address.getAddress().getHostAddress();
    }

    private static InetSocketAddress inet(@Nullable SocketAddress address) {
        return address instanceof InetSocketAddress inet ? inet : InetSocketAddress.createUnresolved("unknown", 0);
    }

    private static String tls(Channel channel) {
        SslHandler handler = channel.pipeline().get(SslHandler.class);
        return handler == null
                ? ""
                : handler.engine().getSession().getProtocol() + "/"
                        + handler.engine().getSession().getCipherSuite();
    }

    private static String orElse(String text, String otherwise) {
        return text.isEmpty() ? otherwise : text;
    }

    /** Milliseconds since the epoch of a System.nanoTime in the past. */
    private long millis(long nanoTime) {
        return nowMillis - TimeUnit.NANOSECONDS.toMillis(now - nanoTime);
    }

    /** A time in milliseconds since the epoch, as PgBouncer shows it. */
    static String time(long millis) {
        return TIME.format(Instant.ofEpochMilli(millis));
    }
}
