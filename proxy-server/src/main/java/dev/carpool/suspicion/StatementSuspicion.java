package dev.carpool.suspicion;

import java.util.EnumMap;
import java.util.Map;

/**
 * Judges the tokens of a text, one after the other: what its statements may do to the session. Knows a little of
 * PostgreSQL's grammar and where that is not enough errs on the side of suspicion. Used by {@link SqlLexer} alone.
 */
final class StatementSuspicion {
    /*
     * It keeps the last token and the one before the last name, which is enough to tell a call "f (" from the table of
     * "insert into t (", the alias of "from x as t (" and so on.
     */

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

    private int reasons;
    private int statements;
    private StatementKind firstKind = StatementKind.EMPTY;
    private boolean insideAtomicBody;

    /** A statement before this one may have advanced a sequence. */
    private boolean advanced;

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
    private boolean sawSelect;
    private boolean insertsInto;
    private int depth;
    /** Bit per level: this parenthesis belongs to an operator or to DISTINCT ON; an operand follows it. */
    private long operandFollows;
    /** Bit per level: a list of common table expressions is being read. */
    private long withList;
    /** The level inside the parentheses of a set_config call, or -1. */
    private int setConfigDepth;

    /** Forgets the text before. */
    void begin() {
        reasons = Suspicion.NONE;
        statements = 0;
        firstKind = StatementKind.EMPTY;
        insideAtomicBody = false;
        advanced = false;
        beginStatement();
    }

    /** Ends the text and returns the reasons found in it. */
    int end() {
        endStatement();
        return reasons;
    }

    StatementKind kind() {
        return firstKind;
    }

    int statements() {
        return statements;
    }

    SqlToken last() {
        return last;
    }

    void unclear() {
        reasons |= Suspicion.UNCLEAR;
    }

    /** A word without quotes, and what {@link SqlWords} knows of it. */
    void word(int flags) {
        boolean keyword = last != SqlToken.DOT && (flags & (SqlWords.KEYWORD | SqlWords.UNRESERVED)) != 0;
        name(flags, false);
        if (keyword) {
            int number = flags & SqlWords.TOKEN;
            keyword(number == 0 ? SqlToken.OTHER_WORD : SqlToken.of(number));
        } else {
            token(SqlToken.NAME);
        }
    }

    /** A name in double quotes. */
    void quoted(int flags) {
        if (isOfSettings()) {
            reasons |= Suspicion.CUSTOM; // a setting may be quoted in any case
        }
        name(flags, true);
        token(SqlToken.NAME);
    }

    /** Remembers a name or its next part, for the parenthesis or the dot that may follow. */
    private void name(int flags, boolean quoted) {
        qualified = last == SqlToken.DOT;
        if (!qualified) {
            beforeName = last;
            schemaFlags = 0;
        }
        nameFlags = flags;
        nameQuoted = quoted;
        if ((flags & SqlWords.TELLING_NAME) != 0) {
            tellingName(flags);
        }
    }

    /** Whether the statement is one that sets something, or lets it go back. */
    private boolean isOfSettings() {
        return kind == StatementKind.SET || kind == StatementKind.RESET || kind == StatementKind.DISCARD;
    }

