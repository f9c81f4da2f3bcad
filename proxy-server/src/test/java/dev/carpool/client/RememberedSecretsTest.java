package dev.carpool.client;

import dev.carpool.auth.AuthQuery;
import dev.carpool.auth.Md5Password;
import dev.carpool.auth.PassthroughCache;
import dev.carpool.auth.ServerCredentials;
import dev.carpool.config.Secret;
import dev.carpool.protocol.WireWriter;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** What is remembered of users is forgotten as soon as it proves wrong. */
final class RememberedSecretsTest {
    private static final Secret PASSWORD = Secret.of("secret");

    @Test
    void whatTheServerRefusesHasToBeProvedAgain() {
        PassthroughCache.Key key = new PassthroughCache.Key("127.0.0.1:5432", "app", "app");
        try (ProxyOnOneLoop proxy = ProxyOnOneLoop.with()) {
            proxy.auth()
                    .remember(
                            key,
                            PASSWORD,
                            new ServerCredentials.Md5Hash(Md5Password.stored(PASSWORD, "app")),
                            proxy.auth().changes());
            assertNotNull(proxy.auth().proved(key, PASSWORD));
            proxy.postgres.loginMutation = replies -> Wire.of(
                            out -> WireWriter.error(out, "FATAL", "28P01", "wrong", ""))
                    .bytes();
            TestClient client = proxy.connect();
            client.startup();
            assertEquals("E(28P01)", client.transcript());
            assertNull(proxy.auth().proved(key, PASSWORD));
        }
    }

    @Test
    void whatAuthQueryFoundIsAskedForAgainAfterAFailedLogin() throws AuthQuery.BadResult {
        AuthQuery.Key key = new AuthQuery.Key("127.0.0.1:5432", "app", "app");
        try (ProxyOnOneLoop proxy = ProxyOnOneLoop.with("auth_type=plain", "auth_user=finder")) {
            AuthQuery queries = proxy.auth().queries();
            queries.answer(key, List.of(List.of(Secret.of("app"), PASSWORD)));
            assertEquals("R", login(proxy, "secret").substring(0, 1));
            assertTrue(queries.remembered(key).isPresent(), "a right password leaves it");
            assertEquals("E(28P01)", login(proxy, "wrong"));
            assertTrue(queries.remembered(key).isEmpty());
        }
    }

    @Test
    void anEmptyPasswordIsRefusedInPostgresWords() throws AuthQuery.BadResult {
        AuthQuery.Key key = new AuthQuery.Key("127.0.0.1:5432", "app", "app");
        for (String method : List.of("plain", "md5")) {
            try (ProxyOnOneLoop proxy = ProxyOnOneLoop.with("auth_type=" + method, "auth_user=finder")) {
                proxy.auth().queries().answer(key, List.of(List.of(Secret.of("app"), PASSWORD)));
                TestClient client = proxy.connect();
                client.startup();
                assertEquals("R", client.replies());
                client.send(Wire.of(out -> WireWriter.password(out, WireWriter.terminated(""))));
                proxy.pass(Duration.ofSeconds(1));
                client.replies();
                assertEquals("FATAL 28P01 empty password returned by client", client.lastError());
            }
        }
    }

    private static String login(ProxyOnOneLoop proxy, String password) {
        TestClient client = proxy.connect();
        client.startup();
        assertEquals("R", client.replies());
        client.send(Wire.of(out -> WireWriter.password(out, WireWriter.terminated(password))));
        proxy.pass(Duration.ofSeconds(1));
        return client.transcript();
    }
}
