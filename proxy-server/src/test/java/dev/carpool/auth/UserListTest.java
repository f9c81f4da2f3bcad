package dev.carpool.auth;

import dev.carpool.config.ConfigProblem;
import dev.carpool.config.Secret;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

final class UserListTest {
    private static final int ITERATIONS = 64;

    @TempDir
    private Path directory;

    @Test
    void readsPgBouncersFormat() throws Exception {
        UserList users = read("""
                ; a comment
                # another one

                "alice" "secret"
                  "bob"   "md54a0a68b43b6cd5cf266fa02f196e2371" ignored "too"
                "with ""quotes""\" "pass""word"
                "no password" ""
                "jürgen" "schlüssel"
                """);
        assertEquals(Set.of("alice", "bob", "with \"quotes\"", "no password", "jürgen"), users.users());
        assertTrue(matches(users, "alice", "secret"));
        assertTrue(users.find("bob").orElseThrow().canCheckMd5());
        assertTrue(matches(users, "with \"quotes\"", "pass\"word"));
        assertFalse(matches(users, "no password", ""));
        assertTrue(matches(users, "jürgen", "schlüssel"));
        assertTrue(users.find("carol").isEmpty());
    }

    @Test
    void keepsSecretsInAnyEncoding() throws Exception {
        Path file = directory.resolve("userlist.txt");
        Files.write(file, "\"alice\" \"schl\u00FCssel\"".getBytes(StandardCharsets.ISO_8859_1));
        StoredSecret alice = UserList.read(file, ITERATIONS).find("alice").orElseThrow();
        assertTrue(alice.matches(Secret.ofBytes("schl\u00FCssel".getBytes(StandardCharsets.ISO_8859_1))));
        assertFalse(alice.matches(Secret.of("schl\u00FCssel")));
    }

    @Test
    void reportsEveryBadLine() {
        List<String> problems = problemsOf("""
                "alice" "secret"
                alice "hidden"
                "alice
                "bob" hidden
                "bob" "hidden
                "bob"
                "" "hidden"
                "alice" "other hidden"
                "alice" "secret"
                """);
        Path file = directory.resolve("userlist.txt");
        assertEquals(
                List.of(
                        file + ":2: auth_file: expected a user name in double quotes",
                        file + ":3: auth_file: the closing quote of a user name is missing",
                        file + ":4: auth_file: expected a secret in double quotes",
                        file + ":5: auth_file: the closing quote of a secret is missing",
                        file + ":6: auth_file: expected a secret in double quotes",
                        file + ":7: auth_file: the user name is empty",
                        file + ":8: auth_file: user \"alice\" was listed before with another secret",
                        file + ":9: auth_file: user \"alice\" was listed before with another secret"),
                problems);
        assertTrue(problems.stream().noneMatch(p -> p.contains("hidden")));
    }

    @Test
    void reportsAMissingFile() {
        Path missing = directory.resolve("missing.txt");
        AuthFileProblems problems = assertThrows(AuthFileProblems.class, () -> UserList.read(missing, ITERATIONS));
        assertEquals(missing + ": auth_file: does not exist", problems.getMessage());
    }

    @Test
    void reloadKeepsTheSaltOfWhatHasNotChanged() throws Exception {
        UserList before = read("\"alice\" \"secret\"\n\"bob\" \"one\"\n");
        ScramVerifier alice = before.find("alice").orElseThrow().scramVerifier().orElseThrow();
        ScramVerifier bob = before.find("bob").orElseThrow().scramVerifier().orElseThrow();
        Path file = write("\"alice\" \"secret\"\n\"bob\" \"two\"\n");
        UserList after = before.reread(file, ITERATIONS);
        assertEquals(alice, after.find("alice").orElseThrow().scramVerifier().orElseThrow());
        assertNotEquals(bob, after.find("bob").orElseThrow().scramVerifier().orElseThrow());
    }

    private static boolean matches(UserList users, String user, String password) {
        return users.find(user).orElseThrow().matches(Secret.of(password));
    }

    private UserList read(String content) throws IOException, AuthFileProblems {
        return UserList.read(write(content), ITERATIONS);
    }

    private Path write(String content) throws IOException {
        return Files.writeString(directory.resolve("userlist.txt"), content);
    }

    private List<String> problemsOf(String content) {
        return assertThrows(AuthFileProblems.class, () -> read(content)).problems().stream()
                .map(ConfigProblem::toString)
                .toList();
    }
}
