package dev.carpool.suspicion;

import io.netty.buffer.ByteBuf;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;

/**
 * Reads SQL as it streams by and says what it may do to the session: {@link #begin}, any number of {@link #feed},
 * {@link #end}. It knows PostgreSQL's lexical rules and a little of the grammar, and where that is not enough it errs
 * on the side of suspicion. Text may be cut anywhere, also inside a character. Works for every encoding whose bytes
 * below 0x80 are ASCII wherever they stand; for SJIS, BIG5, GBK, UHC, JOHAB and GB18030, treat the text as
 * {@link Suspicion#UNCLEAR} when it has other bytes.
 *
 * <p>Confined to one thread at a time; keeps nothing of the text. Allocates only when made. After {@link #end} it can
 * begin again.
 */
public final class SqlLexer {
    /** What is known of standard_conforming_strings, which decides about backslashes in '…'. */
    public enum Backslash {
        /** The setting is on: a backslash is a character like any other. */
        PLAIN,
        /** The setting is off: a backslash escapes the next character. */
        ESCAPE,
        /** Not known: where it matters the text is {@link Suspicion#UNCLEAR}. */
        UNKNOWN
    }

    /*
     * Two layers. The lower one is a state machine over bytes (state, scan); it survives the end of a chunk because
     * all it needs is in fields. It tells the upper layer (word, token) one token at a time. The upper layer keeps the
     * last token and the one before the last name, which is enough to tell a call "f (" from the table of
     * "insert into t (", the alias of "from x as t (" and so on.
     */

    private static final int BETWEEN = 0;
    private static final int WORD = 1;
    private static final int QUOTED = 2;
    private static final int QUOTED_QUOTE = 3;
    private static final int STRING = 4;
    private static final int STRING_BACKSLASH = 5;
    private static final int STRING_QUOTE = 6;
    private static final int ESCAPE_STRING = 7;
    private static final int ESCAPE_STRING_BACKSLASH = 8;
    private static final int ESCAPE_STRING_QUOTE = 9;
    private static final int DASH = 10;
    private static final int LINE_COMMENT = 11;
    private static final int SLASH = 12;
    private static final int COMMENT = 13;
    private static final int COMMENT_STAR = 14;
    private static final int COMMENT_SLASH = 15;
    private static final int DOLLAR = 16;
    private static final int DOLLAR_TAG = 17;
    private static final int DOLLAR_STRING = 18;
    private static final int PARAMETER = 19;
    private static final int NUMBER = 20;

    /** For a byte that may stand in a word its lower-case form, else 0. */
    private static final byte[] WORD_BYTE = new byte[256];

    static {
        for (int c = 0; c < 256; c++) {
            boolean upper = c >= 'A' && c <= 'Z';
            boolean other = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '$' || c >= 0x80;
            if (upper || other) {
                WORD_BYTE[c] = (byte) (upper ? c + 32 : c);
            }
        }
    }

    private static final Map<SqlToken, StatementKind> KINDS = new EnumMap<>(SqlToken.class);

    static {
        for (StatementKind kind : StatementKind.values()) {
            if (kind != StatementKind.EMPTY && kind != StatementKind.OTHER) {
                KINDS.put(SqlToken.valueOf(kind.name()), kind);
            }
        }
    }

    /** More levels of parentheses than this are {@link Suspicion#UNCLEAR}. */
    private static final int DEEPEST = 63;

    /** What is copied out of a buffer without an array at a time, bytes. */
    private static final int COPY = 1024;

    private final byte[] name = new byte[SqlWords.LONGEST];
    private final byte[] copy = new byte[COPY];

    private int state;
    private Backslash backslash = Backslash.UNKNOWN;
    private int nameLength;
    private int nameHash;
    private int commentDepth;
    private int tagMatched;

    private int reasons;
    private int statements;
    private StatementKind firstKind = StatementKind.EMPTY;
    private boolean insideAtomicBody;

    // About the statement being read.
    private StatementKind kind = StatementKind.EMPTY;
    private SqlToken last = SqlToken.NOTHING;
    private SqlToken beforeName = SqlToken.NOTHING;
    private int nameFlags;
    private boolean nameQuoted;
    private boolean qualified;
    private int schemaFlags;
    private boolean atStart;
    /** The first words of a statement whose meaning the next token decides, else NOTHING. */
    private SqlToken undecided = SqlToken.NOTHING;

