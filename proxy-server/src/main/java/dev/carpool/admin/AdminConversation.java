package dev.carpool.admin;

import dev.carpool.client.LocalDatabase;
import dev.carpool.error.CarpoolError;
import dev.carpool.error.ErrorReply;
import dev.carpool.error.SqlState;
import dev.carpool.protocol.BackendMessageType;
import dev.carpool.protocol.FrontendMessageType;
import dev.carpool.protocol.ProtocolViolation;
import dev.carpool.protocol.TransactionStatus;
import dev.carpool.protocol.WireReader;
import dev.carpool.protocol.WireWriter;
import io.netty.buffer.ByteBuf;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One client's use of the console: the simple and the extended query protocol (PostgreSQL manual, "Message Flow"), over
 * {@link AdminCommands}. One command at a time. Confined to the client's event loop.
 */
final class AdminConversation implements LocalDatabase.Conversation {
    private static final int MOST_PREPARED = 1000;

    /** What a text parameter is described as. */
    private static final int TEXT_OID = 25;

    private final LocalDatabase.Client client;
    private final ConsoleContext context;
    private final @Nullable AdminRole role;
    private final Map<String, Portal.Prepared> prepared = new HashMap<>();
    private final Map<String, Portal> portals = new HashMap<>();

    /** The rest of a simple query. */
    private final Deque<ConsoleStatement> script = new ArrayDeque<>();

    private boolean simple;
    private @Nullable CommandRun running;
    private @Nullable ByteBuf out;

    /** After an error in the extended protocol: nothing counts before the next Sync. */
    private boolean skipping;

    /** Between BEGIN and COMMIT, which have no other effect. */
    private boolean inTransaction;

    /** Inside {@link #message} or {@link #advance}, which go on by themselves when a command ends at once. */
    private boolean dispatching;

    private boolean closed;

    /** @param role null for a client who may not enter */
    AdminConversation(LocalDatabase.Client client, ConsoleContext context, @Nullable AdminRole role) {
        this.client = client;
        this.context = context;
        this.role = role;
    }

    @Override
    public boolean isAdmitted() {
        return role != null;
    }

    @Override
    public void greet(ByteBuf greeting) {
        WireWriter.parameterStatus(greeting, "server_version", AdminConsole.SERVER_VERSION);
        WireWriter.parameterStatus(greeting, "client_encoding", "UTF8");
        WireWriter.parameterStatus(greeting, "server_encoding", "UTF8");
        WireWriter.parameterStatus(greeting, "DateStyle", "ISO");
        WireWriter.parameterStatus(greeting, "TimeZone", "GMT");
        WireWriter.parameterStatus(greeting, "integer_datetimes", "on");
        WireWriter.parameterStatus(greeting, "standard_conforming_strings", "on");
        WireWriter.parameterStatus(greeting, "is_superuser", role == AdminRole.OPERATOR ? "on" : "off");
        WireWriter.parameterStatus(greeting, "session_authorization", WireWriter.byteString(client.user()));
    }

    @Override
    public boolean isBusy() {
        return running != null;
    }

    @Override
    public void message(ByteBuf whole) {
        byte type = whole.readByte();
        whole.skipBytes(4);
        dispatching = true;
        try {
            if (!skipping || type == FrontendMessageType.SYNC) {
                dispatch(type, whole);
            }
        } catch (IndexOutOfBoundsException tooShort) {
            throw new ProtocolViolation("message too short");
        } finally {
            dispatching = false;
        }
    }

    private void dispatch(byte type, ByteBuf body) {
        switch (type) {
            case FrontendMessageType.QUERY -> query(WireReader.cstring(body));
            case FrontendMessageType.PARSE -> parse(body);
            case FrontendMessageType.BIND -> bind(body);
            case FrontendMessageType.DESCRIBE -> describe(body);
            case FrontendMessageType.EXECUTE -> execute(body);
            case FrontendMessageType.CLOSE -> close(body);
            case FrontendMessageType.SYNC -> sync();
            case FrontendMessageType.FLUSH -> messagesRead();
            case FrontendMessageType.FUNCTION_CALL -> {
                error(unsupported("function calls are not supported on the console"));
                readyForQuery();
            }
            case FrontendMessageType.COPY_DATA, FrontendMessageType.COPY_DONE, FrontendMessageType.COPY_FAIL -> {}
            default -> throw new ProtocolViolation("invalid frontend message type " + (type & 0xff));
        }
    }

