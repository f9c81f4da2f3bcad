package dev.carpool.client;

import dev.carpool.error.CarpoolError;
import dev.carpool.error.ErrorReply;
import dev.carpool.error.SqlState;
import dev.carpool.params.ParameterValues;
import dev.carpool.params.StartupOptions;
import dev.carpool.params.TrackedParameters;
import dev.carpool.pool.ServerPool;
import dev.carpool.pool.Welcome;
import dev.carpool.protocol.ErrorFields;
import dev.carpool.server.ServerConnection;
import dev.carpool.server.ServerReset;
import dev.carpool.server.ServerState;
import io.netty.buffer.ByteBuf;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The client is known; what it is told at login is found out: its startup settings are given to a server connection
 * once, which accepts and spells them as PostgreSQL does. The answer is kept for all clients that ask for the same.
 */
final class WelcomePhase extends CheckoutPhase implements ServerConnection.Owner {
    /** SQLSTATE query_canceled: by a timeout of the session that had the connection before. */
    private static final String CANCELLED = "57014";

    /** How often settings are sent again that have been cancelled. */
    private static final int MOST_REPEATS = 20;

    private final Map<String, String> asked = new LinkedHashMap<>();
    private @Nullable ServerConnection server;
    private @Nullable ErrorFields refused;

    /** How often the settings have been sent again. */
    private int repeats;

    private final long since = System.nanoTime();

    WelcomePhase(ClientSession session, ServerPool pool) {
        super(session, pool);
    }

    @Override
    void entered() {
        session.login().startup().parameters().forEach((name, value) -> {
            switch (name) {
                case "user", "database", "replication", "options" -> {}
                default -> {
                    if (!name.startsWith("_pq_.")) {
                        asked.put(TrackedParameters.canonical(name), value);
                    }
                }
            }
        });
        StartupOptions options =
                StartupOptions.parse(session.login().startup().parameters().getOrDefault("options", ""));
        if (!options.problem().isEmpty()) {
            session.fail(new ErrorReply(CarpoolError.Severity.FATAL, SqlState.SYNTAX_ERROR, options.problem(), ""));
            return;
        }
        options.settings().forEach((name, value) -> asked.putIfAbsent(TrackedParameters.canonical(name), value));
        Welcome known = pool.welcome(asked);
        if (known != null) {
            session.login().welcome(known);
            return;
        }
        checkout();
    }

    @Override
    public void granted(ServerConnection connection, long now) {
        if (!isCurrent()) {
            pool.release(connection, null);
            return;
        }
        server = connection;
        connection.own(this, ServerState.LINKED, now);
        ParameterValues raw = ParameterValues.of(asked);
        if (!connection.needsSync(raw)) {
            settled();
        } else {
            connection.sync(raw);
            connection.flush();
        }
    }

    @Override
    public void proxyRequestAnswered(byte status) {
        ServerConnection connection = server;
        if (connection == null || !connection.outstanding().isEmpty()) {
            return;
        }
        ErrorFields error = refused;
        if (error == null) {
            settled();
            return;
        }
        if (error.sqlState().equals(CANCELLED) && repeats < MOST_REPEATS) {
            repeats++;
            refused = null;
            connection.sync(ParameterValues.of(asked));
            connection.flush();
            return;
        }
        server = null;
        pool.release(connection, ServerReset.Scope.FULL);
        session.fail(new ErrorReply(CarpoolError.Severity.FATAL, error.sqlState(), error.message(), ""));
    }

    /** The server has accepted the settings: what it reports now is what the client is told. */
    private void settled() {
        ServerConnection connection = server;
        if (connection == null) {
            return;
        }
        server = null;
        Map<String, String> wanted = new TreeMap<>();
        asked.forEach((name, value) -> {
            String reported = connection.reported().get(name);
            if (reported == null) {
                wanted.put(name, value);
            }
        });
        connection.reported().forEach((name, value) -> {
            if (TrackedParameters.isSettable(name)
                    && !value.equals(connection.baseline().get(name))) {
                wanted.put(name, value);
            }
        });
        ParameterValues canonical = ParameterValues.of(wanted);
        connection.settle(canonical);
        Welcome welcome = new Welcome(canonical, connection.reported(), connection.defaults());
        if (!pool.closesAtRelease(connection)) {
            pool.welcome(asked, welcome);
        }
        pool.release(connection, null);
        if (isCurrent()) {
            session.login().welcome(welcome);
        }
    }

    @Override
    public void requestFailed(ErrorFields fields, boolean ours) {
        refused = fields;
    }

    @Override
    public void serverLost(@Nullable ErrorFields lastWords) {
        ServerConnection lost = server;
        server = null;
        if (isCurrent() && lost != null && lost.connectedAt() - since < 0) {
            refused = null;
            checkout(); // it need not have been for these settings
        } else if (isCurrent()) {
            session.fail(CarpoolError.SERVER_LOGIN_FAILED.reply(
                    pool.key(), lastWords == null ? "the connection was lost" : lastWords.message()));
        }
    }

    @Override
    public void reply(ByteBuf run) {
        run.release();
    }

    @Override
    void bytesArrived(ByteBuf in) {
        session.login().keepForLater(in);
    }

    @Override
    void clientGone() {
        ServerConnection connection = server;
        server = null;
        if (connection == null) {
            pool.withdraw(this);
        } else {
            pool.release(connection, ServerReset.Scope.FULL);
        }
    }

    @Override
    String state() {
        return "login";
    }
}