    private boolean declares;
    private boolean createsIndex;
    private boolean sawSelect;
    private boolean insertsInto;
    private int depth;
    /** Bit per level: this parenthesis belongs to an operator or to DISTINCT ON; an operand follows it. */
    private long operandFollows;
    /** Bit per level: a list of common table expressions is being read. */
    private long withList;
    /** The level inside the parentheses of a set_config call, or -1. */
    private int setConfigDepth;

    /** Starts a text of one or more statements, with nothing known about backslashes. */
    public void begin() {
        begin(Backslash.UNKNOWN);
    }

    /** Starts a text of one or more statements; what was fed before is forgotten. */
    public void begin(Backslash backslash) {
        this.backslash = backslash;
        state = BETWEEN;
        nameLength = 0;
        reasons = Suspicion.NONE;
        statements = 0;
        firstKind = StatementKind.EMPTY;
        insideAtomicBody = false;
        beginStatement();
    }

    /**
     * Reads {@code text[from, to)}, absolute indexes, without the terminating zero. Does not change the buffer's
     * indexes and keeps no reference.
     *
     * @throws IndexOutOfBoundsException if the range is not inside the buffer's capacity
     */
    public void feed(ByteBuf text, int from, int to) {
        Objects.checkFromToIndex(from, to, text.capacity());
        if (text.hasArray()) {
            scan(text.array(), text.arrayOffset() + from, text.arrayOffset() + to);
            return;
        }
        for (int index = from; index < to; ) {
            int length = Math.min(to - index, COPY);
            text.getBytes(index, copy, 0, length);
            scan(copy, 0, length);
            index += length;
        }
    }

    /** Ends the text. Returns the reasons found in all its statements, bits of {@link Suspicion}. */
    public int end() {
        switch (state) {
            case BETWEEN, LINE_COMMENT, PARAMETER, NUMBER -> {}
            case WORD -> endWord();
            case QUOTED_QUOTE -> endQuoted();
            case STRING_QUOTE -> token(SqlToken.LITERAL);
            case ESCAPE_STRING_QUOTE -> token(SqlToken.ESCAPE_LITERAL);
            case DASH, SLASH, DOLLAR -> token(SqlToken.OPERATOR_SIGN);
            case DOLLAR_TAG -> endFailedTag();
            // PostgreSQL calls it a syntax error and runs nothing; but perhaps it is us who got lost.
            default -> reasons |= Suspicion.UNCLEAR;
        }
        state = BETWEEN;
        endStatement();
        return reasons;
    }

    /** After {@link #end}: the first statement's first key word; {@code EMPTY} if there is no statement. */
    public StatementKind kind() {
        return firstKind;
    }

    /** After {@link #end}: how many statements there are, empty ones not counted. */
    public int statements() {
        return statements;
    }

    private void scan(byte[] text, int from, int to) {
        int i = from;
        while (i < to) {
            i = switch (state) {
                case BETWEEN -> between(text, i, to);
                case WORD -> inWord(text, i, to);
                case QUOTED, QUOTED_QUOTE -> inQuoted(text, i, to);
                case STRING, STRING_BACKSLASH, STRING_QUOTE -> inString(text, i, to);
                case ESCAPE_STRING, ESCAPE_STRING_BACKSLASH, ESCAPE_STRING_QUOTE -> inEscapeString(text, i, to);
                case DASH, LINE_COMMENT -> inLineComment(text, i, to);
                case SLASH, COMMENT, COMMENT_STAR, COMMENT_SLASH -> inComment(text, i, to);
                case DOLLAR, DOLLAR_TAG, DOLLAR_STRING -> inDollar(text, i, to);
                default -> inNumber(text, i, to);
            };
        }
    }

