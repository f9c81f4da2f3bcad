package dev.carpool.client;

import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** How long a pool keeps min_pool_size server connections open. */
final class MinimumSizeTest {
    private static void tickUntil(ProxyOnOneLoop proxy, BooleanSupplier condition) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(5);
        while (!condition.getAsBoolean() && System.nanoTime() - end < 0) {
            tick(proxy);
        }
        assertTrue(condition.getAsBoolean(), proxy.postgres.open + " open");
    }

    private static void tick(ProxyOnOneLoop proxy) {
        proxy.pools().tick();
        proxy.run();
    }

    @Test
    void itIsKeptWhileThereIsAClient() {
        try (ProxyOnOneLoop proxy = ProxyOnOneLoop.with(
                "min_pool_size=2", "default_pool_size=3", "server_idle_timeout=1us", "server_lifetime_jitter=0")) {
            TestClient one = proxy.login();
            TestClient two = proxy.login();
            tickUntil(proxy, () -> proxy.postgres.open == 2);
            one.close();
            tick(proxy);
            assertEquals(2, proxy.postgres.open);
            two.close();
            tickUntil(proxy, () -> proxy.postgres.open == 0);
            int opened = proxy.postgres.backends.size();
            tick(proxy);
            assertEquals(opened, proxy.postgres.backends.size());
            proxy.login();
            tickUntil(proxy, () -> proxy.postgres.open == 2);
        }
    }

    @Test
    void aWildcardDatabaseIsForgottenWithoutClients() {
        try (ProxyOnOneLoop proxy = ProxyOnOneLoop.with("min_pool_size=1", "server_idle_timeout=1us")) {
            TestClient client = proxy.login();
            client.close();
            tickUntil(proxy, () -> proxy.postgres.open == 0);
            tickUntil(proxy, () -> {
                proxy.pools().forgetUnused(name -> proxy.sessions().ofDatabase(name) > 0, 0, System.nanoTime());
                return proxy.pools().pools().isEmpty();
            });
        }
    }

    @Test
    void aForcedUserHasItBeforeTheFirstClient() {
        try (ProxyOnOneLoop proxy = ProxyOnOneLoop.with(
                "databases.app.host=127.0.0.1",
                "databases.app.user=service",
                "databases.app.min_pool_size=2",
                "default_pool_size=3",
                "server_idle_timeout=1us")) {
            tickUntil(proxy, () -> proxy.postgres.open == 2);
            TestClient client = proxy.login();
            client.close();
            tickUntil(proxy, () -> proxy.postgres.open == 2);
            int opened = proxy.postgres.backends.size();
            tick(proxy);
            assertEquals(opened, proxy.postgres.backends.size());
        }
    }

    @Test
    void connectionsForOneUseAreKeptUntilTheyAreUsed() {
        try (ProxyOnOneLoop proxy =
                ProxyOnOneLoop.with("min_pool_size=2", "default_pool_size=2", "server_lifetime=0")) {
            TestClient client = proxy.login();
            tickUntil(proxy, () -> proxy.postgres.open == 2);
            int opened = proxy.postgres.backends.size();
            tick(proxy);
            tick(proxy);
            assertEquals(opened, proxy.postgres.backends.size());
            assertEquals("TD(a)C(SELECT 1)Z(I)", client.query("select a"));
            assertEquals(1, proxy.postgres.open);
            tickUntil(proxy, () -> proxy.postgres.open == 2);
            assertEquals(opened + 1, proxy.postgres.backends.size());
        }
    }
}
