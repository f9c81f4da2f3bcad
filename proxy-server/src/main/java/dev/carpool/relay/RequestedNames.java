package dev.carpool.relay;

import dev.carpool.suspicion.SettingNames;
import io.netty.buffer.ByteBuf;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

import static dev.carpool.protocol.FrontendMessageType.BIND;
import static dev.carpool.protocol.FrontendMessageType.PARSE;
import static dev.carpool.protocol.FrontendMessageType.QUERY;

/**
 * The custom settings that requests name which have come while no server connection is held. It reads what is here of the
 * messages, judges nothing, and leaves texts alone that can name none.
 */
final class RequestedNames {
    /** What a prepared statement names; {@code in[from, to)} is the name of the statement. */
    interface Prepared {
        SettingNames names(ByteBuf in, int from, int to);
    }

    /** A text that reads a setting has one of these: SHOW, current_setting. */
    private static final WordsInBytes READ = new WordsInBytes("show", "t_se");

    /** A text that sets one of a procedural language has one of these. */
    private static final WordsInBytes OF_LANGUAGES = new WordsInBytes("plpg", "plpe", "pltc");

    private static final int MOST_MESSAGES = 64;

    private final ByteBuf in;
    private final boolean reads;
    private final boolean standardStrings;
    private final Set<String> made = new LinkedHashSet<>();
    private final Set<String> read = new LinkedHashSet<>();

    private RequestedNames(ByteBuf in, boolean reads, boolean standardStrings) {
        this.in = in;
        this.reads = reads;
        this.standardStrings = standardStrings;
    }

    /**
     * Reads the messages that a chunk begins with.
     *
     * @param reads whether settings are of interest that are read
     */
    static SettingNames in(ByteBuf in, boolean reads, boolean standardStrings, Prepared prepared) {
        int at = in.readerIndex();
        int end = in.writerIndex();
        RequestedNames all = null;
        for (int i = 0; i < MOST_MESSAGES && end - at >= 5; i++) {
            byte type = in.getByte(at);
            int length = in.getInt(at + 1);
            if (length < 4) {
                break;
            }
            int stop = (int) Math.min(at + 1L + length, end);
            if (type == QUERY || type == PARSE) {
                int text = type == QUERY ? at + 5 : zero(in, at + 5, stop) + 1;
                int textEnd = zero(in, text, stop);
                if (mayName(in, text, textEnd, reads)) {
                    all = all == null ? new RequestedNames(in, reads, standardStrings) : all;
                    all.add(text, textEnd);
                }
            } else if (type == BIND && reads) {
                int name = zero(in, at + 5, stop) + 1;
                SettingNames names = prepared.names(in, Math.min(name, stop), zero(in, name, stop));
                if (!names.isEmpty()) {
                    all = all == null ? new RequestedNames(in, true, standardStrings) : all;
                    all.add(names);
                }
            }
            at = stop;
        }
        return all == null ? SettingNames.NONE : new SettingNames(all.made, all.read, List.of(), Set.of());
    }

    /** Whether a text may read a setting. */
    static boolean mayRead(ByteBuf in, int from, int to) {
        return READ.areIn(in, from, to);
    }

    private static boolean mayName(ByteBuf in, int from, int to, boolean reads) {
        return (reads && READ.areIn(in, from, to)) || (isSet(in, from, to) && OF_LANGUAGES.areIn(in, from, to));
    }

    /** Whether a text begins with SET. */
    private static boolean isSet(ByteBuf in, int from, int to) {
        int at = from;
        while (at < to && in.getByte(at) <= ' ') {
            at++;
        }
        return to - at > 4
                && (in.getByte(at) | 0x20) == 's'
                && (in.getByte(at + 1) | 0x20) == 'e'
                && (in.getByte(at + 2) | 0x20) == 't';
    }

    private static int zero(ByteBuf in, int from, int to) {
        int at = from < to ? in.indexOf(from, to, (byte) 0) : -1;
        return at < 0 ? Math.max(from, to) : at;
    }

    private void add(int from, int to) {
        add(SettingNames.of(MessageStrings.latin1(in, from, to), standardStrings));
    }

    private void add(SettingNames names) {
        if (reads) {
            for (String name : names.read()) {
                if (!made.contains(name)) {
                    read.add(name);
                }
            }
        }
        made.addAll(names.made());
    }
}
