package dev.carpool.it;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** Kinds of statements, with how often they come and what they may bind to a server connection. */
enum TwinKind {
    READ(30, Hold.NOTHING),
    SET(12, Hold.NOTHING),
    SET_LOCAL(5, Hold.NOTHING),
    RESET(6, Hold.NOTHING),
    RESET_ALL(2, Hold.NOTHING),
    DISCARD_ALL(3, Hold.NOTHING),
    DISCARD_PART(2, Hold.NOTHING),
    TIME_ZONE(3, Hold.NOTHING),
    NAMES(2, Hold.NOTHING),
    CHARACTERISTICS(3, Hold.NOTHING),
    ROLE(5, Hold.NOTHING),
    SESSION_AUTHORIZATION(3, Hold.NOTHING),
    SET_CONFIG(6, Hold.NOTHING),
    FUNCTION_SETS(6, Hold.NOTHING),
    DO_SETS(4, Hold.NOTHING),
    /** A trigger or a view calls set_config: nothing of that can be seen in a statement. */
    HIDDEN_SETS(2, Hold.NOTHING),
    UPDATES_PG_SETTINGS(1, Hold.NOTHING),
    CUSTOM(8, Hold.NOTHING),
    READ_CUSTOM(8, Hold.NOTHING),
    TRANSACTION(20, Hold.NOTHING),
    CHAIN(1, Hold.NOTHING),
    SAVEPOINT(8, Hold.NOTHING),
    ERROR(4, Hold.NOTHING),
    DATA(8, Hold.NOTHING),
    DDL(2, Hold.NOTHING),
    CURSOR(4, Hold.NOTHING),
    HELD_CURSOR(4, Hold.UNTIL_DISCARDED),
    SQL_PREPARE(8, Hold.UNTIL_DISCARDED),
    /** The names of all prepared statements, the protocol's too. */
    PREPARED_VIEW(1, Hold.NOTHING),
    PREPARED_VIEW_SQL(2, Hold.NOTHING),
    /** EXECUTE and DEALLOCATE of what the protocol has prepared, and the other way round. */
    PREPARED_MIXED(3, Hold.UNTIL_DISCARDED),
    TEMP(8, Hold.UNTIL_DISCARDED),
    /** A temporary table hides a permanent one. */
    TEMP_SHADOW(1, Hold.UNTIL_DISCARDED),
    ADVISORY(8, Hold.UNTIL_DISCARDED),
    ADVISORY_XACT(2, Hold.NOTHING),
    ADVISORY_COUNT(2, Hold.UNTIL_LEFT),
    LISTEN(6, Hold.UNTIL_DISCARDED),
    NOTIFY(5, Hold.NOTHING),
    SEQUENCE(5, Hold.UNTIL_LEFT),
    COPY(2, Hold.NOTHING),
    /** Prepared transactions belong to no session. */
    TWO_PHASE(2, Hold.NOTHING),
    /** PostgreSQL ends the server connection of a client in a transaction. */
    LOSE(0, Hold.NOTHING),
    /** SET TIME ZONE LOCAL goes back to what the client started with. */
    TIME_ZONE_LOCAL(1, Hold.NOTHING),
    /** Settings that an ordinary role may not change. */
    FORBIDDEN_SETTING(2, Hold.NOTHING),
    /** Tells a custom setting that is empty from one that the session has never had. */
    CUSTOM_EXISTS(2, Hold.NOTHING),
    /** A procedure changes settings in several transactions. */
    CALL_COMMITS(2, Hold.NOTHING),
    /** Clients with settings in their startup message. */
    STARTUP_VALUES(0, Hold.NOTHING),
    /** Named statements of the protocol in any place, also where PostgreSQL refuses to parse them. */
    NAMED_ANYWHERE(0, Hold.NOTHING),
    /** Named statements of the protocol where they cannot fail. */
    NAMED(8, Hold.NOTHING),
    /** The name in "prepared statement does not exist". */
    STATEMENT_NAMES(0, Hold.NOTHING),
    /** Functions and code blocks change custom settings. */
    FUNCTION_SETS_CUSTOM(4, Hold.NOTHING);

    enum Hold {
        NOTHING,
        /** DISCARD ALL lets go. */
        UNTIL_DISCARDED,
        UNTIL_LEFT
    }

    private static final List<TwinKind> ALL = List.of(values());

    private final int weight;
    private final Hold hold;

    TwinKind(int weight, Hold hold) {
        this.weight = weight;
        this.hold = hold;
    }

    int weight() {
        return weight;
    }

    Hold hold() {
        return hold;
    }

    static Set<TwinKind> all() {
        return EnumSet.copyOf(ALL);
    }
}
