package dev.carpool.server;

import dev.carpool.auth.Md5Password;
import dev.carpool.auth.ScramClient;
import dev.carpool.auth.ScramFailure;
import dev.carpool.auth.ServerCredentials;
import dev.carpool.config.ChannelBinding;
import dev.carpool.config.Secret;
import dev.carpool.config.SslMode;
import dev.carpool.error.CarpoolError;
import dev.carpool.error.ErrorReply;
import dev.carpool.protocol.ErrorFields;
import dev.carpool.protocol.ProtocolViolation;
import dev.carpool.protocol.StartupMessage;
import dev.carpool.protocol.TransactionStatus;
import dev.carpool.protocol.WireReader;
import dev.carpool.protocol.WireWriter;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.ssl.SslHandler;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

import static dev.carpool.protocol.BackendMessageType.*;

/**
 * The login to a server: TLS, startup message, authentication, and everything up to the first ReadyForQuery
 * (PostgreSQL manual, "Start-up"). Ends by taking itself out of the pipeline. Confined to the channel's event loop.
 */
final class ServerLogin extends ByteToMessageDecoder {
    /** How the login ended. Exactly one of the two is called, once. */
    interface Outcome {
        void loggedIn(
                Channel channel,
                int processId,
                byte[] cancelKey,
                Map<String, String> reported,
                ServerCredentials reusable,
                boolean askedForSecret);

        void failed(LoginFailure failure, boolean beforeStartup);
    }

    private enum Step {
        TLS_ANSWER,
        TLS_HANDSHAKE,
        STARTUP,
        CONNECT_QUERY,
        ENDED
    }

    private static final int LONGEST_MESSAGE = 64 * 1024;

    private final ServerTarget target;
    private final ServerCredentials credentials;
    private final ServerTls tls;
    private final boolean tryTls;
    private final Executor expensive;
    private final Outcome outcome;
    private Step step;
    private @Nullable ScramClient scram;
    private boolean askedForSecret;
    private boolean askedForMd5;
    private boolean authenticated;
    private int processId;
    private byte[] cancelKey = {};
    private final Map<String, String> reported = new LinkedHashMap<>();
    private byte @Nullable [] peerBinding;

    ServerLogin(
            ServerTarget target,
            ServerCredentials credentials,
            ServerTls tls,
            boolean tryTls,
            Executor expensive,
            Outcome outcome) {
        this.target = target;
        this.credentials = credentials;
        this.tls = tls;
        this.tryTls = tryTls;
        this.expensive = expensive;
        this.outcome = outcome;
        this.step = tryTls ? Step.TLS_ANSWER : Step.STARTUP;
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
        ByteBuf out = context.alloc().directBuffer(256);
        if (step == Step.TLS_ANSWER) {
            WireWriter.request(out, StartupMessage.SSL_REQUEST);
            context.writeAndFlush(out);
        } else {
            out.release();
            sendStartup(context);
        }
    }

    private void sendStartup(ChannelHandlerContext context) {
        step = Step.STARTUP;
        Map<String, String> parameters = new LinkedHashMap<>();
        parameters.put("user", target.user());
        parameters.put("database", target.database());
        parameters.putAll(target.parameters());
        ByteBuf out = context.alloc().directBuffer(256);
        WireWriter.startup(out, StartupMessage.NEWEST_MINOR, parameters);
        context.writeAndFlush(out);
    }

