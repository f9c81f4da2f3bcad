package dev.carpool.suspicion;

import java.util.List;

/**
 * What a statement may do to the state of its session, as far as its text or its command tag tells. A set of reasons is
 * an {@code int} with one bit per reason, so that collecting and testing costs nothing.
 *
 * <p>What cannot be seen in a text: triggers, rules, views, defaults, operators, casts and row security policies that
 * call a function. Nothing here stands for them.
 */
public final class Suspicion {
    /** Nothing suspicious. */
    public static final int NONE = 0;

    /** SET or RESET for the session, in any spelling; DISCARD has this bit too. */
    public static final int SET = 1;

    /** DISCARD, which also drops prepared statements, temporary objects and more. */
    public static final int DISCARD = 1 << 1;

    /** A call of {@code set_config} that is not plainly local to its transaction, or UPDATE of {@code pg_settings}. */
    public static final int SET_CONFIG = 1 << 2;

    /** PREPARE, EXECUTE or DEALLOCATE as statements. */
    public static final int SQL_PREPARE = 1 << 3;

    /** LISTEN or UNLISTEN. */
    public static final int LISTEN = 1 << 4;

    /** Something is created as temporary, or {@code pg_temp} is named. */
    public static final int TEMP = 1 << 5;

    /** A session-level advisory lock is taken or given back. */
    public static final int ADVISORY_LOCK = 1 << 6;

    /** DECLARE CURSOR WITH HOLD. */
    public static final int HELD_CURSOR = 1 << 7;

    /** LOAD: a library stays in the server process until it ends. */
    public static final int LOAD = 1 << 8;

    /**
     * State no catalog shows and no DISCARD clears: {@code setseed}, a base backup begun by the session, a session's
     * replication origin, temporary replication slots, named connections of dblink, what the functions that it has just made
     * in C, Perl, Python or the like keep.
     */
    public static final int HIDDEN_STATE = 1 << 9;

    /** DO or CALL: code the lexer does not look into. */
    public static final int DO_OR_CALL = 1 << 10;

    /** The text was not understood well enough to vouch for it. */
    public static final int UNCLEAR = 1 << 11;

    /** A function is called that is not known to be harmless. */
    public static final int UNKNOWN_CALL = 1 << 12;

    /** {@code nextval} or {@code setval}. */
    public static final int SEQUENCE = 1 << 13;

    /** DECLARE CURSOR; without {@link #HELD_CURSOR} it ends with its transaction. */
    public static final int CURSOR = 1 << 14;

    /** BEGIN, COMMIT, ROLLBACK, SAVEPOINT and the like as statements. */
    public static final int TRANSACTION = 1 << 15;

    /** PREPARE TRANSACTION, COMMIT PREPARED, ROLLBACK PREPARED: such a transaction belongs to no session. */
    public static final int TWO_PHASE = 1 << 16;

    /** NOTIFY or {@code pg_notify}. */
    public static final int NOTIFY = 1 << 17;

    /** Reads what the session itself holds: {@code pg_prepared_statements}, {@code pg_listening_channels()}. */
    public static final int SESSION_VIEW = 1 << 18;

    /** DISCARD ALL or DEALLOCATE ALL has taken place: also the protocol's prepared statements are gone. Tags only. */
    public static final int DEALLOCATED_ALL = 1 << 19;

    /** RESET or DISCARD ALL has taken place: settings are what they were when the connection began. Tags only. */
    public static final int WENT_BACK = 1 << 20;

    /** COMMIT or PREPARE TRANSACTION has ended a transaction. Tags only. */
    public static final int COMMITTED = 1 << 21;

    /** ROLLBACK has taken place, of a transaction or to a savepoint; or COMMIT of a failed transaction. Tags only. */
    public static final int ROLLED_BACK = 1 << 22;

    /** A savepoint was set. Tags only. */
    public static final int SAVEPOINT = 1 << 23;

    /** {@code pg_backend_pid()}: the session knows its server process. */
    public static final int BACKEND_PID = 1 << 24;

    /** DROP of something or CLOSE of a cursor: what binds a session may be gone. Tags only. */
    public static final int DROPPED = 1 << 25;

    /**
     * {@code currval} or {@code lastval}, which tell what the session has done to a sequence before; not when an earlier
     * statement of the same text advances one.
     */
    public static final int SEQUENCE_READ = 1 << 26;

