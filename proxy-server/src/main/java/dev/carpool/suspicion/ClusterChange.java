package dev.carpool.suspicion;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a statement does to a role or a database, which belong to the whole server and not to the database of the session
 * that names them.
 *
 * @param role null for all roles, or for one whose name is not known
 * @param database the same for databases, by the server's name for it
 */
public record ClusterChange(
        Kind kind, @Nullable String role, @Nullable String database) {
    /** What is changed. */
    public enum Kind {
        /** Whether and how a role can log in. */
        LOGIN,
        /** A role's name stands for another role, or for none, from now on. */
        ROLE,
        /** The settings that sessions of a role, in a database, begin with. */
        DEFAULTS,
        /** A database's name stands for another database, or for none, from now on. */
        DATABASE,
        /** Nothing yet; but the statement fails while others are connected to the database. */
        EMPTY_DATABASE
    }

    /** What a statement may have done that was not read. */
    public static final List<ClusterChange> ANY = List.of(role(Kind.ROLE, null), database(Kind.DATABASE, null));

    static ClusterChange role(Kind kind, @Nullable String role) {
        return new ClusterChange(kind, role, null);
    }

    static ClusterChange database(Kind kind, @Nullable String database) {
        return new ClusterChange(kind, null, database);
    }
}
