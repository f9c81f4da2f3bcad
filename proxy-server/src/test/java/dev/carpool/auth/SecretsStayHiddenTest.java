package dev.carpool.auth;

import dev.carpool.config.AuthConfig;
import dev.carpool.config.ChannelBinding;
import dev.carpool.config.Secret;
import dev.carpool.config.SslMode;
import dev.carpool.config.TlsConfig;
import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** No public type of this package prints a secret, whatever holds it, and no type without a sample here slips by. */
final class SecretsStayHiddenTest {
    private static final String MARKER = "Tr0ub4dor&3";
    private static final Secret PASSWORD = Secret.of(MARKER);

    @TempDir
    private Path directory;

    @Test
    void nothingPrintsASecret() throws Exception {
        List<Object> samples = samples();
        Set<String> needles = new TreeSet<>(List.of(MARKER));
        for (Object sample : samples) {
            collectSecrets(sample, needles);
        }
        assertTrue(needles.size() > 5, "the samples do hold secrets");
        for (Object sample : samples) {
            String printed = sample.toString().toLowerCase(Locale.ROOT);
            for (String needle : needles) {
                assertFalse(
                        printed.contains(needle.toLowerCase(Locale.ROOT)),
                        () -> sample.getClass() + " prints a secret");
            }
        }
    }

    @Test
    void everyPublicTypeHasASample() throws Exception {
        Set<String> sampled = new TreeSet<>();
        for (Object sample : samples()) {
            sampled.add(sample.getClass().getName());
        }
        Set<String> missing = new TreeSet<>();
        for (Class<?> type : publicTypes()) {
            boolean holdsNothing = type.isEnum()
                    || type.isInterface()
                    || Throwable.class.isAssignableFrom(type)
                    || Arrays.stream(type.getDeclaredFields())
                            .allMatch(field -> Modifier.isStatic(field.getModifiers()));
            if (!holdsNothing && !sampled.contains(type.getName())) {
                missing.add(type.getName());
            }
        }
        assertEquals(Set.of(), missing);
    }

    private List<Object> samples() throws Exception {
        ScramVerifier verifier = ScramVerifier.ofPassword(PASSWORD, 2);
        ScramServer server = ScramServer.start(verifier, null);
        ScramClient client =
                ScramClient.withPassword(PASSWORD, ScramMechanism.offered(false), ChannelBinding.PREFER, null);
        ScramServer.Accepted accepted =
                server.clientFinal(client.serverFirst(server.clientFirst("SCRAM-SHA-256", client.clientFirst())));
        client.serverFinal(accepted.serverFinal());
        ScramKeys keys = accepted.keys();
        Secret md5 = Md5Password.stored(PASSWORD, "alice");
        StoredSecret stored = StoredSecret.of("alice", PASSWORD, 2);

        PassthroughCache passthrough = new PassthroughCache(Duration.ofMinutes(1), 10, 2);
        PassthroughCache.Key passthroughKey = new PassthroughCache.Key("db:5432", "alice", "");
        passthrough.remember(passthroughKey, PASSWORD, new ServerCredentials.Plain(PASSWORD));
        AuthQuery query = new AuthQuery(Duration.ofMinutes(1), 10, 2);
        AuthQuery.Key queryKey = new AuthQuery.Key("db:5432", "app", "alice");
        AuthQuery.Answer answer = query.answer(queryKey, List.of(List.of(Secret.of("alice"), PASSWORD)));
        UserList users = UserList.read(write("users", "\"alice\" \"" + MARKER + "\"\n\"bob\" \"x\""), 2);
        HbaRules rules = HbaRules.read(write("hba", "host all all all trust\n"));
        AuthService service = new AuthService(AuthConfig.defaults());
        service.remember(passthroughKey, PASSWORD, new ServerCredentials.Scram(keys), service.changes());
        HbaRules.Client hbaClient = new HbaRules.Client(null, "app", "alice", false, false);

        return List.of(
                PASSWORD,
                verifier,
                verifier.text(),
                server,
                client,
                accepted,
                keys,
                md5,
                stored,
                StoredSecret.of("alice", md5, 2),
                StoredSecret.of("alice", verifier.text(), 2),
                new MockVerifiers(2),
                new ServerCredentials.Plain(PASSWORD),
                new ServerCredentials.Md5Hash(md5),
                new ServerCredentials.Scram(keys),
                ServerCredentials.none(),
                passthrough,
                passthroughKey,
                service,
                query,
                queryKey,
                answer,
                users,
                rules,
                hbaClient,
                new HbaRules.Match(HbaMethod.TRUST, 1),
                new LoginThrottle(10, Duration.ofSeconds(10)),
                TlsConfig.of(SslMode.PREFER));
    }

    private Path write(String name, String content) throws IOException {
        return Files.writeString(directory.resolve(name), content);
    }

    /** All byte arrays and secrets in the fields of {@code holder}, in the spellings in which they could be printed. */
    private static void collectSecrets(Object holder, Set<String> needles) throws IllegalAccessException {
        if (holder instanceof Secret secret) {
            addSpellings(secret.bytes(), needles);
            return;
        }
        if (!holder.getClass().getPackageName().startsWith("dev.carpool") || holder instanceof Enum) {
            return;
        }
        for (Field field : holder.getClass().getDeclaredFields()) {
            if (!Modifier.isStatic(field.getModifiers())) {
                field.setAccessible(true);
                Object value = field.get(holder);
                if (value instanceof byte[] bytes) {
                    addSpellings(bytes, needles);
                } else if (value != null && !field.getType().isPrimitive()) {
                    collectSecrets(value, needles);
                }
            }
        }
    }

    private static void addSpellings(byte[] secret, Set<String> needles) {
        if (secret.length > 5) {
            needles.add(new String(secret, StandardCharsets.ISO_8859_1));
            needles.add(HexFormat.of().formatHex(secret));
            needles.add(Base64.getEncoder().encodeToString(secret));
            needles.add(Arrays.toString(secret));
        }
    }

    private static List<Class<?>> publicTypes() throws IOException, URISyntaxException, ClassNotFoundException {
        Path root = Path.of(
                Secret.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        List<Class<?>> types = new ArrayList<>();
        try (Stream<Path> files = Files.list(root.resolve("dev/carpool/auth"))) {
            for (Path file : files.toList()) {
                String name = file.getFileName().toString();
                if (name.endsWith(".class") && !name.startsWith("package-info")) {
                    Class<?> type = Class.forName("dev.carpool.auth." + name.substring(0, name.length() - 6));
                    if (Modifier.isPublic(type.getModifiers())) {
                        types.add(type);
                    }
                }
            }
        }
        return types;
    }
}
