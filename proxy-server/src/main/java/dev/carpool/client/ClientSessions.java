package dev.carpool.client;

import dev.carpool.config.CarpoolConfig;
import dev.carpool.config.DatabaseConfig;
import dev.carpool.error.CarpoolError;
import dev.carpool.error.ErrorReply;
import dev.carpool.pool.ServerPool;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** All client sessions, and the client caps: in total, of one database, of one user. Thread-safe. */
public final class ClientSessions {
    private final Map<Long, ClientSession> sessions = new ConcurrentHashMap<>();
    private final Map<String, AtomicInteger> ofDatabase = new ConcurrentHashMap<>();
    private final Map<String, AtomicInteger> ofUser = new ConcurrentHashMap<>();
    private final AtomicInteger admitted = new AtomicInteger();
    private final AtomicLong ids = new AtomicLong();

    long nextId() {
        return ids.incrementAndGet();
    }

    void add(ClientSession session) {
        sessions.put(session.id(), session);
    }

    void remove(ClientSession session) {
        sessions.remove(session.id());
    }

    public Collection<ClientSession> all() {
        return sessions.values();
    }

    public @Nullable ClientSession find(long id) {
        return sessions.get(id);
    }

    /** Sessions from accept to close. */
    public int count() {
        return sessions.size();
    }

    /** Sessions that count against the client caps. */
    public int admitted() {
        return admitted.get();
    }

    public int ofDatabase(String database) {
        AtomicInteger count = ofDatabase.get(database);
        return count == null ? 0 : count.get();
    }

    public int ofUser(String user) {
        AtomicInteger count = ofUser.get(user);
        return count == null ? 0 : count.get();
    }

    /**
     * The pools of sessions in one of these databases of a session's server that have no server connection at the moment,
     * one for each session. A moment old.
     */
    List<ServerPool> withoutServer(Set<String> databases, ClientSession by) {
        List<ServerPool> pools = new ArrayList<>();
        for (ClientSession session : sessions.values()) {
            ServerPool pool = session.serverPool();
            if (session != by
                    && pool != null
                    && session.server() == null
                    && databases.contains(pool.target().database())
                    && pool.target().isOnServerOf(by.pool().target())) {
                pools.add(pool);
            }
        }
        return pools;
    }

    /** Counts a session in, or says which cap forbids it. */
    @Nullable
    ErrorReply admit(CarpoolConfig config, DatabaseConfig database, String user) {
        int total = config.limits().maxClientConnections();
        if (!count(admitted, total)) {
            return CarpoolError.TOO_MANY_CLIENTS.reply(total);
        }
        int databaseCap = config.maxDbClientConnections(database);
        AtomicInteger inDatabase = ofDatabase.computeIfAbsent(database.name(), name -> new AtomicInteger());
        if (!count(inDatabase, databaseCap)) {
            admitted.decrementAndGet();
            return CarpoolError.TOO_MANY_DATABASE_CLIENTS.reply(database.name(), databaseCap);
        }
        int userCap = config.maxUserClientConnections(user);
        if (!count(ofUser.computeIfAbsent(user, name -> new AtomicInteger()), userCap)) {
            inDatabase.decrementAndGet();
            admitted.decrementAndGet();
            return CarpoolError.TOO_MANY_USER_CLIENTS.reply(user, userCap);
        }
        return null;
    }

    /** Counts out a session that was admitted. */
    void dismiss(String database, String user) {
        admitted.decrementAndGet();
        lower(ofDatabase, database);
        lower(ofUser, user);
    }

    private static void lower(Map<String, AtomicInteger> counts, String key) {
        AtomicInteger count = counts.get(key);
        if (count != null) {
            count.decrementAndGet();
        }
    }

    private static boolean count(AtomicInteger counter, int cap) {
        while (true) {
            int now = counter.get();
            if (cap > 0 && now >= cap) {
                return false;
            }
            if (counter.compareAndSet(now, now + 1)) {
                return true;
            }
        }
    }
}
