package dev.carpool.client;

import dev.carpool.auth.AuthQuery;
import dev.carpool.auth.AuthService;
import dev.carpool.auth.ServerCredentials;
import dev.carpool.auth.StoredSecret;
import dev.carpool.config.AuthConfig;
import dev.carpool.config.DatabaseConfig;
import dev.carpool.config.Secret;
import dev.carpool.error.CarpoolError;
import dev.carpool.params.ParameterValues;
import dev.carpool.pool.ServerPool;
import dev.carpool.protocol.BackendMessageType;
import dev.carpool.protocol.ErrorFields;
import dev.carpool.protocol.FrontendMessageType;
import dev.carpool.protocol.ProtocolViolation;
import dev.carpool.protocol.WireWriter;
import dev.carpool.server.OutstandingRequests;
import dev.carpool.server.ServerConnection;
import dev.carpool.server.ServerReset;
import dev.carpool.server.ServerState;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.CompositeByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The client's secret is looked up in PostgreSQL with auth_query, as auth_user, through a pool like any other. */
final class AuthQueryPhase extends CheckoutPhase implements ServerConnection.Owner {
    /** What the query found; null for no such user. */
    interface Outcome {
        void found(@Nullable StoredSecret secret, AuthQuery.Key key);
    }

    private static final int LONGEST_ANSWER = 64 * 1024;

    private final Outcome outcome;
    private final String query;
    private final CompositeByteBuf answer;
    private @Nullable ServerConnection server;
    private @Nullable ErrorFields problem;
    private boolean answered;

    /** {@link AuthService#changes} before the query. */
    private int asOf;

    AuthQueryPhase(ClientSession session, DatabaseConfig database, Outcome outcome) {
        super(session, pool(session, database));
        this.outcome = outcome;
        this.query = session.context().config().auth(database).query();
        this.answer = session.channel().alloc().compositeBuffer();
    }

    /** The pool of auth_user, with what its logins need. */
    private static ServerPool pool(ClientSession session, DatabaseConfig database) {
        AuthConfig auth = session.context().config().auth(database);
        String user = auth.user() == null ? session.user() : auth.user();
        String name = auth.dbname() == null ? database.name() : auth.dbname();
        DatabaseConfig where = session.context().config().database(name);
        DatabaseConfig unforced = (where == null ? database : where).withoutForcedUser();
        ServerPool pool = session.context().pools().pool(unforced, user);
        StoredSecret own = session.context().auth().stored(user);
        if (own != null) {
            pool.credentials(own.serverCredentials());
        } else if (pool.credentials() instanceof ServerCredentials.None && database.password() != null) {
            pool.credentials(new ServerCredentials.Plain(database.password()));
        }
        return pool;
    }

    @Override
    void entered() {
        Optional<AuthQuery.Answer> cached = session.context().auth().queries().remembered(key());
        if (cached.isPresent()) {
            outcome.found(cached.get().secret(), key());
            return;
        }
        checkout();
    }

    private AuthQuery.Key key() {
        return new AuthQuery.Key(
                pool.target().host() + ":" + pool.target().port(), pool.target().database(), session.user());
    }

    @Override
    public void granted(ServerConnection connection, long now) {
        if (!isCurrent()) {
            pool.release(connection, null);
            return;
        }
        server = connection;
        asOf = session.context().auth().changes();
        connection.own(this, ServerState.LINKED, now);
        ByteBuf out = session.channel().alloc().directBuffer(512);
        int at = WireWriter.begin(out, FrontendMessageType.PARSE);
        WireWriter.cstring(out, "");
        WireWriter.cstring(out, query);
        out.writeShort(0);
        WireWriter.end(out, at);
        at = WireWriter.begin(out, FrontendMessageType.BIND);
        WireWriter.cstring(out, "");
        WireWriter.cstring(out, "");
        out.writeShort(0);
        byte[] name = session.user().getBytes(StandardCharsets.UTF_8);
        boolean parameter = query.contains("$1");
        out.writeShort(parameter ? 1 : 0);
        if (parameter) {
            out.writeInt(name.length);
            out.writeBytes(name);
        }
        out.writeShort(0);
        WireWriter.end(out, at);
        at = WireWriter.begin(out, FrontendMessageType.EXECUTE);
        WireWriter.cstring(out, "");
        out.writeInt(1);
        WireWriter.end(out, at);
        WireWriter.empty(out, FrontendMessageType.SYNC);
        if (connection.needsSync(ParameterValues.empty())) {
            connection.sync(ParameterValues.empty()); // the query must not see another session's search_path
        }
        OutstandingRequests outstanding = connection.outstanding();
        outstanding.push(OutstandingRequests.PARSE);
        outstanding.push(OutstandingRequests.BIND);
        outstanding.push(OutstandingRequests.EXECUTE);
        outstanding.push(OutstandingRequests.SYNC);
        connection.unnamedStatement(0);
        connection.send(out);
        connection.flush();
    }