    private int between(byte[] text, int from, int to) {
        for (int i = from; i < to; i++) {
            byte c = text[i];
            switch (c) {
                case ' ', '\t', '\n', '\r', '\f', 0x0b, 0 -> {}
                case ',' -> token(SqlToken.COMMA);
                case '.' -> dot();
                case '(' -> leftParen();
                case ')' -> rightParen();
                case ';' -> semicolon();
                case '=' -> token(SqlToken.EQUALS);
                case ':' -> token(last == SqlToken.COLON ? SqlToken.CAST : SqlToken.COLON);
                case '&' -> token(isLetterU() ? SqlToken.UNICODE_SIGN : SqlToken.OPERATOR_SIGN);
                case '\'' -> {
                    boolean continued = last == SqlToken.ESCAPE_LITERAL;
                    state = continued || backslash == Backslash.ESCAPE ? ESCAPE_STRING : STRING;
                    return i + 1;
                }
                case '"' -> {
                    if (last == SqlToken.UNICODE_SIGN) {
                        reasons |= Suspicion.UNCLEAR;
                    }
                    return enter(QUOTED, i);
                }
                case '-' -> {
                    state = DASH;
                    return i + 1;
                }
                case '/' -> {
                    state = SLASH;
                    return i + 1;
                }
                case '$' -> {
                    return enter(DOLLAR, i);
                }
                case '0', '1', '2', '3', '4', '5', '6', '7', '8', '9' -> {
                    token(SqlToken.NUMBER);
                    state = NUMBER;
                    return i + 1;
                }
                default -> {
                    if (WORD_BYTE[c & 0xff] != 0) {
                        enter(WORD, i);
                        return inWord(text, i, to);
                    }
                    token(SqlToken.OPERATOR_SIGN);
                }
            }
        }
        return to;
    }

    /** Enters a state that collects a name, behind the byte at {@code index}. */
    private int enter(int newState, int index) {
        state = newState;
        nameLength = 0;
        nameHash = SqlWords.HASH_START;
        return index + 1;
    }

    private int inWord(byte[] text, int from, int to) {
        int length = nameLength;
        int hash = nameHash;
        int i = from;
        byte c = 0;
        while (i < to && (c = WORD_BYTE[text[i] & 0xff]) != 0) {
            if (length < SqlWords.LONGEST) {
                name[length] = c;
            }
            length++;
            hash = SqlWords.hash(hash, c);
            i++;
        }
        nameLength = length;
        nameHash = hash;
        if (i == to) {
            return to;
        }
        if (text[i] == '\'' && length == 1 && name[0] == 'e') {
            state = ESCAPE_STRING;
            return i + 1;
        }
        state = BETWEEN;
        endWord();
        return i;
    }

    private int inQuoted(byte[] text, int from, int to) {
        for (int i = from; i < to; i++) {
            byte c = text[i];
            if (state == QUOTED_QUOTE) {
                if (c != '"') {
                    state = BETWEEN;
                    endQuoted();
                    return i;
                }
                state = QUOTED;
            } else if (c == '"') {
                state = QUOTED_QUOTE;
                continue;
            }
            if (nameLength < SqlWords.LONGEST) {
                name[nameLength] = c;
            }
            nameLength++;
            nameHash = SqlWords.hash(nameHash, c);
        }
        return to;
    }

    private int inString(byte[] text, int from, int to) {
        for (int i = from; i < to; i++) {
            byte c = text[i];
            if (state == STRING) {
                if (c == '\'') {
                    state = STRING_QUOTE;
                } else if (c == '\\' && backslash == Backslash.UNKNOWN) {
                    state = STRING_BACKSLASH;
                }
            } else if (state == STRING_BACKSLASH) {
                if (c == '\'') {
                    reasons |= Suspicion.UNCLEAR;
                    state = STRING_QUOTE;
                } else {
                    state = STRING;
                }
            } else if (c == '\'') {
                state = STRING;
            } else {
                state = BETWEEN;
                token(SqlToken.LITERAL);
                return i;
            }
        }
        return to;
    }

    private int inEscapeString(byte[] text, int from, int to) {
        for (int i = from; i < to; i++) {
            byte c = text[i];
            if (state == ESCAPE_STRING) {
                if (c == '\'') {
                    state = ESCAPE_STRING_QUOTE;
                } else if (c == '\\') {
                    state = ESCAPE_STRING_BACKSLASH;
                }
            } else if (state == ESCAPE_STRING_BACKSLASH || c == '\'') {
                state = ESCAPE_STRING;
            } else {
                state = BETWEEN;
                token(SqlToken.ESCAPE_LITERAL);
                return i;
            }
        }
        return to;
    }

