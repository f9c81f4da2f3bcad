package dev.carpool.suspicion;

import io.netty.buffer.ByteBuf;
import java.util.Objects;

/**
 * Reads SQL as it streams by and says what it may do to the session: {@link #begin}, any number of {@link #feed},
 * {@link #end}. It knows PostgreSQL's lexical rules and a little of the grammar, and where that is not enough it errs
 * on the side of suspicion. Text may be cut anywhere, also inside a character. Works for every encoding whose bytes
 * below 0x80 are ASCII wherever they stand; in others (SJIS, BIG5, GBK, UHC, JOHAB, GB18030) a text with other bytes is
 * {@link Suspicion#UNCLEAR}.
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
     * A state machine over bytes that survives the end of a chunk because all it needs is in fields. It hands one token
     * at a time to StatementSuspicion.
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

    /** What is copied out of a buffer without an array at a time, bytes; every client session may have a lexer. */
    private static final int COPY = 256;

    private final StatementSuspicion judge = new StatementSuspicion();
    private final byte[] name = new byte[SqlWords.LONGEST];
    private final byte[] copy = new byte[COPY];

    private int state;
    private Backslash backslash = Backslash.UNKNOWN;
    private boolean asciiBytes = true;
    private int nameLength;
    private int nameHash;
    private int commentDepth;
    private int tagMatched;

    /** Starts a text of one or more statements, with nothing known about backslashes. */
    public void begin() {
        begin(Backslash.UNKNOWN);
    }

    /** Starts a text of one or more statements in an encoding whose bytes below 0x80 are ASCII. */
    public void begin(Backslash backslash) {
        begin(backslash, true);
    }

    /**
     * Starts a text of one or more statements; what was fed before is forgotten.
     *
     * @param asciiBytes whether a byte below 0x80 is ASCII wherever it stands
     */
    public void begin(Backslash backslash, boolean asciiBytes) {
        this.backslash = backslash;
        this.asciiBytes = asciiBytes;
        state = BETWEEN;
        nameLength = 0;
        judge.begin();
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
            case STRING_QUOTE -> judge.token(SqlToken.LITERAL);
            case ESCAPE_STRING_QUOTE -> judge.token(SqlToken.ESCAPE_LITERAL);
            case DASH, SLASH, DOLLAR -> judge.token(SqlToken.OPERATOR_SIGN);
            case DOLLAR_TAG -> endFailedTag();
            // PostgreSQL calls it a syntax error and runs nothing; but perhaps it is us who got lost.
            default -> judge.unclear();
        }
        state = BETWEEN;
        return judge.end();
    }

    /** After {@link #end}: the first statement's first key word; {@code EMPTY} if there is no statement. */
    public StatementKind kind() {
        return judge.kind();
    }

    /** After {@link #end}: how many statements there are, empty ones not counted. */
    public int statements() {
        return judge.statements();
    }

    private void scan(byte[] text, int from, int to) {
        if (!asciiBytes && !isAscii(text, from, to)) {
            judge.unclear();
        }
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

    private static boolean isAscii(byte[] text, int from, int to) {
        for (int i = from; i < to; i++) {
            if (text[i] < 0) {
                return false;
            }
        }
        return true;
    }

    private int between(byte[] text, int from, int to) {
        for (int i = from; i < to; i++) {
            byte c = text[i];
            switch (c) {
                case ' ', '\t', '\n', '\r', '\f', 0x0b, 0 -> {}
                case ',' -> judge.token(SqlToken.COMMA);
                case '.' -> judge.dot();
                case '(' -> judge.leftParen();
                case ')' -> judge.rightParen();
                case ';' -> judge.semicolon();
                case '=' -> judge.token(SqlToken.EQUALS);
                case ':' -> judge.token(judge.last() == SqlToken.COLON ? SqlToken.CAST : SqlToken.COLON);
                case '&' -> judge.token(isLetterU() ? SqlToken.UNICODE_SIGN : SqlToken.OPERATOR_SIGN);
                case '\'' -> {
                    boolean continued = judge.last() == SqlToken.ESCAPE_LITERAL;
                    state = continued || backslash == Backslash.ESCAPE ? ESCAPE_STRING : STRING;
                    return i + 1;
                }
                case '"' -> {
                    if (judge.last() == SqlToken.UNICODE_SIGN) {
                        judge.unclear();
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
                    judge.token(SqlToken.NUMBER);
                    state = NUMBER;
                    return i + 1;
                }
                default -> {
                    if (WORD_BYTE[c & 0xff] != 0) {
                        enter(WORD, i);
                        return inWord(text, i, to);
                    }
                    judge.token(SqlToken.OPERATOR_SIGN);
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
                    judge.unclear();
                    state = STRING_QUOTE;
                } else {
                    state = STRING;
                }
            } else if (c == '\'') {
                state = STRING;
            } else {
                state = BETWEEN;
                judge.token(SqlToken.LITERAL);
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
                judge.token(SqlToken.ESCAPE_LITERAL);
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
                judge.token(SqlToken.OPERATOR_SIGN);
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
                judge.token(SqlToken.OPERATOR_SIGN);
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
            judge.token(SqlToken.PARAMETER);
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
                        judge.token(SqlToken.OPERATOR_SIGN);
                    } else {
                        endFailedTag();
                    }
                    return i;
                }
                state = DOLLAR_TAG;
                if (nameLength == SqlWords.LONGEST) {
                    judge.unclear();
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
                    judge.token(SqlToken.LITERAL);
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
        judge.token(SqlToken.OPERATOR_SIGN);
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
        return judge.last().isNameLike() && nameLength == 1 && name[0] == 'u';
    }

    private void endWord() {
        judge.word(flags());
    }

    private void endQuoted() {
        judge.quoted(flags());
    }

    /** What {@link SqlWords} knows of the name collected. */
    private int flags() {
        if (nameLength > SqlWords.LONGEST) {
            return 0;
        }
        int flags = SqlWords.find(name, nameLength, nameHash);
        return flags == 0 && isNumberedTempSchema() ? SqlWords.TEMP_SCHEMA : flags;
    }

    /** pg_temp_3 is a way to name the own or another session's temporary schema. */
    private boolean isNumberedTempSchema() {
        return nameLength > 8
                && name[0] == 'p'
                && name[1] == 'g'
                && name[2] == '_'
                && name[3] == 't'
                && name[4] == 'e'
                && name[5] == 'm'
                && name[6] == 'p'
                && name[7] == '_';
    }
}
