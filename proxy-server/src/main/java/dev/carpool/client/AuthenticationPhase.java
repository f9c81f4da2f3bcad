package dev.carpool.client;

import dev.carpool.auth.AuthQuery;
import dev.carpool.auth.AuthService;
import dev.carpool.auth.LoginThrottle;
import dev.carpool.auth.Md5Password;
import dev.carpool.auth.PassthroughCache;
import dev.carpool.auth.ScramFailure;
import dev.carpool.auth.ScramMechanism;
import dev.carpool.auth.ScramServer;
import dev.carpool.auth.ScramVerifier;
import dev.carpool.auth.ServerCredentials;
import dev.carpool.auth.StoredSecret;
import dev.carpool.config.AuthType;
import dev.carpool.config.DatabaseConfig;
import dev.carpool.config.Secret;
import dev.carpool.error.CarpoolError;
import dev.carpool.error.ErrorReply;
import dev.carpool.pool.PoolKey;
import dev.carpool.pool.ServerPool;
import dev.carpool.protocol.FrontendMessageType;
import dev.carpool.protocol.ProtocolViolation;
import dev.carpool.protocol.WireReader;
import dev.carpool.protocol.WireWriter;
import dev.carpool.server.LoginFailure;
import io.netty.buffer.ByteBuf;
import io.netty.handler.ssl.SslHandler;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The client proves who it is (PostgreSQL manual, "Start-up" and "SASL Authentication"). */
final class AuthenticationPhase extends MessagePhase {
    private static final int LONGEST_PASSWORD_MESSAGE = 10_000;

    private enum Expecting {
        NOTHING,
        PASSWORD,
        PROVED_PASSWORD,
        MD5,
        SASL_INITIAL,
        SASL_FINAL
    }

    private final @Nullable DatabaseConfig database;
    private final boolean passwordNeeded;
    private final AuthService auth;
    private Expecting expecting = Expecting.NOTHING;
    private boolean busy;
    private byte[] salt = {};
    private @Nullable StoredSecret stored;

    /** The method for which auth_query has been asked already. */
    private @Nullable AuthType lookedUp;

    /** Under which name auth_query's answer is remembered; null when the secret is not from there. */
    private AuthQuery.@Nullable Key queried;

    private @Nullable ScramServer scram;

    /** What the proof found to be good for later logins to the server. */
    private ServerCredentials reusable = new ServerCredentials.None();

    /** @param database null for the console */
    AuthenticationPhase(ClientSession session, @Nullable DatabaseConfig database) {
        this(session, database, false);
    }

    private AuthenticationPhase(ClientSession session, @Nullable DatabaseConfig database, boolean passwordNeeded) {
        super(session, LONGEST_PASSWORD_MESSAGE);
        this.database = database;
        this.passwordNeeded = passwordNeeded;
        this.auth = session.context().auth();
    }

    @Override
    void entered() {
        if (passwordNeeded) {
            ask(Expecting.PROVED_PASSWORD);
            return;
        }
        AuthType method = lookedUp;
        if (method != null) {
            withSecret(method, stored);
            return;
        }
        Duration blocked = auth.blockedFor(session.remoteAddress(), session.user(), System.nanoTime());
        if (!blocked.isZero()) {
            session.fail(CarpoolError.LOGIN_THROTTLED.reply(SessionLog.text(blocked)));
            return;
        }
        begin(auth.method(
                session.remoteAddress(),
                session.database(),
                session.user(),
                session.isTls(),
                session.login().startup().isPhysicalReplication()));
    }

    private void begin(AuthType method) {
        switch (method) {
            case ANY -> admitted(storedCredentials(), false);
            case TRUST -> trustKnown();
            case REJECT, HBA -> rejected();
            case CERT -> certificate();
            case PASSTHROUGH -> passthrough();
            default ->
                lookUp(found -> {
                    stored = found;
                    withSecret(method, found);
                });
        }
    }

    /** With a list of users, trust is for those in it. */
    private void trustKnown() {
        if (auth.knows(session.user())) {
            admitted(storedCredentials(), false);
        } else {
            rejected();
        }
    }

    private void rejected() {
        session.fail(CarpoolError.LOGIN_REJECTED.reply(
                session.user(), session.database(), session.isTls() ? "SSL encryption" : "no encryption"));
    }

    private void withSecret(AuthType method, @Nullable StoredSecret found) {
        if (method == AuthType.PLAIN) {
            ask(Expecting.PASSWORD);
        } else if (method == AuthType.MD5 && (found == null ? auth.prefersMd5() : found.canCheckMd5())) {
            salt = Md5Password.newSalt();
            expecting = Expecting.MD5;
            send(5, salt);
        } else {
            sasl(found);
        }
    }