    private int inLineComment(byte[] text, int from, int to) {
        int i = from;
        if (state == DASH) {
            if (text[i] != '-') {
                state = BETWEEN;
                token(SqlToken.OPERATOR_SIGN);
                return i;
            }
            state = LINE_COMMENT;
            i++;
        }
        while (i < to && text[i] != '\n' && text[i] != '\r') {
            i++;
        }
        if (i < to) {
            state = BETWEEN;
        }
        return i;
    }

    private int inComment(byte[] text, int from, int to) {
        int i = from;
        if (state == SLASH) {
            if (text[i] != '*') {
                state = BETWEEN;
                token(SqlToken.OPERATOR_SIGN);
                return i;
            }
            state = COMMENT;
            commentDepth = 1;
            i++;
        }
        for (; i < to; i++) {
            byte c = text[i];
            if (c == '*') {
                if (state == COMMENT_SLASH) {
                    commentDepth++;
                    state = COMMENT;
                } else {
                    state = COMMENT_STAR;
                }
            } else if (c == '/') {
                if (state != COMMENT_STAR) {
                    state = COMMENT_SLASH;
                } else if (--commentDepth > 0) {
                    state = COMMENT;
                } else {
                    state = BETWEEN;
                    return i + 1;
                }
            } else {
                state = COMMENT;
            }
        }
        return to;
    }

    private int inDollar(byte[] text, int from, int to) {
        int i = from;
        if (state == DOLLAR && text[i] >= '0' && text[i] <= '9') {
            token(SqlToken.PARAMETER);
            state = PARAMETER;
            return i;
        }
        if (state != DOLLAR_STRING) {
            for (; i < to; i++) {
                byte c = text[i];
                if (c == '$') {
                    tagMatched = 0;
                    state = DOLLAR_STRING;
                    i++;
                    break;
                }
                boolean tagByte = WORD_BYTE[c & 0xff] != 0 && (state == DOLLAR_TAG || c < '0' || c > '9');
                if (!tagByte) {
                    boolean bare = state == DOLLAR;
                    state = BETWEEN;
                    if (bare) {
                        token(SqlToken.OPERATOR_SIGN);
                    } else {
                        endFailedTag();
                    }
                    return i;
                }
                state = DOLLAR_TAG;
                if (nameLength == SqlWords.LONGEST) {
                    reasons |= Suspicion.UNCLEAR;
                } else {
                    name[nameLength++] = c;
                }
            }
        }
        return inDollarString(text, i, to);
    }

    /** tagMatched: how many bytes of $tag$ have just been seen. */
    private int inDollarString(byte[] text, int from, int to) {
        if (state != DOLLAR_STRING) {
            return from;
        }
        for (int i = from; i < to; i++) {
            byte c = text[i];
            if (c == '$') {
                if (tagMatched == nameLength + 1) {
                    state = BETWEEN;
                    token(SqlToken.LITERAL);
                    return i + 1;
                }
                tagMatched = 1;
            } else if (tagMatched > 0) {
                boolean goesOn = tagMatched <= nameLength && name[tagMatched - 1] == c;
                tagMatched = goesOn ? tagMatched + 1 : 0;
            }
        }
        return to;
    }

    /** What began like $tag$ but had no second dollar: a stray sign and a word. */
    private void endFailedTag() {
        token(SqlToken.OPERATOR_SIGN);
        int hash = SqlWords.HASH_START;
        for (int i = 0; i < nameLength; i++) {
            name[i] = WORD_BYTE[name[i] & 0xff];
            hash = SqlWords.hash(hash, name[i]);
        }
        nameHash = hash;
        endWord();
    }

    /** Digits and dots; exponents and the like become words, which does no harm. */
    private int inNumber(byte[] text, int from, int to) {
        int i = from;
        while (i < to && ((text[i] >= '0' && text[i] <= '9') || (text[i] == '.' && state == NUMBER))) {
            i++;
        }
        if (i < to) {
            state = BETWEEN;
        }
        return i;
    }

    private boolean isLetterU() {
        return last.isNameLike() && nameLength == 1 && name[0] == 'u';
    }

    private int flags() {
        return nameLength <= SqlWords.LONGEST ? SqlWords.find(name, nameLength, nameHash) : 0;
    }

    private void endWord() {
        int flags = flags();
        boolean keyword = last != SqlToken.DOT && (flags & (SqlWords.KEYWORD | SqlWords.UNRESERVED)) != 0;
        nameOrKeyword(flags, false);
        if (keyword) {
            int number = flags & SqlWords.TOKEN;
            keyword(number == 0 ? SqlToken.OTHER_WORD : SqlToken.of(number));
        } else {
            token(SqlToken.NAME);
        }
    }

