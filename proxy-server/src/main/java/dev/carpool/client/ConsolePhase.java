package dev.carpool.client;

import io.netty.buffer.ByteBuf;

/** The proxy answers the client itself. */
final class ConsolePhase extends MessagePhase {
    private static final int LONGEST_MESSAGE = 1 << 20;

    private final LocalDatabase.Conversation conversation;

    ConsolePhase(ClientSession session, LocalDatabase.Conversation conversation) {
        super(session, LONGEST_MESSAGE);
        this.conversation = conversation;
    }

    @Override
    boolean isPaused() {
        return conversation.isBusy();
    }

    /** A cancel request: what goes on is given up. */
    void cancelled() {
        conversation.cancelled();
    }

    @Override
    void bytesRead() {
        conversation.messagesRead();
    }

    @Override
    void message(ByteBuf whole) {
        if (whole.getByte(whole.readerIndex()) == 'X') {
            session.terminated();
        } else {
            conversation.message(whole);
        }
    }

    @Override
    void left() {
        conversation.closed();
        super.left();
    }

    @Override
    String state() {
        return "active";
    }
}
