package dev.carpool.client;

import dev.carpool.protocol.ProtocolViolation;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/** A phase that takes whole, small messages: before login, and for what the proxy answers itself. */
abstract class MessagePhase extends ClientPhase {
    final ClientSession session;
    private final int longest;
    private @Nullable ByteBuf gathered;

    MessagePhase(ClientSession session, int longest) {
        this.session = session;
        this.longest = longest;
    }

    /** The length of the first message with type byte if any, or -1 when that cannot be told yet. */
    int messageLength(ByteBuf in) {
        if (in.readableBytes() < 5) {
            return -1;
        }
        int length = in.getInt(in.readerIndex() + 1);
        if (length < 4 || length > longest) {
            throw new ProtocolViolation("invalid message length " + length);
        }
        return length + 1;
    }

    /** One whole message; does not take ownership. */
    abstract void message(ByteBuf whole);

    /** Whether this phase takes no further message at the moment. */
    boolean isPaused() {
        return false;
    }

    @Override
    void bytesArrived(ByteBuf in) {
        ByteBuf all = gathered;
        boolean fresh = all == null;
        if (all == null) {
            all = in;
        } else {
            all.writeBytes(in);
            in.release();
        }
        gathered = null;
        boolean handedOver = false;
        try {
            while (session.phase() == this && !isPaused()) {
                int length = all.isReadable() ? messageLength(all) : -1;
                if (length < 0 || all.readableBytes() < length) {
                    break;
                }
                message(all.readSlice(length));
            }
            if (all.isReadable() && session.phase() != this) {
                handedOver = true;
                session.phase().bytesArrived(all);
            } else if (all.isReadable()) {
                if (all.readableBytes() > longest + 5) {
                    throw new ProtocolViolation("message too long");
                }
                gathered = fresh
                        ? in.alloc().buffer(Math.max(256, in.readableBytes())).writeBytes(in)
                        : all.discardReadBytes();
                handedOver = !fresh;
            }
        } finally {
            if (!handedOver) {
                all.release();
            }
        }
    }

    /** Looks again at what has been gathered, after a pause. */
    void resume() {
        ByteBuf all = gathered;
        if (all != null) {
            gathered = null;
            bytesArrived(all);
        }
    }

    /** Whether bytes behind the current message have arrived already. */
    boolean hasGathered() {
        return gathered != null && gathered.isReadable();
    }

    @Override
    void left() {
        ByteBuf rest = gathered;
        gathered = null;
        if (rest != null) {
            if (rest.isReadable() && !(session.phase() instanceof ClosedPhase)) {
                session.phase().bytesArrived(rest);
                session.phase().bytesRead();
            } else {
                rest.release();
            }
        }
    }
}