    private void lookUp(java.util.function.Consumer<@Nullable StoredSecret> then) {
        StoredSecret inList = auth.stored(session.user());
        DatabaseConfig target = database;
        if (inList != null || target == null || !auth.queries(session.context().config(), target)) {
            then.accept(inList);
            return;
        }
        session.enter(new AuthQueryPhase(session, target, (secret, key) -> session.enter(again(secret, key))));
    }

    /** This phase once more, with the secret at hand: a phase is not entered twice. */
    private AuthenticationPhase again(@Nullable StoredSecret secret, AuthQuery.Key key) {
        AuthType method = auth.method(
                session.remoteAddress(),
                session.database(),
                session.user(),
                session.isTls(),
                session.login().startup().isPhysicalReplication());
        AuthenticationPhase next = new AuthenticationPhase(session, database, false);
        next.stored = secret;
        next.lookedUp = method;
        next.queried = key;
        return next;
    }

    private ServerCredentials storedCredentials() {
        StoredSecret secret = stored != null ? stored : auth.stored(session.user());
        return secret == null ? new ServerCredentials.None() : secret.serverCredentials();
    }

    private void ask(Expecting what) {
        boolean safe = session.isTls() || session.isLoopback();
        if (what == Expecting.PROVED_PASSWORD && !safe) {
            session.fail(CarpoolError.PASSWORD_NEEDS_TLS.reply());
            return;
        }
        expecting = what;
        ByteBuf out = session.channel().alloc().directBuffer(16);
        WireWriter.authentication(out, 3);
        session.channel().writeAndFlush(out);
    }

    private void send(int code, byte[] data) {
        ByteBuf out = session.channel().alloc().directBuffer(64 + data.length);
        WireWriter.authentication(out, code, data);
        session.channel().writeAndFlush(out);
    }

    private void certificate() {
        SslHandler tls = session.tls();
        String name = tls == null
                ? null
                : session.context().clientTls().clientCommonName(tls.engine().getSession());
        if (session.user().equals(name)) {
            admitted(storedCredentials(), false);
        } else {
            failed(CarpoolError.CERTIFICATE_FAILED.reply(session.user()), null);
        }
    }

    // SCRAM

    private void sasl(@Nullable StoredSecret found) {
        byte[] binding = session.login().channelBinding();
        expensively(() -> {
            ScramVerifier verifier =
                    found == null ? null : found.scramVerifier().orElse(null);
            ScramVerifier used = verifier != null ? verifier : auth.mock(session.user());
            return () -> startScram(used, binding);
        });
    }

    private void startScram(ScramVerifier verifier, byte @Nullable [] binding) {
        scram = ScramServer.start(verifier, binding);
        List<String> mechanisms = ScramMechanism.offered(binding != null);
        ByteArrayOutputStream names = new ByteArrayOutputStream();
        for (String mechanism : mechanisms) {
            names.writeBytes(WireWriter.terminated(mechanism));
        }
        names.write(0);
        expecting = Expecting.SASL_INITIAL;
        send(10, names.toByteArray());
    }

    @Override
    boolean isPaused() {
        return busy;
    }

    @Override
    void message(ByteBuf whole) {
        byte type = whole.readByte();
        whole.skipBytes(4);
        if (type == FrontendMessageType.TERMINATE) {
            session.terminated();
            return;
        }
        if (type != FrontendMessageType.PASSWORD || expecting == Expecting.NOTHING) {
            throw new ProtocolViolation("expected password response, got message type " + (type & 0xff));
        }
        Expecting now = expecting;
        expecting = Expecting.NOTHING;
        switch (now) {
            case PASSWORD -> password(secret(whole));
            case PROVED_PASSWORD -> provePassword(secret(whole));
            case MD5 -> md5(secret(whole));
            case SASL_INITIAL -> saslInitial(whole);
            case SASL_FINAL -> saslFinal(whole);
            default -> throw new ProtocolViolation("unexpected password response");
        }
    }

    private static Secret secret(ByteBuf body) {
        byte[] bytes = new byte[body.readableBytes()];
        body.readBytes(bytes);
        int length = bytes.length;
        if (length == 0 || bytes[length - 1] != 0) {
            throw new ProtocolViolation("invalid password packet");
        }
        return Secret.ofBytes(java.util.Arrays.copyOf(bytes, length - 1));
    }

