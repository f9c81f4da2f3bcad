package dev.carpool.prepared;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a server connection has under its clients' own names: statements prepared in SQL ({@link SqlStatement}), and those
 * of the protocol that were to be seen under the names their client knows ({@link ClientStatements.Mapping}). All but the
 * last user's are leftovers, closed before they can be met. Confined to the connection's event loop.
 */
public final class NamedStatements {
    private Map<String, Object> statements = Map.of();
    private @Nullable Object user;

    /** What the server has said when it was given a statement of the user, by name; whole messages. */
    private Map<String, byte[]> refused = Map.of();

    public boolean isEmpty() {
        return statements.isEmpty();
    }

    /** The session whose statements these are, but for what it has given up elsewhere. */
    public @Nullable Object user() {
        return user;
    }

    public void user(Object session) {
        if (user != session) {
            refused = Map.of();
        }
        user = session;
    }

    /** What the name stands for, or null. */
    public @Nullable Object get(String name) {
        return statements.get(name);
    }

    /** The server does not take the user's statement of that name, and has said this. */
    public void refused(String name, byte[] error) {
        if (refused.isEmpty()) {
            refused = new LinkedHashMap<>();
        }
        refused.put(name, error);
    }

    /** Why the user's statement does not exist that a message names; null if that is not known. */
    public byte @Nullable [] whyMissing(String message) {
        for (Map.Entry<String, byte[]> each : refused.entrySet()) {
            byte[] name = each.getKey().getBytes(StandardCharsets.ISO_8859_1);
            if (message.contains(new String(name, StandardCharsets.UTF_8))) {
                return each.getValue();
            }
        }
        return null;
    }

    public void put(String name, Object statement) {
        if (!refused.isEmpty()) {
            refused.remove(name);
        }
        if (statements.isEmpty()) {
            statements = new LinkedHashMap<>();
        }
        statements.put(name, statement);
    }

    public void remove(String name) {
        if (!statements.isEmpty()) {
            statements.remove(name);
        }
    }

    /** Takes it back that the name stands for the statement. */
    public void remove(String name, Object statement) {
        if (!statements.isEmpty()) {
            statements.remove(name, statement);
        }
    }

    public List<String> names() {
        return List.copyOf(statements.keySet());
    }

    /** All are gone: DISCARD ALL, DEALLOCATE ALL. */
    public void clear() {
        statements = Map.of();
        refused = Map.of();
        user = null;
    }
}
