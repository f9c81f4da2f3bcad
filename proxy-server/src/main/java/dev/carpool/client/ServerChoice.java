package dev.carpool.client;

import dev.carpool.pool.ServerPool;
import dev.carpool.protocol.ErrorFields;
import dev.carpool.server.ServerConnection;
import dev.carpool.server.ServerState;
import dev.carpool.server.SessionProbe;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Finds a server connection for a request that would notice what others have left on one and what no clean-up removes:
 * names of custom settings, a loaded library, a temporary schema. Asks each that it is granted, and after some has one replaced
 * by a fresh one. Confined to the session's event loop.
 */
final class ServerChoice {
    /** So many are asked before one is replaced. */
    private static final int MOST_ASKED = 4;

    /** So many may be lost before one is taken as it is. */
    private static final int MOST_LOST = 20;

    /** Custom settings, in lower case, that the session has never had. */
    private final Set<String> names;

    /** A setting that is there when a library is loaded; empty for none. */
    private final Set<String> library;

    /** A temporary schema would be noticed. */
    private final boolean temporarySchema;

    /** Asked and not taken; kept for the time being in order not to be granted them again. */
    private final List<ServerConnection> refused = new ArrayList<>();

    private @Nullable WaitingPhase waiting;

    /** Null while none is asked. */
    private @Nullable Question asked;

    private int count;

    /** How many have been lost that were asked. */
    private int losses;

    /** The next one is fresh. */
    private boolean replaced;

    /** The next one is taken. */
    private boolean made;

    ServerChoice(Set<String> names, Set<String> library, boolean temporarySchema) {
        this.names = names;
        this.library = library;
        this.temporarySchema = temporarySchema;
    }

    /** A connection has been granted. Returns whether it is being asked; later one is granted that is not. */
    boolean asks(ServerConnection server, WaitingPhase phase) {
        if (made) {
            return false;
        }
        waiting = phase;
        count++;
        Question question = new Question(server);
        asked = question;
        server.own(question, ServerState.CHECKING, System.nanoTime());
        server.probeLeft(names, library);
        return true;
    }

    /** What one connection has been asked; it belongs to this until somebody else has it. */
    private final class Question implements ServerConnection.Owner {
        private final ServerConnection server;

        Question(ServerConnection server) {
            this.server = server;
        }

        @Override
        public void probed(SessionProbe answer) {
            for (String name : answer.settings().keySet()) {
                server.settle(server.applied().without(name)); // the question has reset it
            }
            WaitingPhase phase = waiting;
            if (asked == this && phase != null) {
                asked = null;
                answered(answer, server, phase);
            }
        }

        @Override
        public void serverLost(@Nullable ErrorFields lastWords) {
            refused.remove(server);
            WaitingPhase phase = waiting;
            if (asked == this && phase != null) {
                asked = null;
                lost(phase);
            }
        }

        @Override
        public void reply(ByteBuf run) {
            run.release();
        }

        @Override
        public void requestFailed(ErrorFields fields, boolean ours) {}
    }

    private void answered(SessionProbe answer, ServerConnection server, WaitingPhase phase) {
        if (!phase.isCurrent()) {
            releaseRefused(phase.pool());
            phase.pool().release(server, null);
        } else if (fits(answer, server, phase.pool())) {
            take(server, phase);
        } else {
            goOn(server, phase);
        }
    }

    private boolean fits(SessionProbe answer, ServerConnection server, ServerPool pool) {
        if (answer.failure() != null) {
            return true;
        }
        boolean left = false;
        for (Map.Entry<String, @Nullable String> setting : answer.settings().entrySet()) {
            left |= "".equals(setting.getValue()) && !pool.bornWith().contains(setting.getKey());
        }
        if (replaced) {
            pool.bornWith().addAll(answer.settings().keySet());
            return true;
        }
        server.hasHad(answer.settings().keySet());
        boolean schema = (answer.held() & SessionProbe.TEMPORARY_OBJECTS) != 0;
        return !left && !answer.hasModule() && !(temporarySchema && schema);
    }

    private void take(ServerConnection server, WaitingPhase phase) {
        made = true;
        releaseRefused(phase.pool());
        phase.granted(server, System.nanoTime());
    }

    private void goOn(ServerConnection server, WaitingPhase phase) {
        ServerConnection next = count < MOST_ASKED ? phase.another() : null;
        if (next != null) {
            refused.add(server);
            asks(next, phase);
        } else {
            replace(server, phase);
        }
    }

    private void replace(ServerConnection server, WaitingPhase phase) {
        replaced = true;
        releaseRefused(phase.pool());
        server.disown(System.nanoTime());
        phase.pool().replace(server, phase);
    }

    private void releaseRefused(ServerPool pool) {
        for (ServerConnection server : refused) {
            pool.release(server, null);
        }
        refused.clear();
    }

    private void lost(WaitingPhase phase) {
        made = ++losses == MOST_LOST; // it must not go on for ever
        replaced = false;
        releaseRefused(phase.pool());
        if (phase.isCurrent()) {
            phase.queue();
        }
    }
}