    // Simple query

    private void query(String sql) {
        simple = true;
        script.addAll(ConsoleStatement.split(sql));
        if (script.isEmpty()) {
            WireWriter.empty(out(), BackendMessageType.EMPTY_QUERY_RESPONSE);
        }
        advance();
    }

    /** Runs the next commands of the script until one takes its time; then says that all is done. */
    private void advance() {
        while (running == null) {
            ConsoleStatement next = script.poll();
            if (next == null) {
                readyForQuery();
                return;
            }
            start(next, List.of(), new ScriptAnswer());
        }
    }

    private final class ScriptAnswer implements CommandRun.Answer {
        @Override
        public void notice(String message, String detail) {
            WireWriter.notice(out(), "NOTICE", message, detail);
        }

        @Override
        public void completed(@Nullable ResultTable table, String tag) {
            if (table != null) {
                ResultTable.writeDescription(out(), table.columns(), ResultFormats.TEXT);
                for (int i = 0; i < table.size(); i++) {
                    table.writeRow(out(), i, ResultFormats.TEXT);
                }
            }
            WireWriter.commandComplete(out(), tag);
            track(tag);
            ended();
        }

        @Override
        public void failed(ErrorReply reply) {
            error(reply);
            script.clear();
            ended();
        }
    }

    // Extended query

    private void parse(ByteBuf body) {
        String name = WireReader.cstring(body);
        String sql = WireReader.cstring(body);
        int[] types = new int[body.readUnsignedShort()];
        for (int i = 0; i < types.length; i++) {
            types[i] = body.readInt();
        }
        List<ConsoleStatement> statements = ConsoleStatement.split(sql);
        if (statements.size() > 1) {
            fail(new ErrorReply(
                    CarpoolError.Severity.ERROR,
                    SqlState.SYNTAX_ERROR,
                    "cannot insert multiple commands into a prepared statement",
                    ""));
            return;
        }
        if (!name.isEmpty() && prepared.containsKey(name)) {
            fail(CarpoolError.DUPLICATE_STATEMENT.reply(name));
            return;
        }
        if (prepared.size() >= MOST_PREPARED) {
            fail(CarpoolError.TOO_MANY_STATEMENTS.reply(MOST_PREPARED));
            return;
        }
        ConsoleStatement statement = statements.isEmpty() ? null : statements.get(0);
        prepared.put(name, new Portal.Prepared(statement, types));
        WireWriter.empty(out(), BackendMessageType.PARSE_COMPLETE);
    }

    private void bind(ByteBuf body) {
        String portal = WireReader.cstring(body);
        String name = WireReader.cstring(body);
        Portal.Prepared source = prepared.get(name);
        if (source == null) {
            fail(noStatement(name));
            return;
        }
        List<String> parameters = parameters(body);
        ResultFormats formats = ResultFormats.read(body);
        ConsoleStatement statement = source.statement();
        int columns = columns(statement).size();
        int wanted = statement == null ? 0 : statement.parameters();
        if (parameters.size() < wanted || !formats.fits(columns)) {
            fail(new ErrorReply(
                    CarpoolError.Severity.ERROR,
                    SqlState.PROTOCOL_VIOLATION,
                    "bind message does not fit the prepared statement \"" + name + "\"",
                    ""));
            return;
        }
        if (portals.size() >= MOST_PREPARED && !portals.containsKey(portal)) {
            fail(CarpoolError.TOO_MANY_STATEMENTS.reply(MOST_PREPARED));
            return;
        }
        portals.put(portal, new Portal(statement, parameters, formats));
        WireWriter.empty(out(), BackendMessageType.BIND_COMPLETE);
    }