    private void endQuoted() {
        nameOrKeyword(flags(), true);
        token(SqlToken.NAME);
    }

    /** Remembers a name or its next part, for the parenthesis or the dot that may follow. */
    private void nameOrKeyword(int flags, boolean quoted) {
        qualified = last == SqlToken.DOT;
        if (!qualified) {
            beforeName = last;
            schemaFlags = 0;
        }
        nameFlags = flags;
        nameQuoted = quoted;
        if ((flags & SqlWords.TELLING_NAME) != 0) {
            tellingName(flags);
        } else if (flags == 0 && isNumberedTempSchema()) {
            nameFlags = SqlWords.TEMP_SCHEMA;
            reasons |= Suspicion.TEMP;
        }
    }

    private void tellingName(int flags) {
        if ((flags & SqlWords.TEMP_SCHEMA) != 0) {
            reasons |= Suspicion.TEMP;
        }
        if ((flags & SqlWords.SESSION_VIEW) != 0) {
            reasons |= Suspicion.SESSION_VIEW;
        }
        boolean updated = beforeName == SqlToken.UPDATE || beforeName == SqlToken.ONLY || beforeName == SqlToken.INTO;
        if ((flags & SqlWords.PG_SETTINGS) != 0 && updated) {
            reasons |= Suspicion.SET_CONFIG;
        }
    }

    /** pg_temp_3 is a way to name the own or another session's temporary schema. */
    private boolean isNumberedTempSchema() {
        return nameLength > 8
                && nameLength <= SqlWords.LONGEST
                && name[0] == 'p'
                && name[1] == 'g'
                && name[2] == '_'
                && name[3] == 't'
                && name[4] == 'e'
                && name[5] == 'm'
                && name[6] == 'p'
                && name[7] == '_';
    }

    private void keyword(SqlToken word) {
        SqlToken before = last;
        boolean starts = atStart;
        token(word);
        if (starts) {
            start(word, before);
            return;
        }
        switch (word) {
            case SELECT -> {
                sawSelect = true;
                withList &= ~(1L << depth);
            }
            case INSERT, UPDATE, DELETE, MERGE, VALUES, TABLE -> withList &= ~(1L << depth);
            case WITH -> {
                if (before == SqlToken.LEFT_PAREN || (before == SqlToken.AS && !sawSelect)) {
                    withList |= 1L << depth;
                }
            }
            case INTO -> insertsInto = before == SqlToken.INSERT || before == SqlToken.MERGE;
            case TEMP, TEMPORARY -> {
                if (beginsTemporary(before)) {
                    reasons |= Suspicion.TEMP;
                }
            }
            case HOLD -> {
                if (declares && before == SqlToken.WITH) {
                    reasons |= Suspicion.HELD_CURSOR;
                }
            }
            case EXECUTE -> {
                if (before == SqlToken.AS) {
                    reasons |= Suspicion.SQL_PREPARE;
                }
            }
            case INDEX -> createsIndex |= kind == StatementKind.CREATE && !sawSelect;
            case ATOMIC -> {
                // From here a semicolon does not end the statement, and where it does again is hard to tell.
                if (before == SqlToken.BEGIN && kind == StatementKind.CREATE) {
                    insideAtomicBody = true;
                    reasons |= Suspicion.UNCLEAR;
                }
            }
            case UESCAPE -> reasons |= Suspicion.UNCLEAR;
            default -> {}
        }
    }

    private boolean beginsTemporary(SqlToken before) {
        return before == SqlToken.CREATE
                || before == SqlToken.REPLACE
                || before == SqlToken.GLOBAL
                || before == SqlToken.LOCAL
                || (before == SqlToken.INTO && !insertsInto);
    }

