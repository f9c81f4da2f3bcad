package dev.carpool.suspicion;

import java.util.Locale;

/** What the lexer tells apart: the key words that change what follows, and the kinds of everything else. */
enum SqlToken {
    // The first one is the token of no word in particular; its number is 0.
    /** Nothing yet in this statement. */
    NOTHING,
    /** A name: no key word, or quoted, or behind a dot. */
    NAME,
    /** A key word without a constant here. */
    OTHER_WORD,
    LITERAL,
    /** A string with backslash escapes, whose continuation on the next line has them as well. */
    ESCAPE_LITERAL,
    NUMBER,
    PARAMETER,
    OPERATOR_SIGN,
    /** The sign between a single letter u and what follows: perhaps the beginning of U&"…". */
    UNICODE_SIGN,
    EQUALS,
    COLON,
    /** {@code ::}. */
    CAST,
    LEFT_PAREN,
    /** A right parenthesis that may end an operand or a table expression. */
    RIGHT_PAREN,
    COMMA,
    DOT,

    ABORT,
    AGGREGATE,
    ALTER,
    ANALYZE,
    AS,
    ATOMIC,
    BEGIN,
    CALL,
    CLOSE,
    COMMIT,
    CONSTRAINTS,
    COPY,
    CREATE,
    DATABASE,
    DEALLOCATE,
    DECLARE,
    DEFAULT,
    DELETE,
    DISCARD,
    DISTINCT,
    DO,
    DROP,
    END,
    EXECUTE,
    EXISTS,
    EXPLAIN,
    FETCH,
    FUNCTION,
    GLOBAL,
    GROUP,
    GROUPING,
    HOLD,
    INSERT,
    INTO,
    LANGUAGE,
    LISTEN,
    LOAD,
    LOCAL,
    LOCK,
    MERGE,
    MOVE,
    NOTIFY,
    OF,
    ON,
    ONLY,
    OPERATOR,
    PREPARE,
    PREPARED,
    PROCEDURE,
    RECURSIVE,
    REFERENCES,
    RELEASE,
    REPLACE,
    RESET,
    ROLE,
    ROLLBACK,
    ROUTINE,
    SAVEPOINT,
    SELECT,
    SET,
    SHOW,
    START,
    TABLE,
    TABLESAMPLE,
    TEMP,
    TEMPORARY,
    TO,
    TRANSACTION,
    TRUE,
    TRUNCATE,
    TYPE,
    UESCAPE,
    UNLISTEN,
    UPDATE,
    USER,
    USING,
    VACUUM,
    VALUES,
    VERBOSE,
    VIEW,
    WITH;

    private static final SqlToken[] ALL = values();

    /** How many there are; they are numbered from 0. */
    static int count() {
        return ALL.length;
    }

    static SqlToken of(int number) {
        return ALL[number];
    }

    /** Whether this is one key word. */
    boolean isWord() {
        return compareTo(DOT) > 0;
    }

    String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Names and key words, which may become the name of a call. */
    boolean isNameLike() {
        return this == NAME || this == OTHER_WORD || isWord();
    }
}
