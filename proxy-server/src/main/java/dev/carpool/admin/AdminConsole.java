package dev.carpool.admin;

import dev.carpool.client.LocalDatabase;
import io.netty.channel.EventLoop;
import java.util.Locale;
import java.util.Set;

/** The console: databases {@code carpool} and {@code pgbouncer}, answered by the proxy itself. Thread-safe. */
public final class AdminConsole implements LocalDatabase {
    /** The PgBouncer whose commands, columns and types the console has: tools decide by it what they may ask for. */
    static final String COMPATIBLE_VERSION = "1.25.2";

    /** What tools know a PgBouncer by. */
    static final String SERVER_VERSION = COMPATIBLE_VERSION + "/bouncer";

    /** The name under which the console appears in its own lists, as tools expect it. */
    static final String LISTED_NAME = "pgbouncer";

    private static final Set<String> NAMES = Set.of("carpool", LISTED_NAME);

    private final ConsoleContext context;

    public AdminConsole(ProxyControl proxy) {
        this.context = new ConsoleContext(proxy, new StatsAverages(System.nanoTime()));
    }

    /** Begins to gather what SHOW STATS needs for its averages, on a timer of this loop. */
    public void start(EventLoop timer) {
        new StatsPeriod(context, timer).begin();
    }

    static boolean isConsole(String database) {
        return NAMES.contains(database.toLowerCase(Locale.ROOT));
    }

    @Override
    public boolean serves(String database) {
        return NAMES.contains(database);
    }

    @Override
    public Conversation open(Client client, Proof proof) {
        AdminRole role = AdminRole.of(context.proxy().config().admin(), client.user(), proof);
        return new AdminConversation(client, context, role);
    }
}