    private static List<String> parameters(ByteBuf body) {
        short[] codes = new short[body.readUnsignedShort()];
        for (int i = 0; i < codes.length; i++) {
            codes[i] = body.readShort();
        }
        int count = body.readUnsignedShort();
        if (codes.length > 1 && codes.length != count) {
            throw new ProtocolViolation("invalid Bind message");
        }
        List<String> values = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int length = body.readInt();
            if (length > body.readableBytes() || length < -1) {
                throw new ProtocolViolation("invalid Bind message");
            }
            boolean binary = codes.length > 0 && codes[codes.length == 1 ? 0 : i] == 1;
            values.add(length < 0 ? "" : ColumnType.parameter(body, length, binary));
        }
        return values;
    }

    private void describe(ByteBuf body) {
        byte kind = body.readByte();
        String name = WireReader.cstring(body);
        if (kind == 'S') {
            Portal.Prepared source = prepared.get(name);
            if (source == null) {
                fail(noStatement(name));
                return;
            }
            describeParameters(source);
            describeRows(columns(source.statement()), ResultFormats.TEXT);
        } else {
            Portal portal = portals.get(name);
            if (portal == null) {
                fail(noPortal(name));
                return;
            }
            describeRows(columns(portal.statement), portal.formats);
        }
    }

    private void describeParameters(Portal.Prepared source) {
        ConsoleStatement statement = source.statement();
        int[] given = source.parameterTypes();
        int count = Math.max(given.length, statement == null ? 0 : statement.parameters());
        int at = WireWriter.begin(out(), BackendMessageType.PARAMETER_DESCRIPTION);
        out().writeShort(count);
        for (int i = 0; i < count; i++) {
            out().writeInt(i < given.length && given[i] != 0 ? given[i] : TEXT_OID);
        }
        WireWriter.end(out(), at);
    }

    private void describeRows(List<Column> columns, ResultFormats formats) {
        if (columns.isEmpty()) {
            WireWriter.empty(out(), BackendMessageType.NO_DATA);
        } else {
            ResultTable.writeDescription(out(), columns, formats);
        }
    }

    private static List<Column> columns(@Nullable ConsoleStatement statement) {
        AdminCommands.Match match = statement == null ? null : AdminCommands.find(statement);
        return match == null ? List.of() : match.row().command().columns();
    }

    private void execute(ByteBuf body) {
        String name = WireReader.cstring(body);
        int most = body.readInt();
        Portal portal = portals.get(name);
        if (portal == null) {
            fail(noPortal(name));
        } else if (portal.statement == null) {
            WireWriter.empty(out(), BackendMessageType.EMPTY_QUERY_RESPONSE);
        } else if (portal.executed) {
            fetch(portal, most);
        } else {
            simple = false;
            start(portal.statement, portal.parameters, new PortalAnswer(portal, most));
        }
    }

    private final class PortalAnswer implements CommandRun.Answer {
        private final Portal portal;
        private final int most;

        PortalAnswer(Portal portal, int most) {
            this.portal = portal;
            this.most = most;
        }

        @Override
        public void notice(String message, String detail) {
            WireWriter.notice(out(), "NOTICE", message, detail);
        }

        @Override
        public void completed(@Nullable ResultTable table, String tag) {
            portal.table = table;
            portal.tag = tag;
            portal.executed = true;
            track(tag);
            fetch(portal, most);
            ended();
        }

        @Override
        public void failed(ErrorReply reply) {
            fail(reply);
            ended();
        }
    }

    /** Writes rows, no more than {@code most} of them unless that is 0. */
    private void fetch(Portal portal, int most) {
        ResultTable table = portal.table;
        int size = table == null ? 0 : table.size();
        int end = most <= 0 ? size : Math.min(size, portal.next + most);
        while (table != null && portal.next < end) {
            table.writeRow(out(), portal.next++, portal.formats);
        }
        if (portal.next < size) {
            WireWriter.empty(out(), BackendMessageType.PORTAL_SUSPENDED);
        } else {
            WireWriter.commandComplete(out(), portal.tag);
        }
    }

    private void close(ByteBuf body) {
        byte kind = body.readByte();
        String name = WireReader.cstring(body);
        if (kind == 'S') {
            prepared.remove(name);
        } else {
            portals.remove(name);
        }
        WireWriter.empty(out(), BackendMessageType.CLOSE_COMPLETE);
    }

    private void sync() {
        skipping = false;
        if (!inTransaction) {
            portals.clear();
        }
        readyForQuery();
    }

    /** An error of the extended protocol. */
    private void fail(ErrorReply reply) {
        error(reply);
        skipping = true;
    }

    // Commands

    /** The dispatcher: finds the command, checks the role, runs it. */
    private void start(ConsoleStatement statement, List<String> parameters, CommandRun.Answer answer) {
        AdminCommands.Match match = AdminCommands.find(statement);
        List<Token> arguments = match == null ? null : match.arguments(parameters);
        AdminRole mine = role;
        if (match == null || arguments == null) {
            answer.failed(CarpoolError.CONSOLE_SYNTAX.reply(statement.shown()));
        } else if (mine == null || !mine.includes(match.row().role())) {
            answer.failed(CarpoolError.CONSOLE_DENIED.reply());
        } else {
            CommandRun run = new CommandRun(context, client.channel().eventLoop(), mine, arguments, answer);
            running = run;
            match.row().command().run(run);
        }
    }

    /** The running command, if it was one at all, has been answered. */
    private void ended() {
        boolean late = running != null && !dispatching;
        running = null;
        if (late && !closed) {
            if (simple) {
                dispatching = true;
                advance();
                dispatching = false;
            }
            if (running == null) {
                client.conversationIdle();
            }
            messagesRead();
        }
    }

    private void track(String tag) {
        if (tag.equals("BEGIN")) {
            inTransaction = true;
        } else if (tag.equals("COMMIT") || tag.equals("ROLLBACK")) {
            inTransaction = false;
        }
    }

    @Override
    public void cancelled() {
        CommandRun run = running;
        if (run != null) {
            run.cancel();
        }
    }

    @Override
    public void closed() {
        closed = true;
        CommandRun run = running;
        if (run != null) {
            run.abandon();
        }
        ByteBuf rest = out;
        out = null;
        if (rest != null) {
            rest.release();
        }
    }

    // Writing

    private ByteBuf out() {
        ByteBuf buffer = out;
        if (buffer == null) {
            buffer = client.channel().alloc().buffer(1024);
            out = buffer;
        }
        return buffer;
    }

    @Override
    public void messagesRead() {
        ByteBuf buffer = out;
        out = null;
        if (buffer != null) {
            client.channel().writeAndFlush(buffer);
        }
    }

    private void readyForQuery() {
        simple = false;
        WireWriter.readyForQuery(out(), inTransaction ? TransactionStatus.IN_TRANSACTION : TransactionStatus.IDLE);
    }

    private void error(ErrorReply reply) {
        WireWriter.error(out(), reply.severity().name(), reply.sqlState(), reply.message(), reply.hint());
    }

    private static ErrorReply unsupported(String message) {
        return new ErrorReply(CarpoolError.Severity.ERROR, SqlState.FEATURE_NOT_SUPPORTED, message, "");
    }

    private static ErrorReply noStatement(String name) {
        return new ErrorReply(
                CarpoolError.Severity.ERROR,
                SqlState.INVALID_STATEMENT_NAME,
                "prepared statement \"" + name + "\" does not exist",
                "");
    }

    private static ErrorReply noPortal(String name) {
        return new ErrorReply(
                CarpoolError.Severity.ERROR,
                SqlState.INVALID_CURSOR_NAME,
                "portal \"" + name + "\" does not exist",
                "");
    }
}
