package dev.carpool.auth;

import dev.carpool.config.Secret;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

final class AuthQueryTest {
    private static final AuthQuery.Key ALICE = new AuthQuery.Key("db:5432", "app", "alice");

    private final AtomicLong now = new AtomicLong();
    private final AuthQuery query = new AuthQuery(Duration.ofMinutes(1), 10, 64, now::get);

    @Test
    void readsUserAndSecret() throws AuthQuery.BadResult {
        StoredSecret secret =
                query.answer(ALICE, rows("alice", "secret")).found().orElseThrow();
        assertTrue(secret.matches(Secret.of("secret")));
        assertEquals(Optional.of(secret), query.remembered(ALICE).orElseThrow().found());
    }

    @Test
    void noRowAndNoSecretMeanNoLogin() throws AuthQuery.BadResult {
        assertTrue(query.answer(ALICE, List.of()).found().isEmpty());
        assertTrue(query.answer(ALICE, rows("alice", null)).found().isEmpty());
        assertTrue(query.answer(ALICE, rows("alice", "")).found().isEmpty());
    }

    @Test
    void refusesResultsOfAnotherShape() {
        assertBad("auth_query returned 2 rows instead of one", List.of(row("alice", "a"), row("alice", "b")));
        assertBad("auth_query returned 1 columns instead of the user and the secret", List.of(row("alice")));
        assertBad("auth_query returned 3 columns instead of the user and the secret", List.of(row("alice", "a", "b")));
        assertBad("auth_query returned another user than the one it was asked for", rows("bob", "hidden"));
        assertBad("auth_query returned another user than the one it was asked for", rows(null, "hidden"));
        assertTrue(query.remembered(ALICE).isEmpty());
    }

    @Test
    void forgetsSecretsAfterTheirTimeAndAbsencesSooner() throws AuthQuery.BadResult {
        AuthQuery.Key bob = new AuthQuery.Key("db:5432", "app", "bob");
        query.answer(ALICE, rows("alice", "secret"));
        query.answer(bob, List.of());
        assertTrue(query.remembered(bob).isPresent());
        now.addAndGet(Duration.ofSeconds(5).toNanos());
        assertTrue(query.remembered(bob).isEmpty());
        assertTrue(query.remembered(ALICE).isPresent());
        now.addAndGet(Duration.ofSeconds(55).toNanos());
        assertTrue(query.remembered(ALICE).isEmpty());
        query.answer(ALICE, rows("alice", "secret"));
        query.forget(ALICE);
        assertTrue(query.remembered(ALICE).isEmpty());
    }

    private void assertBad(String message, List<List<Secret>> rows) {
        assertEquals(
                message,
                assertThrows(AuthQuery.BadResult.class, () -> query.answer(ALICE, rows))
                        .getMessage());
    }

    private static List<List<Secret>> rows(String... values) {
        return List.of(row(values));
    }

    private static List<Secret> row(String... values) {
        return Arrays.stream(values)
                .map(value -> value == null ? null : Secret.of(value))
                .toList();
    }
}
