package dev.carpool.relay;

import dev.carpool.server.ServerConnection;
import dev.carpool.suspicion.SignalCalls;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/**
 * Signals of a session to others, whose process ids are those that clients were told: in the requests they become the ids of
 * the server processes that these sessions have at the moment, and keep until the signal has reached them. Begins anew
 * with each link; confined to the session's event loop.
 */
final class SessionSignals {
    /** Process ids of operating systems are below (Linux: PID_MAX_LIMIT), those that clients are told are not. */
    private static final int FIRST_TOLD = 1 << 22;

    private enum Preparing {
        NOTHING,
        RUNNING,
        DONE
    }

    private Preparing preparing = Preparing.NOTHING;
    private Map<Integer, Integer> processes = Map.of();

    /** Sessions are kept on their server connections. */
    private boolean holds;

    /** The unnamed statement that the server has is not what the client has sent. */
    private boolean changed;

    void begin() {
        preparing = Preparing.NOTHING;
        processes = Map.of();
        holds = false;
        changed = false;
    }

    /** Whether a request with these process ids must wait; then {@link ClientEnd#resumeRequests} follows. */
    boolean mustWait(Set<Integer> ids, ClientEnd client) {
        if (preparing == Preparing.DONE) {
            preparing = Preparing.NOTHING;
            return false;
        }
        if (preparing == Preparing.RUNNING) {
            return true;
        }
        if (ids.isEmpty()) {
            return false;
        }
        preparing = Preparing.RUNNING;
        holds = true;
        client.holdSessions(ids, found -> {
            if (preparing == Preparing.RUNNING) {
                preparing = Preparing.DONE;
                processes = found;
                client.resumeRequests();
            }
        });
        return true;
    }

    /** The process ids in a text that were told to clients. */
    static Set<Integer> constants(SignalCalls calls) {
        Set<Integer> ids = new LinkedHashSet<>();
        calls.constants().stream()
                .map(SignalCalls.Constant::processId)
                .filter(id -> id >= FIRST_TOLD)
                .forEach(ids::add);
        return ids;
    }

    /** The same of bind parameters; {@code in[from, to)} is what is here of the Bind message behind the names. */
    static Set<Integer> bound(SignalCalls calls, ByteBuf in, int from, int to) {
        Set<Integer> ids = new LinkedHashSet<>();
        for (int parameter : calls.parameters()) {
            int at = BindParameters.value(in, from, to, parameter);
            int id = at < 0 ? 0 : read(in, from, at, parameter);
            if (id >= FIRST_TOLD) {
                ids.add(id);
            }
        }
        return ids;
    }

    private static int read(ByteBuf in, int from, int at, int parameter) {
        int length = in.getInt(at - 4);
        if (BindParameters.isBinary(in, from, parameter)) {
            return length == 4 ? in.getInt(at) : 0;
        }
        String digits = in.toString(at, length, StandardCharsets.ISO_8859_1);
        return digits.matches("[0-9]{7,10}") ? (int) Math.min(Integer.MAX_VALUE, Long.parseLong(digits)) : 0;
    }

    /** Puts server processes in the place of the ids in the text that begins at {@code from}. */
    void replaceConstants(SignalCalls calls, ByteBuf in, int from) {
        for (SignalCalls.Constant constant : calls.constants()) {
            Integer process = processes.get(constant.processId());
            if (process != null) {
                write(in, from + constant.from(), constant.to() - constant.from(), process);
                changed = true;
            }
        }
    }

    /** The same with bind parameters. */
    void replaceBound(SignalCalls calls, ByteBuf in, int from, int to) {
        for (int parameter : calls.parameters()) {
            int at = BindParameters.value(in, from, to, parameter);
            Integer process = at < 0 ? null : processes.get(read(in, from, at, parameter));
            if (process == null) {
                continue;
            }
            if (BindParameters.isBinary(in, from, parameter)) {
                in.setInt(at, process);
            } else {
                write(in, at, in.getInt(at - 4), process);
            }
        }
    }

    /** A server's process id never has more digits than one told to a client. */
    private static void write(ByteBuf in, int at, int digits, int process) {
        int rest = process;
        for (int i = at + digits - 1; i >= at; i--) {
            in.setByte(i, '0' + rest % 10);
            rest /= 10;
        }
    }

    /** A request has ended: if it was the last one that is owed, the signals have been sent. */
    void requestEnded(ServerConnection server, ClientEnd client) {
        if (!holds
                || server.outstanding().owedReadyForQuery() > 0
                || server.outstanding().isUnsynced()) {
            return;
        }
        if (changed) {
            changed = false;
            server.unnamedStatement(0);
        }
        letGo(client);
    }

    /** The link has ended. */
    void end(ClientEnd client) {
        preparing = Preparing.NOTHING;
        letGo(client);
    }

    private void letGo(ClientEnd client) {
        if (holds && preparing == Preparing.NOTHING) {
            holds = false;
            processes = Map.of();
            client.letSessionsGo();
        }
    }
}