    /** INSERT, MERGE, COPY or EXECUTE: a default may advance a sequence. */
    public static final int INSERTS = 1 << 27;

    /** CREATE TABLE, which may be temporary. Tags only; in texts the bit is {@link #INSERTS}. */
    public static final int TABLE = INSERTS;

    /** UPDATE, DELETE or ALTER: a trigger or a new column may advance a sequence. */
    public static final int CHANGES = 1 << 28;

    /** DISCARD SEQUENCES or DISCARD ALL has taken place. Tags only. */
    public static final int SEQUENCES_DISCARDED = 1 << 29;

    /**
     * A custom setting may be made, or one changed that decides what texts mean, for the transaction alone as well: SET or
     * RESET of such a name, {@code set_config}, {@code RESET ALL} and the like. Texts only; in tags the bit is {@link
     * #SEQUENCES_DISCARDED}.
     */
    public static final int CUSTOM = SEQUENCES_DISCARDED;

    /** After this {@code currval} or {@code lastval} may tell something new. */
    public static final int ADVANCES = SEQUENCE | INSERTS | DO_OR_CALL | UNKNOWN_CALL | UNCLEAR;

    /** What has to do with the sequences of a session. */
    public static final int USES_SEQUENCES = ADVANCES | CHANGES | SEQUENCE_READ;

    /**
     * CREATE or ALTER of what functions can be called by: not of indexes, roles and the like; CREATE TABLE AS excepted. Tags
     * only.
     */
    public static final int DEFINES = 1 << 30;

    /**
     * CREATE, ALTER or DROP of a role or a database, which other sessions may belong to; a function that is given the process
     * id of another session, or a view that shows them.
     */
    public static final int OTHERS = 1 << 31;

    /** What no other session may meet: a connection with one of these needs a clean-up or a probe before. */
    public static final int NEEDS_RESET = SET
            | DISCARD
            | SET_CONFIG
            | SQL_PREPARE
            | LISTEN
            | TEMP
            | ADVISORY_LOCK
            | HELD_CURSOR
            | LOAD
            | HIDDEN_STATE
            | DO_OR_CALL
            | UNCLEAR;

    /** What may change settings in a way that only the server can tell, by names that the text does not show. */
    public static final int UNSEEN_SETTINGS = DO_OR_CALL | UNCLEAR | UNKNOWN_CALL;

    /** What is worth reading the text for. */
    public static final int STATEFUL = NEEDS_RESET | UNKNOWN_CALL | BACKEND_PID;

    /** What DISCARD ALL does not clear; only closing the connection does. Part of {@link #NEEDS_RESET}. */
    public static final int NEEDS_CLOSE = LOAD | HIDDEN_STATE;

    /** What may or may not leave state behind: only a probe tells. The caller decides whether it asks. */
    public static final int MAY_NEED_RESET = UNKNOWN_CALL;

    /** What is good to know but leaves nothing that another session could meet. */
    public static final int INFORMATIONAL = SEQUENCE
            | CURSOR
            | TRANSACTION
            | TWO_PHASE
            | NOTIFY
            | SESSION_VIEW
            | DEALLOCATED_ALL
            | WENT_BACK
            | COMMITTED
            | ROLLED_BACK
            | SAVEPOINT
            | BACKEND_PID
            | DROPPED
            | SEQUENCE_READ
            | INSERTS
            | CHANGES
            | SEQUENCES_DISCARDED
            | DEFINES
            | OTHERS;

    /** By bit number. */
    private static final List<String> NAMES = List.of(
            "set",
            "discard",
            "set_config",
            "sql_prepare",
            "listen",
            "temp",
            "advisory_lock",
            "held_cursor",
            "load",
            "hidden_state",
            "do_or_call",
            "unclear",
            "unknown_call",
            "sequence",
            "cursor",
            "transaction",
            "two_phase",
            "notify",
            "session_view",
            "deallocated_all",
            "went_back",
            "committed",
            "rolled_back",
            "savepoint",
            "backend_pid",
            "dropped",
            "sequence_read",
            "inserts",
            "changes",
            "sequences_discarded",
            "defines",
            "others");

    private Suspicion() {}

    /** The names of the reasons in {@code bits}, comma-separated, for logs and SHOW; allocates. */
    public static String names(int bits) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < NAMES.size(); i++) {
            if ((bits & 1 << i) != 0) {
                text.append(text.isEmpty() ? "" : ",").append(NAMES.get(i));
            }
        }
        return text.toString();
    }
}