    private void tellingName(int flags) {
        if ((flags & SqlWords.MEANING) != 0 && isOfSettings()) {
            reasons |= Suspicion.CUSTOM;
        }
        if ((flags & SqlWords.TEMP_SCHEMA) != 0) {
            reasons |= Suspicion.TEMP;
        }
        if ((flags & SqlWords.PROCESS_VIEW) != 0) {
            reasons |= Suspicion.OTHERS;
        }
        if ((flags & SqlWords.SESSION_VIEW) != 0) {
            reasons |= Suspicion.SESSION_VIEW;
        }
        boolean code = kind == StatementKind.CREATE || kind == StatementKind.DO;
        if ((flags & SqlWords.KEEPING_LANGUAGE) != 0 && last == SqlToken.LANGUAGE && code) {
            reasons |= Suspicion.HIDDEN_STATE; // what it keeps, it keeps in the server process
        }
        boolean updated = beforeName == SqlToken.UPDATE || beforeName == SqlToken.ONLY || beforeName == SqlToken.INTO;
        if ((flags & SqlWords.PG_SETTINGS) != 0 && updated) {
            reasons |= Suspicion.SET_CONFIG;
        }
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
            case INSERT, UPDATE, DELETE, MERGE -> {
                withList &= ~(1L << depth);
                if (before == SqlToken.LEFT_PAREN || before == SqlToken.RIGHT_PAREN) {
                    changes(word); // behind WITH, or in it
                }
            }
            case VALUES, TABLE -> withList &= ~(1L << depth);
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
            case ATOMIC -> {
                // From here a semicolon does not end the statement, and where it does again is hard to tell.
                if (before == SqlToken.BEGIN && kind == StatementKind.CREATE) {
                    insideAtomicBody = true;
                    reasons |= Suspicion.UNCLEAR;
                }
            }
            case DEFAULT -> {
                if (kind == StatementKind.SET) {
                    reasons |= Suspicion.SET; // behind LOCAL as well: it goes back for the transaction
                }
            }
            case UESCAPE -> reasons |= Suspicion.UNCLEAR;
            case DATABASE, GROUP, ROLE, USER -> {
                if (before == SqlToken.CREATE || before == SqlToken.ALTER || before == SqlToken.DROP) {
                    reasons |= Suspicion.OTHERS;
                }
            }
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
            case EXECUTE -> reasons |= Suspicion.SQL_PREPARE | Suspicion.INSERTS;
            case DEALLOCATE -> reasons |= Suspicion.SQL_PREPARE;
            case INSERT, MERGE, COPY, UPDATE, DELETE, ALTER -> changes(word);
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

    private void changes(SqlToken word) {
        boolean inserts = word == SqlToken.INSERT || word == SqlToken.MERGE || word == SqlToken.COPY;
        reasons |= inserts ? Suspicion.INSERTS : Suspicion.CHANGES;
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

    void token(SqlToken token) {
        if (undecided != SqlToken.NOTHING) {
            decide(token);
        }
        last = token;
    }

    void dot() {
        if (last.isNameLike()) {
            // In a.b.c the last qualifier counts; anything but a system schema in front of it is unusual.
            schemaFlags = qualified ? schemaFlags & nameFlags : nameFlags;
        } else {
            beforeName = SqlToken.OPERATOR_SIGN;
            schemaFlags = 0;
        }
        if (kind == StatementKind.SET || kind == StatementKind.RESET) {
            reasons |= Suspicion.CUSTOM;
        }
        token(SqlToken.DOT);
    }

    void leftParen() {
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

    void rightParen() {
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
        if ((flags & SqlWords.SEQUENCE_READ) != 0 && !advanced) {
            reasons |= Suspicion.SEQUENCE_READ;
        }
        if ((flags & SqlWords.HIDDEN_STATE) != 0) {
            reasons |= Suspicion.HIDDEN_STATE;
        }
        if ((flags & SqlWords.NOTIFY) != 0) {
            reasons |= Suspicion.NOTIFY;
        }
        if ((flags & SqlWords.PROCESS_ID) != 0) {
            reasons |= Suspicion.OTHERS;
        }
        boolean compared = beforeName == SqlToken.EQUALS || beforeName == SqlToken.OPERATOR_SIGN;
        if ((flags & SqlWords.BACKEND_PID) != 0 && !compared) {
            reasons |= Suspicion.BACKEND_PID;
        }
        if ((flags & SqlWords.SET_CONFIG) != 0) {
            reasons |= Suspicion.CUSTOM;
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
        if (kind == StatementKind.DROP || (definition && depth == 0)) {
            return true;
        }
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
                    FETCH,
                    GROUPING,
                    TYPE,
                    OF,
                    TABLESAMPLE,
                    WITH,
                    RECURSIVE -> true;
            case COMMA -> (withList & 1L << depth) != 0;
            case USING -> definition;
            case ANALYZE, VERBOSE, VACUUM -> kind == StatementKind.ANALYZE || kind == StatementKind.VACUUM;
            default -> unreservedKeyword && (definition || kind == StatementKind.ALTER);
        };
    }

    void semicolon() {
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
        advanced = (reasons & Suspicion.ADVANCES) != 0;
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
        sawSelect = false;
        insertsInto = false;
        depth = 0;
        operandFollows = 0;
        withList = 0;
        setConfigDepth = -1;
    }
}
