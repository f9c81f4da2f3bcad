package dev.carpool.it;

import java.util.List;

/** One thing that one client does, on both sides in turn. Steps are data, so that they can be done again in part. */
sealed interface TwinStep {
    /** Number of the client, from 0; -1 for nobody. */
    int client();

    /** @param parameters names and values of the startup message, in turn */
    record Connect(int client, String role, List<String> parameters) implements TwinStep {
        @Override
        public String toString() {
            return "connect as " + role + " " + parameters;
        }
    }

    /** @param politely with Terminate, not with a reset of the connection */
    record Leave(int client, boolean politely) implements TwinStep {
        @Override
        public String toString() {
            return politely ? "leave" : "vanish";
        }
    }

    /** @param settled the next step waits until the proxy has finished what it does after this one */
    record Send(int client, TwinRequest request, boolean settled) implements TwinStep {
        @Override
        public String toString() {
            return request.text() + (settled ? "" : " (no pause)");
        }
    }

    /** PostgreSQL ends the server connection of a client that is in a transaction. */
    record Lose(int client) implements TwinStep {
        @Override
        public String toString() {
            return "pg_terminate_backend of its own server connection";
        }
    }

    /** PostgreSQL ends one of the server connections that the proxy has idle. */
    record Kill(int which) implements TwinStep {
        @Override
        public int client() {
            return -1;
        }

        @Override
        public String toString() {
            return "pg_terminate_backend of an idle server connection";
        }
    }
}
