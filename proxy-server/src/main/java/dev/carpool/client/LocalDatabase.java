package dev.carpool.client;

import io.netty.buffer.ByteBuf;

/** A database that the proxy answers itself: the console. Implemented above this package. */
public interface LocalDatabase {
    /** Whether the proxy answers this database name itself. */
    boolean serves(String database);

    /** Begins a conversation with a client that has proved who it is. */
    Conversation open(ClientSession session, boolean superuser);

    /** One client's conversation. All calls happen on the session's event loop. */
    interface Conversation {
        /** What the client is sent between AuthenticationOk and its first ReadyForQuery; null when it may not enter. */
        boolean isAdmitted();

        /** Writes the parameters reported after login. */
        void greet(ByteBuf out);

        /** One whole message of the client, with type byte and length; not owned. */
        void message(ByteBuf whole);

        void closed();
    }
}