    @Override
    public void reply(ByteBuf run) {
        answer.addComponent(true, run);
        if (answer.readableBytes() > LONGEST_ANSWER) {
            throw new ProtocolViolation("the answer to auth_query is too long");
        }
    }

    @Override
    public void ready(byte status) {
        ServerConnection connection = server;
        if (connection == null) {
            return;
        }
        server = null;
        ErrorFields error = problem;
        answered = true;
        pool.release(connection, error == null ? null : ServerReset.Scope.DRAIN);
        if (!isCurrent()) {
            return;
        }
        if (error != null) {
            session.log("auth_query failed: " + error.message());
            session.fail(CarpoolError.SERVER_LOGIN_FAILED.reply(pool.key(), "auth_query failed"));
            return;
        }
        try {
            AuthService auth = session.context().auth();
            StoredSecret secret = auth.queries().answer(key(), rows()).secret();
            if (asOf != auth.changes()) {
                auth.queries().forget(key());
            }
            outcome.found(secret, key());
        } catch (IndexOutOfBoundsException malformed) {
            session.log("auth_query: malformed result");
            session.fail(CarpoolError.SERVER_LOGIN_FAILED.reply(pool.key(), "auth_query has an unexpected result"));
        } catch (AuthQuery.BadResult bad) {
            session.log("auth_query: " + bad.getMessage());
            session.fail(CarpoolError.SERVER_LOGIN_FAILED.reply(pool.key(), "auth_query has an unexpected result"));
        }
    }

    private List<List<@Nullable Secret>> rows() {
        List<List<@Nullable Secret>> rows = new ArrayList<>();
        ByteBuf in = answer;
        while (in.readableBytes() >= 5) {
            byte type = in.readByte();
            ByteBuf body = in.readSlice(in.readInt() - 4);
            if (type == BackendMessageType.DATA_ROW) {
                List<@Nullable Secret> row = new ArrayList<>();
                for (int columns = body.readShort(); columns > 0; columns--) {
                    row.add(column(body));
                }
                rows.add(row);
            }
        }
        return rows;
    }

    private static @Nullable Secret column(ByteBuf body) {
        int length = body.readInt();
        if (length < 0) {
            return null;
        }
        byte[] bytes = new byte[length];
        body.readBytes(bytes);
        return Secret.ofBytes(bytes);
    }

    @Override
    public void requestFailed(ErrorFields fields, boolean ours) {
        problem = fields;
    }

    @Override
    public void serverLost(@Nullable ErrorFields lastWords) {
        server = null;
        if (isCurrent()) {
            session.fail(CarpoolError.SERVER_LOGIN_FAILED.reply(pool.key(), "the connection was lost"));
        }
    }

    @Override
    void bytesArrived(ByteBuf in) {
        session.login().keepForLater(in);
    }

    @Override
    void clientGone() {
        ServerConnection connection = server;
        server = null;
        if (connection != null) {
            pool.release(connection, ServerReset.Scope.FULL);
        } else if (!answered) {
            pool.withdraw(this);
        }
    }

    @Override
    void left() {
        answer.release();
    }

    @Override
    String state() {
        return "login";
    }
}