    private void saslInitial(ByteBuf body) {
        String mechanism = WireReader.cstring(body);
        int length = body.readableBytes() < 4 ? -1 : body.readInt();
        if (length < 0 || length > body.readableBytes()) {
            throw new ProtocolViolation("invalid SASL response");
        }
        byte[] first = new byte[length];
        body.readBytes(first);
        try {
            byte[] answer = exchange().clientFirst(mechanism, first);
            expecting = Expecting.SASL_FINAL;
            send(11, answer);
        } catch (ScramFailure failure) {
            session.log("SCRAM: " + failure.getMessage());
            failed(CarpoolError.PASSWORD_FAILED.reply(session.user()), null);
        }
    }

    private ScramServer exchange() {
        ScramServer current = scram;
        if (current == null) {
            throw new ProtocolViolation("unexpected SASL message");
        }
        return current;
    }

    private void saslFinal(ByteBuf body) {
        byte[] last = new byte[body.readableBytes()];
        body.readBytes(last);
        try {
            ScramServer.Accepted accepted = exchange().clientFinal(last);
            if (stored == null) {
                failed(CarpoolError.PASSWORD_FAILED.reply(session.user()), null);
                return;
            }
            ByteBuf out = session.channel().alloc().directBuffer(128);
            WireWriter.authentication(out, 12, accepted.serverFinal());
            session.channel().write(out);
            StoredSecret known = stored;
            ServerCredentials own = known == null ? new ServerCredentials.None() : known.serverCredentials();
            admitted(
                    own instanceof ServerCredentials.Plain ? own : new ServerCredentials.Scram(accepted.keys()), false);
        } catch (ScramFailure failure) {
            session.log("SCRAM: " + failure.getMessage());
            failed(CarpoolError.PASSWORD_FAILED.reply(session.user()), null);
        }
    }

    // Passwords

    private void md5(Secret response) {
        if (refusedAsEmpty(response)) {
            return;
        }
        StoredSecret known = stored;
        if (known != null && known.matchesMd5(salt, response)) {
            admitted(storedCredentials(), false);
        } else {
            failed(CarpoolError.PASSWORD_FAILED.reply(session.user()), null);
        }
    }

    /** As PostgreSQL does, whatever the user's password is. */
    private boolean refusedAsEmpty(Secret password) {
        if (password.isEmpty()) {
            failed(CarpoolError.PASSWORD_EMPTY.reply(), null);
            return true;
        }
        return false;
    }

    private void password(Secret password) {
        if (database == null && auth.isConsoleToken(session.context().config(), password)) {
            session.login().authenticatedForConsole(LocalDatabase.Proof.TOKEN);
            return;
        }
        if (refusedAsEmpty(password)) {
            return;
        }
        StoredSecret known = stored;
        expensively(() -> {
            // An unknown user costs the same time.
            boolean matches = known != null
                    ? known.matches(password)
                    : auth.mock(session.user()).matches(password);
            boolean right = matches && known != null;
            return () -> {
                if (right) {
                    admitted(new ServerCredentials.Plain(password), false);
                } else {
                    failed(CarpoolError.PASSWORD_FAILED.reply(session.user()), null);
                }
            };
        });
    }

    /** Runs the first part where it may take long, and what it returns on the session's event loop. */
    private void expensively(java.util.function.Supplier<Runnable> work) {
        busy = true;
        session.context().expensive().execute(() -> {
            Runnable rest = work.get();
            session.channel().eventLoop().execute(() -> {
                busy = false;
                if (session.phase() == this) {
                    session.guarded(() -> {
                        rest.run();
                        if (session.phase() == this) {
                            resume();
                        }
                    });
                }
            });
        });
    }

    // Passthrough

    /** The database whose server proves the client: its own, or for the console the one everybody has. */
    private DatabaseConfig proving() {
        if (database != null) {
            return database;
        }
        DatabaseConfig any = session.context().config().database("postgres");
        if (any == null) {
            any = session.context().config().databases().values().stream()
                    .findFirst()
                    .orElse(null);
        }
        if (any == null) {
            throw new ProtocolViolation("no database is configured that could prove the client");
        }
        return any;
    }

    private ServerPool sessionsPool() {
        return session.context().pools().pool(proving(), session.user());
    }

    private void passthrough() {
        Runnable askForSecret = () -> session.enter(new AuthenticationPhase(session, database, true));
        if (isTokenWelcome()) {
            askForSecret.run(); // the token has to open the console when no server answers
        } else {
            passthrough(askForSecret);
        }
    }

    /** Whether the client may give admin_token instead of its own password. */
    private boolean isTokenWelcome() {
        return database == null && session.context().config().admin().token() != null;
    }

