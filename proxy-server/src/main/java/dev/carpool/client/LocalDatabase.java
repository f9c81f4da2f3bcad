package dev.carpool.client;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;

/** A database that the proxy answers itself: the console. Implemented above this package. */
public interface LocalDatabase {
    /** What a client has shown of itself. */
    enum Proof {
        /** That it is the user it says it is. */
        USER,
        /** That PostgreSQL takes it for a superuser. */
        SUPERUSER,
        /** That it knows admin_token. */
        TOKEN
    }

    /** The client of a conversation. */
    interface Client {
        /** Empty before the startup message. */
        String user();

        Channel channel();

        /** Tells that the conversation takes messages again, after {@link Conversation#isBusy}. On the event loop. */
        void conversationIdle();
    }

    /** Whether the proxy answers this database name itself. */
    boolean serves(String database);

    /** Begins a conversation with a client that has proved who it is. */
    Conversation open(Client client, Proof proof);

    /** One client's conversation. All calls happen on the client's event loop. */
    interface Conversation {
        /** Whether the client may enter. */
        boolean isAdmitted();

        /** Writes the parameters reported after login. */
        void greet(ByteBuf out);

        /** Whether a command is going on, so that messages have to wait. */
        boolean isBusy();

        /** One whole message of the client, with type byte and length; not owned. */
        void message(ByteBuf whole);

        /** Everything that one read brought has been handed over. */
        void messagesRead();

        /** The client has sent a cancel request. */
        void cancelled();

        void closed();
    }
}
