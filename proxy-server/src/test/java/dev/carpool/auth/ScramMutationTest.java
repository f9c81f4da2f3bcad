package dev.carpool.auth;

import dev.carpool.config.ChannelBinding;
import dev.carpool.config.Secret;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.fail;

/** Whatever the other side sends, the outcome is a {@link ScramFailure} or, unchanged, a login: never another exception. */
final class ScramMutationTest {
    private static final Secret PASSWORD = Secret.of("secret");
    private static final ScramVerifier VERIFIER = ScramVerifier.ofPassword(PASSWORD, 2);
    private static final int ROUNDS = 3_000;

    private final Random random = new Random(42);

    @Test
    void serverSurvivesMutatedClients() {
        for (int i = 0; i < ROUNDS; i++) {
            boolean first = random.nextBoolean();
            ScramServer server = ScramServer.start(VERIFIER, null);
            try {
                ScramClient client =
                        ScramClient.withPassword(PASSWORD, ScramMechanism.offered(false), ChannelBinding.PREFER, null);
                byte[] clientFirst = client.clientFirst();
                byte[] serverFirst = server.clientFirst("SCRAM-SHA-256", first ? mutated(clientFirst) : clientFirst);
                byte[] clientFinal = client.serverFirst(serverFirst);
                server.clientFinal(first ? clientFinal : mutated(clientFinal));
                fail("a changed conversation was accepted");
            } catch (ScramFailure expected) {
                assertFalse(String.valueOf(expected.getMessage()).contains("secret"));
            }
        }
    }

    @Test
    void clientSurvivesMutatedServers() {
        for (int i = 0; i < ROUNDS; i++) {
            ScramServer server = ScramServer.start(VERIFIER, null);
            try {
                ScramClient client =
                        ScramClient.withPassword(PASSWORD, ScramMechanism.offered(false), ChannelBinding.PREFER, null);
                byte[] serverFirst = server.clientFirst("SCRAM-SHA-256", client.clientFirst());
                boolean first = random.nextBoolean();
                byte[] clientFinal = client.serverFirst(first ? withoutLongWork(mutated(serverFirst)) : serverFirst);
                client.serverFinal(mutated(server.clientFinal(clientFinal).serverFinal()));
                fail("a changed conversation was accepted");
            } catch (ScramFailure expected) {
                assertFalse(String.valueOf(expected.getMessage()).contains("secret"));
            }
        }
    }

    /** Keeps an iteration count that grew by accident from taking its time. */
    private static byte[] withoutLongWork(byte[] serverFirst) {
        return serverFirst.length > 0 && Character.isDigit(serverFirst[serverFirst.length - 1])
                ? Arrays.copyOf(serverFirst, serverFirst.length - 1)
                : serverFirst;
    }

    private byte[] mutated(byte[] message) {
        byte[] changed = message.clone();
        int at = random.nextInt(message.length);
        switch (random.nextInt(4)) {
            case 0 -> changed[at] = (byte) (changed[at] + 1 + random.nextInt(255));
            case 1 -> changed = Arrays.copyOf(message, at);
            case 2 -> changed = Arrays.copyOf(message, message.length + 1 + random.nextInt(20));
            default -> {
                changed = Arrays.copyOf(message, message.length + 1);
                System.arraycopy(message, at, changed, at + 1, message.length - at);
                changed[at] = (byte) (message[at] ^ 0x11);
            }
        }
        return changed;
    }
}
