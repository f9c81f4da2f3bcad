package dev.carpool.relay;

import dev.carpool.server.ServerConnection;
import dev.carpool.suspicion.ProcessIds;
import io.netty.buffer.ByteBuf;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Process ids that clients were told, in what a session asks the server: in its requests they become the ids of the server
 * processes that those sessions have at the moment. Sessions that are signalled keep them until the signal has reached them.
 * Begins anew with each link; confined to the session's event loop.
 */
final class ToldProcesses {
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

    /** Counts links: what was asked for an earlier one is of no use. */
    private int links;

    void begin() {
        links++;
        preparing = Preparing.NOTHING;
        processes = Map.of();
        holds = false;
    }

    /**
     * Whether a request with these process ids must wait; then {@link ClientEnd#resumeRequests} follows. {@code in[from, to)} is
     * what is here of its parameters, from the number of format codes on; null for none.
     */
    boolean mustWait(ProcessIds ids, @Nullable ByteBuf in, int from, int to, ClientEnd client) {
        if (preparing == Preparing.DONE) {
            preparing = Preparing.NOTHING;
            return false;
        }
        if (preparing == Preparing.RUNNING) {
            return true;
        }
        processes = Map.of();
        ToldIds told = told(ids, in, from, to);
        if (told.signalled().isEmpty() && told.seen().isEmpty()) {
            return false;
        }
        preparing = Preparing.RUNNING;
        holds |= !told.signalled().isEmpty();
        int link = links;
        client.serverProcesses(told, found -> {
            if (preparing == Preparing.RUNNING && link == links) {
                preparing = Preparing.DONE;
                processes = found;
                client.resumeRequests();
            }
        });
        return true;
    }

    private static ToldIds told(ProcessIds ids, @Nullable ByteBuf in, int from, int to) {
        ToldIds told = new ToldIds(new LinkedHashSet<>(), new LinkedHashSet<>());
        for (ProcessIds.Constant constant : ids.constants()) {
            add(constant.processId(), constant.signalled(), told);
        }
        if (in != null) {
            for (ProcessIds.Parameter parameter : ids.parameters()) {
                ProcessIdValues.each(
                        in, from, to, parameter.number(), (at, digits, id) -> add(id, parameter.signalled(), told));
            }
        }
        told.seen().removeAll(told.signalled());
        return told;
    }

    private static void add(int id, boolean signalled, ToldIds told) {
        if (id >= FIRST_TOLD) {
            Set<Integer> ids = signalled ? told.signalled() : told.seen();
            ids.add(id);
        }
    }

    /** Puts server processes in the place of the ids in the text that begins at {@code from}. */
    void replaceConstants(ProcessIds ids, ByteBuf in, int from) {
        for (ProcessIds.Constant constant : ids.constants()) {
            Integer process = processes.get(constant.processId());
            if (process != null) {
                write(in, from + constant.from(), constant.to() - constant.from(), process);
            }
        }
    }

    /** Whether {@link #replaceConstants} has something to do. */
    boolean replacesConstants(ProcessIds ids) {
        List<ProcessIds.Constant> constants = ids.constants();
        for (int i = 0; i < constants.size(); i++) { // for every Bind: no iterator
            if (processes.containsKey(constants.get(i).processId())) {
                return true;
            }
        }
        return false;
    }

    /** The same with parameters; {@code in[from, to)} is what is here of them, from the number of format codes on. */
    void replaceBound(ProcessIds ids, ByteBuf in, int from, int to) {
        for (ProcessIds.Parameter parameter : ids.parameters()) {
            ProcessIdValues.each(in, from, to, parameter.number(), (at, digits, id) -> {
                Integer process = processes.get(id);
                if (process != null && digits == 0) {
                    in.setInt(at, process);
                } else if (process != null) {
                    write(in, at, digits, process);
                }
            });
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
        boolean all = server.outstanding().owedReadyForQuery() == 0
                && !server.outstanding().isUnsynced();
        if (holds && all) {
            letGo(client);
        }
    }

    /** The link has ended. */
    void end(ClientEnd client) {
        preparing = Preparing.NOTHING;
        letGo(client);
    }

    private void letGo(ClientEnd client) {
        if (holds && preparing == Preparing.NOTHING) {
            holds = false;
            client.letSessionsGo();
        }
    }
}
