package dev.carpool.client;

import dev.carpool.protocol.StartupMessage;
import dev.carpool.protocol.WireReader;
import dev.carpool.protocol.WireWriter;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A PostgreSQL that knows the protocol exactly and SQL hardly at all (PostgreSQL manual, "Message Flow"). Its statements:
 * {@code select TEXT} (one row), {@code big N} (one row of N bytes), {@code insert TEXT} (into {@link #committed} at
 * commit), {@code fail}, {@code hang} (until cancelled), {@code copyin}, {@code copyout N}, {@code set NAME VALUE}, {@code
 * show NAME}, {@code columns} (a row as {@link #columns} says, as {@code select *} does), {@code notice}, {@code die}
 * (FATAL), {@code drop} (closes), {@code half} (closes inside a DataRow), {@code listen C}, {@code unlisten C}, {@code
 * notify C TEXT}, {@code trigger C TEXT} (the same unseen), begin, commit, rollback, discard all, deallocate all,
 * discard sequences, select lastval() (of the sequence that each insert takes a value from), set_config. A text that begins with "syntax" cannot be parsed.
 */
final class ModelPostgres {
    /** What all its transactions have left behind, in order. */
    final List<String> committed = new ArrayList<>();

    final List<Backend> backends = new ArrayList<>();

    /** Backends with a session. */
    int open;

    int cancels;

    /** How many of the proxy's questions for the state of a session fail, with {@link #questionFailure}. */
    int failingQuestions;

    String questionFailure = "XX000";

    /** How many set_config are cancelled. */
    int cancelledSettings;

    /** How many of the statements that run with a short statement_timeout it ends. */
    int timeouts;

    /** Nothing can be handed over to the shared listener. */
    boolean handoversFail;

    /** Notifications wait until the next ReadyForQuery. */
    boolean lazy;

    /** What {@code columns} returns; other plans than those made for it are refused. */
    String columns = "one";

    /** A text that cannot be parsed any more, as if what it names had been dropped; null for none. */
    @Nullable
    String dropped;

    /** Does something to every batch of replies behind the login; the number counts batches of one backend. */
    @Nullable
    UnaryOperator<byte[]> mutation;

    /** The same for replies of the login. */
    @Nullable
    UnaryOperator<byte[]> loginMutation;

    /** Replies are sent in pieces of this many bytes; 0 for whole. */
    int piece;

    /** Backends do nothing about requests behind the login. */
    boolean deafAtBirth;

    /** The last value of the only sequence; each insert takes one. */
    int sequence;

    final class Backend extends ChannelInboundHandlerAdapter {
        final int processId = backends.size() + 1;
        final Map<String, String> settings = new TreeMap<>();
        final Map<String, String> prepared = new HashMap<>();
        private final Map<String, String> plans = new HashMap<>();
        private final Map<String, String> portals = new HashMap<>();
        private final List<String> pending = new ArrayList<>();
        final Set<String> channels = new TreeSet<>();
        private final List<Runnable> atCommit = new ArrayList<>();
        private final ByteBuf notifications = Unpooled.buffer();
        private final ByteBuf in = Unpooled.buffer();
        private final List<String> rest = new ArrayList<>();

        /** Every request seen, as type bytes; skipped ones in lower case of their own kind stay out. */
        final StringBuilder requests = new StringBuilder();

        final List<String> queries = new ArrayList<>();

        private ByteBuf out = Unpooled.buffer();
        private boolean started;

        /** What lastval() tells, 0 for nothing. */
        private int lastValue;

        private char status = 'I';
        private boolean skipping;
        private boolean copying;
        private boolean hanging;
        private boolean extended;

        /** It takes requests and does nothing about them. */
        boolean deaf;

        /** Custom settings that it has ever had. */
        private final Set<String> custom = new TreeSet<>();

        /** The first parameter bound last. */
        private String bound = "";

        /** The transaction in progress has no statement_timeout. */
        private boolean timeless;

        /** Notifications wait until its next ReadyForQuery. */
        boolean late;

        /** It ends behind its next ReadyForQuery. */
        private boolean last;

        private @Nullable Channel channel;

        @Override
        public void channelActive(ChannelHandlerContext context) {
            channel = context.channel();
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            if (started) {
                open--;
                started = false;
            }
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            ByteBuf bytes = (ByteBuf) message;
            in.writeBytes(bytes);
            bytes.release();
            context.channel().eventLoop().execute(this::work); // never inside the proxy's own flush
        }

        private void work() {
            while (!hanging && !deaf && isOpen()) {
                if (!started) {
                    if (in.readableBytes() < 8 || in.readableBytes() < in.getInt(in.readerIndex())) {
                        break;
                    }
                    startup(in.readSlice(in.getInt(in.readerIndex())));
                    continue;
                }
                if (in.readableBytes() < 5 || in.readableBytes() < 1 + in.getInt(in.readerIndex() + 1)) {
                    break;
                }
                char type = (char) in.readByte();
                int length = in.readInt();
                if (length < 4) {
                    close();
                    break;
                }
                request(type, in.readSlice(length - 4));
            }
            in.discardReadBytes();
            flush();
        }

        private boolean isOpen() {
            return channel != null && channel.isActive();
        }

        /** Does what was asked meanwhile. */
        void hear() {
            deaf = false;
            work();
        }

        /** An administrator's command ends it. */
        void ends() {
            WireWriter.error(out, "FATAL", "57P01", "terminating connection due to administrator command", "");
            close();
        }

        void close() {
            flush();
            if (channel != null) {
                channel.close();
            }
        }

        private void flush() {
            Channel to = channel;
            if (to == null || !out.isReadable()) {
                return;
            }
            byte[] bytes = new byte[out.readableBytes()];
            out.readBytes(bytes);
            out.clear();
            UnaryOperator<byte[]> change = started ? mutation : loginMutation;
            if (change != null) {
                bytes = change.apply(bytes);
            }
            int step = piece == 0 ? Math.max(1, bytes.length) : piece;
            for (int from = 0; from < bytes.length; from += step) {
                int n = Math.min(step, bytes.length - from);
                to.writeAndFlush(to.alloc().buffer(n).writeBytes(bytes, from, n));
            }
        }

        /** Sends something nobody has asked for. */
        void unasked(ByteBuf bytes) {
            out.writeBytes(bytes);
            bytes.release();
            flush();
        }

        private void startup(ByteBuf packet) {
            packet.readInt();
            int code = packet.readInt();
            if (code == StartupMessage.SSL_REQUEST) {
                out.writeByte('N');
                flush();
                return;
            }
            if (code == StartupMessage.CANCEL_REQUEST) {
                int meant = packet.readInt();
                cancels++;
                backends.get(meant - 1).cancelled();
                close();
                return;
            }
            WireWriter.authentication(out, 0);
            WireWriter.parameterStatus(out, "application_name", "");
            WireWriter.parameterStatus(out, "server_version", "18.0");
            WireWriter.parameterStatus(out, "standard_conforming_strings", "on");
            WireWriter.parameterStatus(out, "client_encoding", "UTF8");
            WireWriter.backendKeyData(out, processId, new byte[] {1, 2, 3, 4});
            WireWriter.readyForQuery(out, (byte) 'I');
            flush();
            started = true;
            deaf = deafAtBirth;
            open++;
        }

        void cancelled() {
            if (hanging) {
                hanging = false;
                error("57014", "canceling statement due to user request");
                afterError();
                work();
            } else if (copying) {
                copying = false;
                error("57014", "canceling statement due to user request");
                afterError();
                work();
            }
        }

        private void afterError() {
            rest.clear();
            if (extended) {
                skipping = true;
            } else {
                ready();
            }
        }

        private void error(String state, String text) {
            WireWriter.error(out, "ERROR", state, text, "");
            pending.clear();
            atCommit.clear();
            copying = false;
            status = status == 'I' ? 'I' : 'E';
        }

        /** The end of a simple query, of a function call or of a batch. */
        private void ready() {
            if (status == 'I') {
                timeless = false;
                committed.addAll(pending);
                pending.clear();
                portals.clear();
                atCommit.forEach(Runnable::run);
                atCommit.clear();
                out.writeBytes(notifications);
                notifications.clear();
            }
            WireWriter.readyForQuery(out, (byte) status);
            if (last) {
                ends();
            }
        }

        private void request(char type, ByteBuf body) {
            requests.append(type);
            if (copying) {
                copyRequest(type);
                return;
            }
            switch (type) {
                case 'S' -> {
                    skipping = false;
                    extended = false;
                    ready();
                    return;
                }
                case 'X' -> {
                    close();
                    return;
                }
                case 'd', 'c', 'f' -> {
                    return;
                }
                default -> {}
            }
            if (skipping) {
                return;
            }
            try {
                switch (type) {
                    case 'Q' -> {
                        extended = false;
                        prepared.remove("");
                        rest.clear();
                        String text = WireReader.byteString(body);
                        queries.add(text);
                        for (String one : text.split(";", -1)) {
                            rest.add(one);
                        }
                        if (rest.size() > 1 && rest.get(rest.size() - 1).isBlank()) {
                            rest.remove(rest.size() - 1);
                        }
                        simple();
                    }
                    case 'P' -> {
                        extended = true;
                        parse(body);
                    }
                    case 'B' -> {
                        extended = true;
                        String portal = WireReader.cstring(body);
                        String name = WireReader.cstring(body);
                        String sql = prepared.get(name);
                        if (sql == null) {
                            throw new Failure("26000", "prepared statement \"" + name + "\" does not exist");
                        }
                        checkAborted(sql);
                        checkPlan(name);
                        portals.put(portal, sql);
                        bound = firstParameter(body);
                        WireWriter.empty(out, (byte) '2');
                    }
                    case 'D' -> {
                        extended = true;
                        describe(body);
                    }
                    case 'E' -> {
                        extended = true;
                        String sql = portals.get(WireReader.cstring(body));
                        if (sql == null) {
                            throw new Failure("34000", "portal does not exist");
                        }
                        queries.add(sql);
                        execute(sql, false);
                    }
                    case 'C' -> {
                        extended = true;
                        byte what = body.readByte();
                        String name = WireReader.cstring(body);
                        if (what == 'S') {
                            prepared.remove(name);
                        } else {
                            portals.remove(name);
                        }
                        WireWriter.empty(out, (byte) '3');
                    }
                    case 'F' -> {
                        extended = false;
                        int at = WireWriter.begin(out, (byte) 'V');
                        out.writeInt(-1);
                        WireWriter.end(out, at);
                        ready();
                    }
                    case 'H' -> extended = true;
                    default -> {
                        WireWriter.error(out, "FATAL", "08P01", "invalid frontend message type", "");
                        close();
                    }
                }
            } catch (Failure failure) {
                error(failure.state, failure.text);
                afterError();
            } catch (RuntimeException malformed) {
                error("08P01", "invalid message format");
                afterError();
            }
        }

        private void copyRequest(char type) {
            switch (type) {
                case 'd', 'H', 'S' -> {}
                case 'c' -> {
                    copying = false;
                    pending.add("copied");
                    WireWriter.commandComplete(out, "COPY 1");
                    if (!extended) {
                        simple();
                    }
                }
                default -> {
                    copying = false;
                    error("57014", "COPY from stdin failed");
                    afterError();
                }
            }
        }

        private void parse(ByteBuf body) {
            String name = WireReader.cstring(body);
            if (name.isEmpty()) {
                prepared.remove("");
            }
            String sql = WireReader.cstring(body);
            body.skipBytes(4 * body.readUnsignedShort());
            if (sql.contains("carpool:") || sql.startsWith("syntax")) {
                throw new Failure("42601", "syntax error");
            }
            if (sql.equals(dropped)) {
                throw new Failure("42P01", "relation does not exist");
            }
            if (!sql.isEmpty()) {
                checkAborted(sql);
            }
            if (prepared.containsKey(name)) {
                throw new Failure("42P05", "prepared statement \"" + name + "\" already exists");
            }
            prepared.put(name, sql);
            plans.put(name, columns);
            WireWriter.empty(out, (byte) '1');
        }

        private void checkPlan(String name) {
            if ("columns".equals(prepared.get(name)) && !columns.equals(plans.get(name))) {
                throw new Failure("0A000", "cached plan must not change result type");
            }
        }

        private void describe(ByteBuf body) {
            byte what = body.readByte();
            String name = WireReader.cstring(body);
            String sql = what == 'S' ? prepared.get(name) : portals.get(name);
            if (sql == null) {
                throw new Failure(what == 'S' ? "26000" : "34000", "\"" + name + "\" does not exist");
            }
            if (what == 'S') {
                checkPlan(name);
                int at = WireWriter.begin(out, (byte) 't');
                out.writeShort(0);
                WireWriter.end(out, at);
            }
            if (returnsRows(sql)) {
                rowDescription();
            } else {
                WireWriter.empty(out, (byte) 'n');
            }
        }

        private static boolean returnsRows(String sql) {
            return sql.startsWith("select")
                    || sql.startsWith("big")
                    || sql.startsWith("show")
                    || sql.equals("columns")
                    || sql.equals("half");
        }

        private void checkAborted(String sql) {
            if (status == 'E' && !sql.equals("rollback") && !sql.equals("commit")) {
                throw new Failure("25P02", "current transaction is aborted");
            }
        }

        private void simple() {
            while (!rest.isEmpty() && !copying && !hanging && isOpen()) {
                execute(rest.remove(0).trim(), true);
            }
            if (rest.isEmpty() && !copying && !hanging && isOpen()) {
                ready();
            }
        }

        private void execute(String sql, boolean describing) {
            checkAborted(sql);
            if (timeouts > 0 && !timeless && "1ms".equals(settings.get("statement_timeout"))) {
                timeouts--;
                throw new Failure("57014", "canceling statement due to statement timeout");
            }
            String[] words = sql.split(" ", 2);
            String argument = words.length > 1 ? words[1] : "";
            switch (words[0].toLowerCase(Locale.ROOT)) {
                case "" -> WireWriter.empty(out, (byte) 'I');
                case "begin" -> {
                    status = 'T';
                    WireWriter.commandComplete(out, "BEGIN");
                }
                case "commit" -> {
                    boolean failed = status == 'E';
                    status = 'I';
                    WireWriter.commandComplete(out, failed ? "ROLLBACK" : "COMMIT");
                }
                case "rollback" -> {
                    pending.clear();
                    atCommit.clear();
                    status = 'I';
                    WireWriter.commandComplete(out, "ROLLBACK");
                }
                case "select" -> {
                    if (argument.startsWith("'l'::")) {
                        probe();
                        return;
                    }
                    if (argument.startsWith("'s'::")) {
                        left();
                        return;
                    }
                    if (argument.contains("pg_catalog.set_config(")) {
                        setConfig(argument);
                    }
                    if (argument.equals("lastval()") && lastValue == 0) {
                        throw new Failure("55000", "lastval is not yet defined in this session");
                    }
                    row(argument.equals("lastval()") ? String.valueOf(lastValue) : argument, describing);
                }
                case "columns" -> row(columns, describing);
                case "show" -> {
                    if (argument.contains(".") && !custom.contains(argument)) {
                        throw new Failure("42704", "unrecognized configuration parameter");
                    }
                    row(settings.getOrDefault(argument, ""), describing);
                }
                case "big" -> row("x".repeat(Integer.parseInt(argument)), describing);
                case "insert" -> {
                    lastValue = ++sequence;
                    pending.add(argument);
                    WireWriter.commandComplete(out, "INSERT 0 1");
                }
                case "set" -> {
                    String[] pair = argument.split(" ", 2);
                    if (pair[0].equals("LOCAL")) {
                        timeless |= pair[1].equals("statement_timeout TO 0");
                    } else {
                        setting(pair[0], pair[1]);
                    }
                    WireWriter.commandComplete(out, "SET");
                }
                case "quietly" -> { // as a function that sets something
                    String[] pair = argument.split(" ", 2);
                    setting(pair[0], pair[1]);
                    WireWriter.commandComplete(out, "INSERT 0 1");
                }
                case "discard" -> {
                    lastValue = 0;
                    if (argument.equalsIgnoreCase("sequences")) {
                        WireWriter.commandComplete(out, "DISCARD SEQUENCES");
                        return;
                    }
                    dropNamed();
                    channels.clear();
                    for (String name : List.copyOf(settings.keySet())) {
                        setting(name, "");
                    }
                    settings.clear();
                    WireWriter.commandComplete(out, "DISCARD ALL");
                }
                case "reset" -> {
                    for (String name : List.copyOf(settings.keySet())) {
                        setting(name, "");
                    }
                    settings.clear();
                    WireWriter.commandComplete(out, "RESET");
                }
                case "deallocate" -> {
                    dropNamed();
                    WireWriter.commandComplete(out, "DEALLOCATE ALL");
                }
                case "notice" -> {
                    WireWriter.notice(out, "NOTICE", argument, "");
                    WireWriter.commandComplete(out, "INSERT 0 0");
                }
                case "listen" -> {
                    String name = argument.replace("\"", "");
                    if (name.equals("bad")) {
                        throw new Failure("25006", "cannot execute LISTEN during recovery");
                    }
                    atCommit.add(() -> channels.add(name));
                    WireWriter.commandComplete(out, "LISTEN");
                }
                case "unlisten" -> {
                    String name = argument.replace("\"", "");
                    atCommit.add(() -> channels.removeIf(one -> name.equals("*") || name.equals(one)));
                    WireWriter.commandComplete(out, "UNLISTEN");
                }
                case "notify", "trigger" -> {
                    String[] pair = argument.split(" ", 2);
                    String name = pair[0].replaceAll("[\",]", "");
                    String payload = pair[1].replace("'", "");
                    if (handoversFail && name.startsWith("carpool_")) {
                        throw new Failure("57014", "canceling statement due to statement timeout");
                    }
                    atCommit.add(() -> {
                        for (Backend one : List.copyOf(backends)) {
                            one.notified(processId, name, payload, one == this);
                        }
                    });
                    WireWriter.commandComplete(out, words[0].equals("notify") ? "NOTIFY" : "UPDATE 1");
                }
                case "hang" -> hanging = true;
                case "copyin" -> {
                    copying = true;
                    int at = WireWriter.begin(out, (byte) 'G');
                    out.writeByte(0).writeShort(0);
                    WireWriter.end(out, at);
                }
                case "copyout" -> {
                    int at = WireWriter.begin(out, (byte) 'H');
                    out.writeByte(0).writeShort(0);
                    WireWriter.end(out, at);
                    int lines = Integer.parseInt(argument);
                    for (int i = 0; i < lines; i++) {
                        at = WireWriter.begin(out, (byte) 'd');
                        out.writeBytes("line\n".getBytes(StandardCharsets.US_ASCII));
                        WireWriter.end(out, at);
                    }
                    WireWriter.empty(out, (byte) 'c');
                    WireWriter.commandComplete(out, "COPY " + lines);
                }
                case "die" -> ends();
                case "last" -> {
                    last = true;
                    WireWriter.commandComplete(out, "LAST");
                }
                case "drop" -> close();
                case "half" -> {
                    if (describing) {
                        rowDescription();
                    }
                    out.writeByte('D')
                            .writeInt(1000)
                            .writeShort(1)
                            .writeInt(990)
                            .writeBytes(new byte[100]);
                    close();
                }
                default -> throw new Failure("42601", "syntax error");
            }
        }

        private void notified(int from, String name, String payload, boolean own) {
            if (!isOpen() || !channels.contains(name)) {
                return;
            }
            int at = WireWriter.begin(notifications, (byte) 'A');
            notifications.writeInt(from);
            WireWriter.cstring(notifications, name);
            WireWriter.cstring(notifications, payload);
            WireWriter.end(notifications, at);
            if (!own && status == 'I' && rest.isEmpty() && !extended && !hanging && !lazy && !late) {
                tellNotifications();
            }
        }

        /** The channels that sessions have asked for. */
        Set<String> clientsChannels() {
            return channels.stream()
                    .filter(one -> !one.startsWith("carpool_"))
                    .collect(Collectors.toCollection(TreeSet::new));
        }

        private void tellNotifications() {
            out.writeBytes(notifications);
            notifications.clear();
            flush();
        }

        /** Notifications wait no longer. */
        void inTime() {
            late = false;
            tellNotifications();
        }

        private static String firstParameter(ByteBuf body) {
            body.skipBytes(2 * body.readUnsignedShort());
            int length = body.readUnsignedShort() == 0 ? -1 : body.readInt();
            return length < 0 ? "" : body.readSlice(length).toString(StandardCharsets.ISO_8859_1);
        }

        /** What sessions have left behind, as the proxy asks for it: names of custom settings, which it resets. */
        private void left() {
            int found = 0;
            for (String name : custom) {
                if (bound.contains('"' + name + '"')) {
                    settings.remove(name);
                    probed("s", name, "");
                    found++;
                }
            }
            WireWriter.commandComplete(out, "SELECT " + found);
        }

        /** What the session holds, as the proxy asks for it: settings and channels. */
        private void probe() {
            if (failingQuestions > 0) {
                failingQuestions--;
                throw new Failure(questionFailure, "no answer");
            }
            settings.forEach((name, value) -> probed("s", name, value));
            channels.forEach(name -> probed("n", name, ""));
            WireWriter.commandComplete(out, "SELECT " + (settings.size() + channels.size()));
        }

        private void probed(String... columns) {
            int at = WireWriter.begin(out, (byte) 'D');
            out.writeShort(3);
            for (String column : columns) {
                byte[] bytes = column.getBytes(StandardCharsets.UTF_8);
                out.writeInt(bytes.length).writeBytes(bytes);
            }
            WireWriter.end(out, at);
        }

        private void dropNamed() {
            prepared.keySet().removeIf(name -> !name.isEmpty());
        }

        private static final Pattern SET_CONFIG =
                Pattern.compile("pg_catalog\\.set_config\\('([^']*)',(NULL|'([^']*)'|pg_catalog\\.convert_from\\("
                        + "pg_catalog\\.decode\\('([^']*)','hex'\\),'[^']*'\\)),false\\)");

        private void setConfig(String calls) {
            if (cancelledSettings > 0) {
                cancelledSettings--;
                throw new Failure("57014", "canceling statement due to user request");
            }
            Matcher matcher = SET_CONFIG.matcher(calls);
            Map<String, String> found = new TreeMap<>();
            while (matcher.find()) {
                String value = matcher.group(3);
                if (matcher.group(4) != null) {
                    byte[] bytes = HexFormat.of().parseHex(matcher.group(4));
                    value = new String(bytes, StandardCharsets.ISO_8859_1);
                }
                if ("bad".equals(value)) {
                    throw new Failure("22023", "invalid value for parameter");
                }
                found.put(matcher.group(1), value == null ? "" : value);
            }
            found.forEach(this::setting);
        }

        private void setting(String name, String value) {
            if (name.contains(".")) {
                custom.add(name);
            }
            if (!value.equals(settings.getOrDefault(name, ""))) {
                settings.put(name, value);
                if (name.equals("application_name") || name.equals("client_encoding")) {
                    WireWriter.parameterStatus(out, name, value);
                }
            }
        }

        private void rowDescription() {
            int at = WireWriter.begin(out, (byte) 'T');
            out.writeShort(1);
            WireWriter.cstring(out, "c");
            out.writeInt(0)
                    .writeShort(0)
                    .writeInt(25)
                    .writeShort(-1)
                    .writeInt(-1)
                    .writeShort(0);
            WireWriter.end(out, at);
        }

        private void row(String text, boolean describing) {
            if (describing) {
                rowDescription();
            }
            byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
            int at = WireWriter.begin(out, (byte) 'D');
            out.writeShort(1).writeInt(bytes.length).writeBytes(bytes);
            WireWriter.end(out, at);
            WireWriter.commandComplete(out, "SELECT 1");
        }
    }

    @SuppressWarnings("serial")
    private static final class Failure extends RuntimeException {
        final String state;
        final String text;

        Failure(String state, String text) {
            super(text, null, false, false);
            this.state = state;
            this.text = text;
        }
    }

    /** The handler for the next connection. */
    Backend accept() {
        Backend backend = new Backend();
        backends.add(backend);
        return backend;
    }

    /** The backend that logged in last. */
    Backend last() {
        for (int i = backends.size() - 1; i >= 0; i--) {
            if (backends.get(i).started) {
                return backends.get(i);
            }
        }
        throw new IllegalStateException("no backend");
    }
}