    /** @param secretWanted the server asks for a password */
    private void passthrough(Runnable secretWanted) {
        DatabaseConfig target = proving();
        if (target.forcedUser() != null && target.password() != null) {
            rejected();
            return;
        }
        int trust = sessionsPool().trust(auth.trustTtl());
        if (trust < 0) {
            secretWanted.run();
        } else if (trust > 0 && database != null) {
            trusted(false);
        } else {
            prove(new ServerCredentials.None(), false, superuser -> trusted(superuser), secretWanted);
        }
    }

    private void trusted(boolean superuser) {
        if (session.isLoopback()) {
            admitted(new ServerCredentials.None(), superuser);
        } else {
            session.fail(CarpoolError.TRUST_NEEDS_LOOPBACK.reply(session.user()));
        }
    }

    /** A replication connection is proved by one: its database need not exist, and pg_hba.conf has rules of its own. */
    private Map<String, String> replication() {
        String asked = session.login().startup().parameter("replication", "");
        return asked.isEmpty() ? Map.of() : Map.of("replication", asked);
    }

    private interface Proved {
        void with(boolean superuser);
    }

    private void prove(ServerCredentials candidate, boolean countsAsFailure, Proved proved, Runnable secretWanted) {
        ServerPool proofs = session.context()
                .pools()
                .temporary(
                        proving(),
                        session.user(),
                        database == null ? PoolKey.Purpose.CONSOLE_PROOF : PoolKey.Purpose.PROOF,
                        replication());
        proofs.credentials(candidate);
        session.enter(new ProofPhase(session, proofs, new ProofPhase.Outcome() {
            @Override
            public void proved(ServerPool proofPool, boolean superuser) {
                ServerPool pool = sessionsPool();
                pool.trusts(proofPool.trust(Duration.ZERO) > 0);
                reusable = proofPool.credentials();
                proved.with(superuser);
            }

            @Override
            public void refuted(ErrorReply reply, byte @Nullable [] serverMessage) {
                LoginFailure failure = proofs.failure();
                boolean credentials = failure != null && failure.kind() == LoginFailure.Kind.CREDENTIALS;
                boolean wants = credentials && failure != null && failure.serverMessage() == null;
                if (wants && !countsAsFailure) {
                    sessionsPool().trusts(false);
                    secretWanted.run();
                } else if (credentials && countsAsFailure) {
                    failed(reply, serverMessage);
                } else {
                    session.fail(reply, serverMessage);
                }
            }
        }));
    }

    private void provePassword(Secret password) {
        if (database == null && auth.isConsoleToken(session.context().config(), password)) {
            session.login().authenticatedForConsole(LocalDatabase.Proof.TOKEN);
        } else if (isTokenWelcome()) {
            passthrough(() -> proveAtServer(password));
        } else if (database == null) {
            proveAtServer(password);
        } else {
            PassthroughCache.Key key = AuthService.key(proving(), session.user());
            expensively(() -> {
                ServerCredentials known = auth.proved(key, password);
                return () -> {
                    if (known != null) {
                        admitted(known, false);
                    } else {
                        proveAtServer(password);
                    }
                };
            });
        }
    }

    private void proveAtServer(Secret password) {
        PassthroughCache.Key key = AuthService.key(proving(), session.user());
        int asOf = auth.changes();
        prove(
                new ServerCredentials.Plain(password),
                true,
                superuser -> {
                    ServerCredentials keep = reusable;
                    session.context().expensive().execute(() -> auth.remember(key, password, keep, asOf));
                    admitted(keep, superuser);
                },
                () -> failed(CarpoolError.PASSWORD_FAILED.reply(session.user()), null));
    }

    // The end

    private void admitted(ServerCredentials credentials, boolean superuser) {
        auth.succeeded(session.remoteAddress(), session.user(), System.nanoTime());
        if (database == null) {
            session.login()
                    .authenticatedForConsole(superuser ? LocalDatabase.Proof.SUPERUSER : LocalDatabase.Proof.USER);
            return;
        }
        ServerPool pool = sessionsPool();
        boolean forced = database.forcedUser() != null;
        if (!forced && !(credentials instanceof ServerCredentials.None)) {
            pool.credentials(credentials);
        }
        session.login().authenticated(pool);
    }

    /** A failed login is answered after the same time whatever went wrong, and is counted against its address. */
    private void failed(ErrorReply reply, byte @Nullable [] serverMessage) {
        long now = System.nanoTime();
        auth.failed(session.remoteAddress(), session.user(), now);
        if (queried != null) {
            auth.queries().forget(queried); // the secret may have changed since
        }
        Duration delay = LoginThrottle.untilReply(session.connectedAt(), now);
        session.channel()
                .eventLoop()
                .schedule(() -> session.fail(reply, serverMessage), delay.toNanos(), TimeUnit.NANOSECONDS);
    }

    @Override
    String state() {
        return "login";
    }
}
