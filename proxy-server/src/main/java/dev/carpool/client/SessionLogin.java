package dev.carpool.client;

import dev.carpool.config.CarpoolConfig;
import dev.carpool.config.DatabaseConfig;
import dev.carpool.error.CarpoolError;
import dev.carpool.error.ErrorReply;
import dev.carpool.pool.PoolKey;
import dev.carpool.pool.ServerPool;
import dev.carpool.pool.Welcome;
import dev.carpool.protocol.ProtocolViolation;
import dev.carpool.protocol.StartupMessage;
import dev.carpool.protocol.TransactionStatus;
import dev.carpool.protocol.WireReader;
import dev.carpool.protocol.WireWriter;
import io.netty.buffer.ByteBuf;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The way of a client session from its startup message to its first ReadyForQuery, and what it holds meanwhile. Confined
 * to the session's event loop.
 */
final class SessionLogin {
    /** Bytes of requests kept while the login goes on. */
    private static final int MOST_KEPT = 64 * 1024;

    private final ClientSession session;
    private final ProxyContext context;

    /** Null before it has come and after the login. */
    private @Nullable StartupMessage startup;

    /** Null before the startup message, after the login, and for the console. */
    private @Nullable DatabaseConfig database;

    /** It counts against the client caps. */
    private boolean admitted;

    /** Requests that came too early. */
    private @Nullable ByteBuf early;

    private boolean ended;

    /** What SCRAM binds to; null without TLS and after the login. */
    private byte @Nullable [] channelBinding;

    SessionLogin(ClientSession session, ProxyContext context) {
        this.session = session;
        this.context = context;
    }

    /** Whether it has ended with the first ReadyForQuery. */
    boolean hasEnded() {
        return ended;
    }

    byte @Nullable [] channelBinding() {
        return channelBinding;
    }

    void channelBinding(byte @Nullable [] binding) {
        channelBinding = binding;
    }

    StartupMessage startup() {
        StartupMessage message = startup;
        if (message == null) {
            throw new IllegalStateException("no startup message yet, or no longer");
        }
        return message;
    }

    /** The startup message has come. */
    void started(StartupMessage message) {
        startup = message;
        String user = message.parameter("user", "");
        String name = message.parameter("database", user);
        session.named(user, name, message.parameter("application_name", ""));
        if (user.isEmpty()) {
            session.fail(CarpoolError.NO_USER_NAME.reply());
        } else if (context.isStopping()) {
            session.fail(CarpoolError.SHUTTING_DOWN.reply());
        } else if (context.clientTls().isRequired() && !session.isTls()) {
            session.fail(CarpoolError.TLS_REQUIRED.reply());
        } else if (context.localDatabase().serves(name)) {
            session.enter(new AuthenticationPhase(session, null));
        } else {
            CarpoolConfig config = context.config();
            DatabaseConfig target = config.database(name);
            if (target == null) {
                session.fail(CarpoolError.NO_SUCH_DATABASE.reply(name));
                return;
            }
            if (context.pools().isDisabled(name)) {
                session.fail(CarpoolError.DATABASE_DISABLED.reply(name));
                return;
            }
            ErrorReply full = context.sessions().admit(config, target, user);
            if (full != null) {
                session.fail(full);
                return;
            }
            admitted = true;
            database = target;
            session.enter(new AuthenticationPhase(session, target));
        }
    }

    /** The client has proved who it is, for a database of its own. */
    void authenticated(ServerPool pool) {
        DatabaseConfig target = database;
        session.servedBy(pool, target == null ? null : context.config().timeouts(target, session.user()));
        if (target != null && startup().isReplication()) {
            replicate(target, pool);
        } else {
            session.enter(new WelcomePhase(session, pool));
        }
    }

    private void replicate(DatabaseConfig target, ServerPool pool) {
        Map<String, String> parameters = new LinkedHashMap<>();
        startup().parameters().forEach((name, value) -> parameters.put(name, WireReader.text(value)));
        parameters.remove("user");
        parameters.remove("database");
        parameters.keySet().removeIf(name -> name.startsWith("_pq_."));
        ServerPool own = context.pools().temporary(target, pool.key().user(), PoolKey.Purpose.REPLICATION, parameters);
        own.credentials(pool.credentials());
        session.enter(new ReplicationPhase(session, own));
    }

    /** The client has proved who it is, for the console. */
    void authenticatedForConsole(LocalDatabase.Proof proof) {
        LocalDatabase.Conversation conversation = context.localDatabase().open(session, proof);
        if (!conversation.isAdmitted()) {
            session.fail(CarpoolError.CONSOLE_LOGIN.reply(session.user()));
            return;
        }
        ByteBuf out = session.channel().alloc().directBuffer(512);
        WireWriter.authentication(out, 0);
        conversation.greet(out);
        greet(out);
        session.enter(new ConsolePhase(session, conversation));
        serveKept();
    }

    /** The session's settings are known and accepted by the server: it may begin. */
    void welcome(Welcome welcome) {
        ServerPool pool = session.pool();
        SessionSide side = new SessionSide(session, context, welcome);
        ByteBuf out = session.channel().alloc().directBuffer(512);
        WireWriter.authentication(out, 0);
        out.writeBytes(welcome.reported());
        greet(out);
        pool.stats(session.loop()).login();
        session.begin(side);
        serveKept();
    }

    /** The end of a login: key and ReadyForQuery behind what the buffer holds. */
    void greet(ByteBuf out) {
        byte[] key = context.cancelKeys().newKey(startup().minorVersion() >= 2);
        int processId = context.cancelKeys().register(session, key);
        session.processId(processId);
        WireWriter.backendKeyData(out, processId, key);
        WireWriter.readyForQuery(out, TransactionStatus.IDLE);
        session.channel().writeAndFlush(out);
        if (context.config().log().connections()) {
            session.log("login attempt: db=" + SessionLog.printable(session.database()) + " user="
                    + SessionLog.printable(session.user()) + " tls=" + (session.isTls() ? session.tlsText() : "no")
                    + " replication=" + replication());
        }
        ended = true;
        startup = null;
        database = null;
        channelBinding = null;
    }

    private String replication() {
        if (!startup().isReplication()) {
            return "none";
        }
        return startup().isPhysicalReplication() ? "physical" : "logical";
    }

    /** A request that came before the login has ended: it is served right after. Takes ownership. */
    void keepForLater(ByteBuf in) {
        ByteBuf kept = early;
        if (kept == null) {
            kept = session.channel().alloc().buffer(in.readableBytes());
            early = kept;
        }
        kept.writeBytes(in);
        in.release();
        if (kept.readableBytes() > MOST_KEPT) {
            throw new ProtocolViolation("too much before the login has ended");
        }
    }

    /** Serves what came while the login went on. */
    void serveKept() {
        ByteBuf kept = early;
        if (kept != null) {
            early = null;
            session.phase().bytesArrived(kept);
            session.phase().bytesRead();
        }
    }

    /** The session counts against the client caps no longer. */
    void dismiss() {
        if (admitted) {
            admitted = false;
            context.sessions().dismiss(session.database(), session.user());
        }
    }

    /** What came too early is not served any more. */
    void dropKept() {
        if (early != null) {
            early.release();
            early = null;
        }
    }
}