    /** The first key word of a statement, or of the one behind EXPLAIN. */
    private void start(SqlToken word, SqlToken before) {
        if (kind == StatementKind.EXPLAIN) {
            boolean analyze = word == SqlToken.ANALYZE && before == SqlToken.EXPLAIN;
            boolean option = depth > 0 || analyze || word == SqlToken.VERBOSE;
            if (option) {
                return;
            }
        } else {
            kind = KINDS.getOrDefault(word, StatementKind.OTHER);
        }
        atStart = word == SqlToken.EXPLAIN;
        switch (word) {
            case SET, PREPARE -> undecided = word;
            case RESET -> reasons |= Suspicion.SET;
            case DISCARD -> reasons |= Suspicion.SET | Suspicion.DISCARD;
            case EXECUTE, DEALLOCATE -> reasons |= Suspicion.SQL_PREPARE;
            case LISTEN, UNLISTEN -> reasons |= Suspicion.LISTEN;
            case NOTIFY -> reasons |= Suspicion.NOTIFY;
            case LOAD -> reasons |= Suspicion.LOAD;
            case DO, CALL -> reasons |= Suspicion.DO_OR_CALL;
            case DECLARE -> {
                declares = true;
                reasons |= Suspicion.CURSOR;
            }
            case BEGIN, START, END, ABORT, SAVEPOINT, RELEASE -> reasons |= Suspicion.TRANSACTION;
            case COMMIT, ROLLBACK -> {
                reasons |= Suspicion.TRANSACTION;
                undecided = word;
            }
            case SELECT -> sawSelect = true;
            case WITH -> withList |= 1L << depth;
            default -> {}
        }
    }

    /** The token behind the first words of SET, PREPARE, COMMIT and ROLLBACK. */
    private void decide(SqlToken next) {
        SqlToken first = undecided;
        undecided = SqlToken.NOTHING;
        switch (first) {
            case SET -> {
                boolean transactionOnly =
                        next == SqlToken.LOCAL || next == SqlToken.TRANSACTION || next == SqlToken.CONSTRAINTS;
                if (transactionOnly) {
                    undecided = SqlToken.LOCAL;
                } else {
                    reasons |= Suspicion.SET;
                }
            }
            case LOCAL -> {
                // "set local.x = 1" and "set transaction.x = 1" are custom settings, for the session.
                if (next == SqlToken.DOT || next == SqlToken.EQUALS || next == SqlToken.TO) {
                    reasons |= Suspicion.SET;
                }
            }
            case PREPARE -> {
                if (next == SqlToken.TRANSACTION) {
                    undecided = SqlToken.TRANSACTION;
                } else {
                    reasons |= Suspicion.SQL_PREPARE;
                }
            }
            case TRANSACTION -> {
                boolean twoPhase = next == SqlToken.LITERAL || next == SqlToken.ESCAPE_LITERAL;
                reasons |= twoPhase ? Suspicion.TWO_PHASE | Suspicion.TRANSACTION : Suspicion.SQL_PREPARE;
            }
            default -> {
                if (next == SqlToken.PREPARED) {
                    reasons |= Suspicion.TWO_PHASE;
                }
            }
        }
    }

    private void token(SqlToken token) {
        if (undecided != SqlToken.NOTHING) {
            decide(token);
        }
        last = token;
    }

    private void dot() {
        if (last.isNameLike()) {
            // In a.b.c the last qualifier counts; anything but a system schema in front of it is unusual.
            schemaFlags = qualified ? schemaFlags & nameFlags : nameFlags;
        } else {
            beforeName = SqlToken.OPERATOR_SIGN;
            schemaFlags = 0;
        }
        token(SqlToken.DOT);
    }

    private void leftParen() {
        SqlToken opener = last;
        if (opener.isNameLike()) {
            perhapsCall();
        }
        token(SqlToken.LEFT_PAREN);
        if (depth == DEEPEST) {
            reasons |= Suspicion.UNCLEAR;
            return;
        }
        depth++;
        long level = 1L << depth;
        boolean operand = opener == SqlToken.OPERATOR || (opener == SqlToken.ON && beforeName == SqlToken.DISTINCT);
        operandFollows = operand ? operandFollows | level : operandFollows & ~level;
        withList &= ~level;
    }

    private void rightParen() {
        if (depth == setConfigDepth) {
            endSetConfig();
        }
        boolean operand = (operandFollows & 1L << depth) != 0;
        token(operand ? SqlToken.OPERATOR_SIGN : SqlToken.RIGHT_PAREN);
        if (depth > 0) {
            depth--;
        }
    }