    @Override
    protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> ignored) {
        if (step == Step.TLS_ANSWER) {
            tlsAnswer(context, in);
            return;
        }
        if ((step != Step.STARTUP && step != Step.CONNECT_QUERY) || in.readableBytes() < 5) {
            return;
        }
        int length = in.getInt(in.readerIndex() + 1);
        if (length < 4 || length > LONGEST_MESSAGE) {
            fail(context, protocolFailure("a message of length " + length + " during login"));
            return;
        }
        if (in.readableBytes() < length + 1) {
            return;
        }
        int from = in.readerIndex();
        byte type = in.readByte();
        in.skipBytes(4);
        ByteBuf body = in.readSlice(length - 4);
        try {
            message(context, type, body, in.slice(from, length + 1));
        } catch (ScramFailure failure) {
            fail(context, credentialsFailure("SCRAM-SHA-256: " + failure.getMessage()));
        } catch (ProtocolViolation | IndexOutOfBoundsException violation) {
            fail(context, protocolFailure(String.valueOf(violation.getMessage())));
        }
    }

    private void tlsAnswer(ChannelHandlerContext context, ByteBuf in) {
        byte answer = in.readByte();
        if (in.isReadable()) {
            fail(context, tlsFailure("the server sent unencrypted data behind its answer to SSLRequest"));
        } else if (answer == 'S') {
            startTls(context);
        } else if (tls.mode().compareTo(SslMode.REQUIRE) >= 0) {
            fail(context, tlsFailure("the server does not support TLS, but server_tls_sslmode requires it"));
        } else {
            sendStartup(context);
        }
    }

    private void startTls(ChannelHandlerContext context) {
        step = Step.TLS_HANDSHAKE;
        SslHandler handler;
        try {
            handler = tls.newHandler(context.alloc(), target.host(), target.port());
        } catch (RuntimeException | java.io.IOException problem) {
            fail(context, tlsFailure(String.valueOf(problem.getMessage())));
            return;
        }
        context.pipeline().addFirst(handler);
        handler.handshakeFuture().addListener(handshake -> {
            if (handshake.isSuccess()) {
                peerBinding = tls.peerBinding(handler.engine().getSession());
                sendStartup(context);
            } else {
                fail(context, tlsFailure(String.valueOf(handshake.cause().getMessage())));
            }
        });
    }

    private void message(ChannelHandlerContext context, byte type, ByteBuf body, ByteBuf whole) throws ScramFailure {
        switch (type) {
            case AUTHENTICATION -> authentication(context, body);
            case NEGOTIATE_PROTOCOL_VERSION, NOTICE_RESPONSE -> {}
            case BACKEND_KEY_DATA -> {
                processId = body.readInt();
                cancelKey = new byte[body.readableBytes()];
                body.readBytes(cancelKey);
            }
            case PARAMETER_STATUS -> {
                String name = WireReader.cstring(body);
                reported.put(name, WireReader.byteString(body));
            }
            case ERROR_RESPONSE -> fail(context, refused(body, whole));
            case READY_FOR_QUERY -> ready(context, body);
            default -> {
                if (step != Step.CONNECT_QUERY) {
                    throw new ProtocolViolation("unexpected message " + (char) type + " during login");
                }
            }
        }
    }

    private void authentication(ChannelHandlerContext context, ByteBuf body) throws ScramFailure {
        int code = body.readInt();
        switch (code) {
            case 0 -> {
                if (scram != null && !scram.verified()) {
                    throw new ProtocolViolation("the server skipped the end of SCRAM authentication");
                }
                authenticated = true;
            }
            case 3 -> {
                askedForSecret = true;
                boolean safe = context.pipeline().get(SslHandler.class) != null || isLocal(context.channel());
                Secret password = safe ? credentials.cleartext().orElse(null) : null;
                if (password == null) {
                    fail(
                            context,
                            credentialsFailure(safe ? "a cleartext password" : "a cleartext password without TLS"));
                } else {
                    answer(context, WireWriter.terminated(password.bytes()));
                }
            }
            case 5 -> {
                askedForSecret = true;
                askedForMd5 = true;
                byte[] salt = new byte[4];
                body.readBytes(salt);
                Secret response = credentials.md5(target.user(), salt).orElse(null);
                if (response == null) {
                    fail(context, credentialsFailure("an MD5 password"));
                } else {
                    answer(context, WireWriter.terminated(response.reveal()));
                }
            }
            case 10 -> sasl(context, body);
            case 11 -> {
                ScramClient exchange = exchange();
                byte[] serverFirst = bytes(body);
                expensive.execute(() -> {
                    try {
                        byte[] clientFinal = exchange.serverFirst(serverFirst);
                        context.executor().execute(() -> answer(context, clientFinal));
                    } catch (ScramFailure failure) {
                        context.executor()
                                .execute(() ->
                                        fail(context, credentialsFailure("SCRAM-SHA-256: " + failure.getMessage())));
                    }
                });
            }
            case 12 -> exchange().serverFinal(bytes(body));
            default -> fail(context, credentialsFailure("authentication method " + code));
        }
    }

    private ScramClient exchange() {
        ScramClient current = scram;
        if (current == null) {
            throw new ProtocolViolation("unexpected SASL message");
        }
        return current;
    }

    private void sasl(ChannelHandlerContext context, ByteBuf body) throws ScramFailure {
        askedForSecret = true;
        List<String> offered = new ArrayList<>();
        while (body.isReadable()) {
            String mechanism = WireReader.cstring(body);
            if (mechanism.isEmpty()) {
                break;
            }
            offered.add(mechanism);
        }
        ScramClient exchange =
                credentials.scram(offered, ChannelBinding.PREFER, peerBinding).orElse(null);
        if (exchange == null) {
            fail(context, credentialsFailure("a SCRAM-SHA-256 password"));
            return;
        }
        scram = exchange;
        ByteBuf out = context.alloc().directBuffer(128);
        WireWriter.saslInitialResponse(out, exchange.mechanism().wireName(), exchange.clientFirst());
        context.writeAndFlush(out);
    }

    private static boolean isLocal(Channel channel) {
        return channel.remoteAddress() instanceof java.net.InetSocketAddress address
                ? address.getAddress().isLoopbackAddress()
                : true;
    }

    private static byte[] bytes(ByteBuf body) {
        byte[] bytes = new byte[body.readableBytes()];
        body.readBytes(bytes);
        return bytes;
    }

    private static void answer(ChannelHandlerContext context, byte[] bytes) {
        ByteBuf out = context.alloc().directBuffer(bytes.length + 8);
        WireWriter.password(out, bytes);
        context.writeAndFlush(out);
    }

    private void ready(ChannelHandlerContext context, ByteBuf body) {
        if (body.readByte() != TransactionStatus.IDLE) {
            throw new ProtocolViolation("a transaction is open after the login");
        }
        if (!authenticated) {
            throw new ProtocolViolation("ReadyForQuery before authentication");
        }
        String query = target.connectQuery();
        if (step == Step.STARTUP && query != null && !query.isEmpty()) {
            step = Step.CONNECT_QUERY;
            ByteBuf out = context.alloc().directBuffer(query.length() + 16);
            WireWriter.query(out, query);
            context.writeAndFlush(out);
            return;
        }
        step = Step.ENDED;
        outcome.loggedIn(context.channel(), processId, cancelKey, reported, reusable(), askedForSecret);
        context.pipeline().remove(this);
    }

    private ServerCredentials reusable() {
        if (scram != null) {
            return new ServerCredentials.Scram(scram.keys());
        }
        if (askedForMd5 && credentials instanceof ServerCredentials.Plain plain) {
            return new ServerCredentials.Md5Hash(Md5Password.stored(plain.password(), target.user()));
        }
        return askedForSecret ? credentials : new ServerCredentials.None();
    }

    private LoginFailure refused(ByteBuf body, ByteBuf whole) {
        ErrorFields fields = ErrorFields.decode(body, body.readerIndex(), body.writerIndex());
        byte[] message = bytes(whole.duplicate());
        LoginFailure.Kind kind = step == Step.CONNECT_QUERY
                ? LoginFailure.Kind.REFUSED
                : switch (fields.sqlState()) {
                    case "57P03", "53300", "57P01", "57P02" -> LoginFailure.Kind.NOT_NOW;
                    case "28000", "28P01" -> LoginFailure.Kind.CREDENTIALS;
                    default -> LoginFailure.Kind.REFUSED;
                };
        ErrorReply reply = new ErrorReply(CarpoolError.Severity.FATAL, fields.sqlState(), fields.message(), "");
        return new LoginFailure(kind, reply, step == Step.CONNECT_QUERY ? null : message);
    }

    private LoginFailure credentialsFailure(String asked) {
        return new LoginFailure(
                LoginFailure.Kind.CREDENTIALS, CarpoolError.NO_SERVER_CREDENTIALS.reply(target.user(), asked), null);
    }

    private LoginFailure protocolFailure(String what) {
        return new LoginFailure(
                LoginFailure.Kind.UNREACHABLE, CarpoolError.SERVER_LOGIN_FAILED.reply(target.label(), what), null);
    }

    private LoginFailure tlsFailure(String what) {
        return new LoginFailure(LoginFailure.Kind.TLS, CarpoolError.SERVER_TLS.reply(target.label(), what), null);
    }

    /** Ends the login from outside: the deadline has passed. */
    void timedOut(Channel channel, String after) {
        if (step != Step.ENDED) {
            end(
                    channel,
                    new LoginFailure(
                            LoginFailure.Kind.UNREACHABLE,
                            CarpoolError.SERVER_UNREACHABLE.reply(target.label(), "no login within " + after),
                            null));
        }
    }

    /** The login will not begin. Returns false when it has ended already, and its outcome been told. */
    boolean abandon() {
        if (step == Step.ENDED) {
            return false;
        }
        step = Step.ENDED;
        return true;
    }

    private void fail(ChannelHandlerContext context, LoginFailure failure) {
        end(context.channel(), failure);
    }

    private void end(Channel channel, LoginFailure failure) {
        if (step == Step.ENDED) {
            return;
        }
        boolean beforeStartup = step == Step.TLS_ANSWER || step == Step.TLS_HANDSHAKE;
        step = Step.ENDED;
        // The account of this connection ends with its socket, not before.
        channel.close().addListener(closed -> outcome.failed(failure, beforeStartup && tryTls));
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) throws Exception {
        fail(
                context,
                new LoginFailure(
                        LoginFailure.Kind.UNREACHABLE,
                        CarpoolError.SERVER_UNREACHABLE.reply(
                                target.label(), "the connection was closed during the login"),
                        null));
        super.channelInactive(context);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        Throwable root = cause.getCause() == null ? cause : cause.getCause();
        boolean handshake = step == Step.TLS_HANDSHAKE;
        String text = root.getMessage() == null ? root.getClass().getSimpleName() : root.getMessage();
        fail(
                context,
                handshake
                        ? tlsFailure(text)
                        : new LoginFailure(
                                LoginFailure.Kind.UNREACHABLE,
                                CarpoolError.SERVER_UNREACHABLE.reply(target.label(), text),
                                null));
    }
}
