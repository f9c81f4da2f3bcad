package dev.carpool.client;

import io.netty.buffer.ByteBuf;

/** Nothing more is done for this client; what it still sends is dropped. */
final class ClosedPhase extends ClientPhase {
    @Override
    void bytesArrived(ByteBuf in) {
        in.release();
    }

    @Override
    String state() {
        return "closed";
    }
}
