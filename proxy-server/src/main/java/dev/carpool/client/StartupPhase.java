package dev.carpool.client;

import dev.carpool.error.CarpoolError;
import dev.carpool.protocol.ProtocolViolation;
import dev.carpool.protocol.StartupMessage;
import dev.carpool.protocol.WireReader;
import dev.carpool.protocol.WireWriter;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;

/**
 * From accept to the StartupMessage: SSLRequest, direct TLS, GSSENCRequest, CancelRequest (PostgreSQL manual, "Start-up",
 * "SSL Session Encryption", "Canceling Requests in Progress").
 */
final class StartupPhase extends MessagePhase {
    private boolean encryptionRefused;

    StartupPhase(ClientSession session) {
        super(session, StartupMessage.MAX_LENGTH);
    }

    @Override
    void bytesArrived(ByteBuf in) {
        if (!session.isTls() && !hasGathered() && !encryptionRefused && in.getByte(in.readerIndex()) == 0x16) {
            directTls(in);
            return;
        }
        super.bytesArrived(in);
    }

    /** A TLS ClientHello without SSLRequest (PostgreSQL 17's sslnegotiation=direct). */
    private void directTls(ByteBuf in) {
        ClientTls.Offer offer =
                session.context().clientTls().offer(session.channel().alloc());
        if (offer == null) {
            in.release();
            session.close("TLS is off");
            return;
        }
        session.enterTls(offer, true);
        session.channel().pipeline().fireChannelRead(in);
        session.channel().pipeline().fireChannelReadComplete();
    }

    @Override
    int messageLength(ByteBuf in) {
        if (in.readableBytes() < 4) {
            return -1;
        }
        int length = in.getInt(in.readerIndex());
        if (length < 8 || length > StartupMessage.MAX_LENGTH) {
            session.close("invalid length of startup packet"); // without a word, as PostgreSQL does
            return -1;
        }
        return length;
    }

    @Override
    void message(ByteBuf whole) {
        whole.skipBytes(4);
        int code = whole.readInt();
        switch (code) {
            case StartupMessage.SSL_REQUEST -> encryptionRequest(true);
            case StartupMessage.GSSENC_REQUEST -> encryptionRequest(false);
            case StartupMessage.CANCEL_REQUEST -> cancelRequest(whole);
            default -> startup(code, whole);
        }
    }

    private void encryptionRequest(boolean tls) {
        if (session.isTls() || (tls && tlsRefused)) {
            throw new ProtocolViolation("repeated encryption request");
        }
        ClientTls.Offer offer =
                tls ? session.context().clientTls().offer(session.channel().alloc()) : null;
        session.channel().writeAndFlush(Unpooled.wrappedBuffer(new byte[] {(byte) (offer == null ? 'N' : 'S')}));
        if (offer == null) {
            encryptionRefused = true;
            tlsRefused |= tls;
        } else {
            session.enterTls(offer, false);
            bytesBehindSslRequest = true;
        }
    }

    private boolean tlsRefused;
    private boolean bytesBehindSslRequest;

    @Override
    boolean isPaused() {
        return bytesBehindSslRequest && !session.isTlsEstablished();
    }

    /** Bytes that came in the clear behind an SSLRequest were not protected: somebody may have put them there. */
    boolean hasUnprotectedBytes() {
        return bytesBehindSslRequest && hasGathered();
    }

    @Override
    void bytesRead() {
        if (hasUnprotectedBytes() && !session.isTlsEstablished()) {
            session.close("bytes behind SSLRequest");
        }
    }

    private void cancelRequest(ByteBuf in) {
        if (in.readableBytes() < Integer.BYTES) {
            session.close("cancel request for nobody"); // without a word, as any cancel request that does nothing
            return;
        }
        int processId = in.readInt();
        byte[] key = new byte[Math.min(in.readableBytes(), 256)];
        in.readBytes(key);
        SessionCancel.requested(session, processId, key);
    }

    private void startup(int version, ByteBuf body) {
        if (version >>> 16 != 3) {
            session.fail(CarpoolError.UNSUPPORTED_PROTOCOL.reply((version >>> 16) + "." + (version & 0xffff)));
            return;
        }
        StartupMessage startup = StartupMessage.decode(version, body);
        List<String> unknown = new ArrayList<>();
        for (String name : startup.parameters().keySet()) {
            if (name.startsWith("_pq_.")) {
                unknown.add(WireReader.text(name));
            }
        }
        if (startup.minorVersion() > StartupMessage.NEWEST_MINOR || !unknown.isEmpty()) {
            ByteBuf out = session.channel().alloc().directBuffer(64);
            int newest = Math.min(startup.minorVersion(), StartupMessage.NEWEST_MINOR);
            WireWriter.negotiateProtocolVersion(out, newest, unknown);
            session.channel().write(out);
        }
        session.login().started(startup);
    }

    @Override
    String state() {
        return "login";
    }
}