    /** {@code set_config(a, b, true)} ends with its transaction; everything else in the third place may not. */
    private void endSetConfig() {
        setConfigDepth = -1;
        boolean local = last == SqlToken.TRUE && beforeName == SqlToken.COMMA;
        if (!local) {
            reasons |= Suspicion.SET_CONFIG;
        }
    }

    /** A name or key word, then a left parenthesis. */
    private void perhapsCall() {
        int flags = nameFlags;
        boolean plain = !qualified && !nameQuoted;
        if (plain && (flags & SqlWords.KEYWORD) != 0) {
            return;
        }
        if ((flags & SqlWords.TELLING_FUNCTION) != 0) {
            tellingCall(flags);
        }
        boolean system = !qualified || (schemaFlags & SqlWords.SYSTEM_SCHEMA) != 0;
        if (system && (flags & SqlWords.HARMLESS) != 0) {
            return;
        }
        boolean beforeParen = plain && (flags & SqlWords.BEFORE_PAREN) != 0;
        boolean unreserved = plain && (flags & SqlWords.UNRESERVED) != 0;
        if (!beforeParen && !isNoCall(unreserved)) {
            reasons |= Suspicion.UNKNOWN_CALL;
        }
    }

    private void tellingCall(int flags) {
        if ((flags & SqlWords.ADVISORY_LOCK) != 0) {
            reasons |= Suspicion.ADVISORY_LOCK;
        }
        if ((flags & SqlWords.SEQUENCE) != 0) {
            reasons |= Suspicion.SEQUENCE;
        }
        if ((flags & SqlWords.HIDDEN_STATE) != 0) {
            reasons |= Suspicion.HIDDEN_STATE;
        }
        if ((flags & SqlWords.NOTIFY) != 0) {
            reasons |= Suspicion.NOTIFY;
        }
        if ((flags & SqlWords.SET_CONFIG) != 0) {
            if (setConfigDepth >= 0 || depth == DEEPEST) {
                reasons |= Suspicion.SET_CONFIG;
            } else {
                setConfigDepth = depth + 1;
            }
        }
    }

    /** Whether what stands before the name makes it a table, an alias, a type or the like. */
    private boolean isNoCall(boolean unreservedKeyword) {
        boolean definition = kind == StatementKind.CREATE && !sawSelect;
        return switch (beforeName) {
            case NOTHING,
                    NAME,
                    RIGHT_PAREN,
                    CAST,
                    AS,
                    INTO,
                    TABLE,
                    EXISTS,
                    REFERENCES,
                    VIEW,
                    FUNCTION,
                    PROCEDURE,
                    ROUTINE,
                    AGGREGATE,
                    COPY,
                    PREPARE,
                    EXECUTE,
                    CALL,
                    TYPE,
                    OF,
                    TABLESAMPLE,
                    WITH,
                    RECURSIVE -> true;
            case COMMA -> (withList & 1L << depth) != 0;
            case ON, ONLY -> createsIndex && depth == 0;
            case USING, BY -> definition;
            case ANALYZE, VERBOSE, VACUUM -> kind == StatementKind.ANALYZE || kind == StatementKind.VACUUM;
            default -> unreservedKeyword && (definition || kind == StatementKind.ALTER);
        };
    }

    private void semicolon() {
        if (depth > 0 || insideAtomicBody) {
            token(SqlToken.OPERATOR_SIGN);
        } else {
            endStatement();
        }
    }

    private void endStatement() {
        if (undecided != SqlToken.NOTHING) {
            decide(SqlToken.NOTHING);
        }
        if (setConfigDepth >= 0) {
            reasons |= Suspicion.SET_CONFIG;
        }
        if (last != SqlToken.NOTHING) {
            if (kind == StatementKind.EMPTY) {
                kind = StatementKind.OTHER;
            }
            if (statements++ == 0) {
                firstKind = kind;
            }
        }
        beginStatement();
    }

    private void beginStatement() {
        kind = StatementKind.EMPTY;
        last = SqlToken.NOTHING;
        beforeName = SqlToken.NOTHING;
        nameFlags = 0;
        nameQuoted = false;
        qualified = false;
        schemaFlags = 0;
        atStart = true;
        undecided = SqlToken.NOTHING;
        declares = false;
        createsIndex = false;
        sawSelect = false;
        insertsInto = false;
        depth = 0;
        operandFollows = 0;
        withList = 0;
        setConfigDepth = -1;
    }
}
