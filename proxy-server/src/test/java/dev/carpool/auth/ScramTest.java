package dev.carpool.auth;

import dev.carpool.auth.ScramFailure.Reason;
import dev.carpool.config.ChannelBinding;
import dev.carpool.config.Secret;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

final class ScramTest {
    private static final Secret PASSWORD = Secret.of("correct horse");
    private static final ScramVerifier VERIFIER = ScramVerifier.ofPassword(PASSWORD, 64);
    private static final byte[] BINDING = bytes("hash of the certificate");
    private static final List<String> PLAIN = List.of("SCRAM-SHA-256");
    private static final List<String> PLUS = List.of("SCRAM-SHA-256-PLUS", "SCRAM-SHA-256");

    // RFC 7677 section 3
    private static final String CLIENT_NONCE = "rOprNGfwEbeRWgbNEkqO";
    private static final String SERVER_NONCE = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
    private static final String CLIENT_FIRST = "n,,n=user,r=" + CLIENT_NONCE;
    private static final String SERVER_FIRST =
            "r=" + CLIENT_NONCE + SERVER_NONCE + ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
    private static final String CLIENT_FINAL =
            "c=biws,r=" + CLIENT_NONCE + SERVER_NONCE + ",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
    private static final String SERVER_FINAL = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";

    @Test
    void clientSendsWhatTheRfcExampleSends() throws ScramFailure {
        ScramClient client =
                ScramClient.start(Secret.of("pencil"), null, PLAIN, ChannelBinding.DISABLE, null, "user", CLIENT_NONCE);
        assertEquals(CLIENT_FIRST, text(client.clientFirst()));
        assertEquals(CLIENT_FINAL, text(client.serverFirst(bytes(SERVER_FIRST))));
        client.serverFinal(bytes(SERVER_FINAL));
        assertTrue(client.verified());
    }

    @Test
    void serverSendsWhatTheRfcExampleSends() throws ScramFailure {
        byte[] salt = Base64.getDecoder().decode("W22ZaJ0SNY7soEsUEjb6gQ==");
        ScramVerifier verifier = ScramVerifier.ofPassword(Secret.of("pencil"), salt, 4096);
        ScramServer server = ScramServer.start(verifier, null, SERVER_NONCE);
        assertEquals(SERVER_FIRST, text(server.clientFirst("SCRAM-SHA-256", bytes(CLIENT_FIRST))));
        assertEquals(SERVER_FINAL, text(server.clientFinal(bytes(CLIENT_FINAL)).serverFinal()));
    }

    @Test
    void bothSidesAgreeWithoutChannelBinding() throws ScramFailure {
        ScramClient client = ScramClient.withPassword(PASSWORD, PLAIN, ChannelBinding.PREFER, null);
        assertEquals(ScramMechanism.SCRAM_SHA_256, client.mechanism());
        assertTrue(text(client.clientFirst()).startsWith("n,,"));
        login(client, ScramServer.start(VERIFIER, null));
        assertTrue(client.verified());
    }

    @Test
    void bothSidesAgreeWithChannelBinding() throws ScramFailure {
        for (ChannelBinding setting : List.of(ChannelBinding.PREFER, ChannelBinding.REQUIRE)) {
            ScramClient client = ScramClient.withPassword(PASSWORD, PLUS, setting, BINDING);
            assertEquals(ScramMechanism.SCRAM_SHA_256_PLUS, client.mechanism());
            login(client, ScramServer.start(VERIFIER, BINDING));
            assertTrue(client.verified());
        }
    }

    @Test
    void channelBindingCanBeSwitchedOff() throws ScramFailure {
        ScramClient client = ScramClient.withPassword(PASSWORD, PLUS, ChannelBinding.DISABLE, BINDING);
        assertTrue(text(client.clientFirst()).startsWith("n,,"));
        login(client, ScramServer.start(VERIFIER, BINDING));
    }

    @Test
    void clientKeyOfOneLoginOpensTheServer() throws ScramFailure {
        ScramKeys keys = login(
                ScramClient.withPassword(PASSWORD, PLAIN, ChannelBinding.PREFER, null),
                ScramServer.start(VERIFIER, null));
        assertTrue(VERIFIER.isVerifierOf(keys));
        ScramClient second = ScramClient.withKeys(keys, PLUS, ChannelBinding.REQUIRE, BINDING);
        assertEquals(keys, login(second, ScramServer.start(VERIFIER, BINDING)));
        assertEquals(keys, second.keys());
    }

    @Test
    void keysOfAPasswordLoginOpenTheServerAgain() throws ScramFailure {
        ScramClient first = ScramClient.withPassword(PASSWORD, PLAIN, ChannelBinding.PREFER, null);
        login(first, ScramServer.start(VERIFIER, null));
        ScramClient second = ScramClient.withKeys(first.keys(), PLAIN, ChannelBinding.PREFER, null);
        login(second, ScramServer.start(VERIFIER, null));
        assertTrue(second.verified());
    }

    @Test
    void keysAreNoUseAfterThePasswordChanged() throws ScramFailure {
        ScramKeys keys = login(
                ScramClient.withPassword(PASSWORD, PLAIN, ChannelBinding.PREFER, null),
                ScramServer.start(VERIFIER, null));
        ScramVerifier newSalt = ScramVerifier.ofPassword(PASSWORD, 64);
        ScramVerifier newIterations = ScramVerifier.ofPassword(PASSWORD, VERIFIER.salt(), 65);
        for (ScramVerifier changed : List.of(newSalt, newIterations)) {
            ScramClient client = ScramClient.withKeys(keys, PLAIN, ChannelBinding.PREFER, null);
            ScramServer server = ScramServer.start(changed, null);
            assertReason(Reason.KEYS_OUTDATED, () -> login(client, server));
        }
    }

    @Test
    void wrongPasswordIsRefused() throws ScramFailure {
        ScramClient client = ScramClient.withPassword(Secret.of("wrong"), PLAIN, ChannelBinding.PREFER, null);
        assertReason(Reason.WRONG_PROOF, () -> login(client, ScramServer.start(VERIFIER, null)));
        assertThrows(IllegalStateException.class, client::keys);
    }

    @Test
    void unknownUserLooksLikeAWrongPassword() throws ScramFailure {
        MockVerifiers mocks = new MockVerifiers(64);
        assertArrayEquals(mocks.of("nobody").salt(), mocks.of("nobody").salt());
        assertNotEquals(mocks.of("nobody"), mocks.of("somebody"));
        assertNotEquals(mocks.of("nobody"), new MockVerifiers(64).of("nobody"));
        ScramClient client = ScramClient.withPassword(PASSWORD, PLAIN, ChannelBinding.PREFER, null);
        assertReason(Reason.WRONG_PROOF, () -> login(client, ScramServer.start(mocks.of("nobody"), null)));
    }

    @Test
    void everyChangedByteOfTheFinalMessagesIsNoticed() throws ScramFailure {
        ScramClient honest = ScramClient.withPassword(PASSWORD, PLAIN, ChannelBinding.PREFER, null);
        ScramServer recorded = ScramServer.start(VERIFIER, null, "server");
        byte[] clientFinal = honest.serverFirst(recorded.clientFirst("SCRAM-SHA-256", honest.clientFirst()));
        byte[] serverFinal = recorded.clientFinal(clientFinal).serverFinal();
        for (int i = 0; i < clientFinal.length; i++) {
            byte[] tampered = clientFinal.clone();
            tampered[i] ^= 1;
            ScramServer server = ScramServer.start(VERIFIER, null, "server");
            server.clientFirst("SCRAM-SHA-256", honest.clientFirst());
            assertThrows(ScramFailure.class, () -> server.clientFinal(tampered), "byte " + i);
        }
        for (int i = 0; i < serverFinal.length; i++) {
            byte[] tampered = serverFinal.clone();
            tampered[i] ^= 1;
            assertThrows(ScramFailure.class, () -> honest.serverFinal(tampered), "byte " + i);
        }
        assertFalse(honest.verified());
        honest.serverFinal(serverFinal);
        assertTrue(honest.verified());
    }

    @Test
    void everyChangedByteOfTheFirstMessagesIsNoticed() throws ScramFailure {
        int length = "n,,n=,r=012345".length();
        for (int i = 0; i < length; i++) {
            int changed = i;
            ScramClient client = ScramClient.start(PASSWORD, null, PLAIN, ChannelBinding.PREFER, null, "", "012345");
            ScramServer server = ScramServer.start(VERIFIER, null);
            assertThrows(ScramFailure.class, () -> {
                byte[] first = client.clientFirst();
                first[changed] ^= 1;
                server.clientFinal(client.serverFirst(server.clientFirst("SCRAM-SHA-256", first)));
            });
        }
        byte[] pattern = ScramServer.start(VERIFIER, null, "x").clientFirst("SCRAM-SHA-256", bytes("n,,n=,r=012345"));
        for (int i = 0; i < pattern.length; i++) {
            int changed = i;
            ScramClient client = ScramClient.start(PASSWORD, null, PLAIN, ChannelBinding.PREFER, null, "", "012345");
            ScramServer server = ScramServer.start(VERIFIER, null, "x");
            assertThrows(ScramFailure.class, () -> {
                byte[] answer = server.clientFirst("SCRAM-SHA-256", client.clientFirst());
                answer[changed] ^= 1;
                server.clientFinal(client.serverFirst(answer));
            });
        }
    }

    @Test
    void otherCertificateInTheMiddleIsNoticed() throws ScramFailure {
        ScramClient client = ScramClient.withPassword(PASSWORD, PLUS, ChannelBinding.PREFER, bytes("another hash"));
        assertReason(Reason.CHANNEL_BINDING, () -> login(client, ScramServer.start(VERIFIER, BINDING)));
    }

    @Test
    void hidingThePlusMechanismIsNoticed() throws ScramFailure {
        ScramClient client = ScramClient.withPassword(PASSWORD, PLAIN, ChannelBinding.PREFER, BINDING);
        assertTrue(text(client.clientFirst()).startsWith("y,,"));
        assertReason(Reason.CHANNEL_BINDING, () -> login(client, ScramServer.start(VERIFIER, BINDING)));
        // A proxy that really cannot bind accepts the same client.
        login(
                ScramClient.withPassword(PASSWORD, PLAIN, ChannelBinding.PREFER, BINDING),
                ScramServer.start(VERIFIER, null));
    }

    @Test
    void clientRefusesWhatDoesNotFitTheSetting() {
        assertReason(
                Reason.CHANNEL_BINDING,
                () -> ScramClient.withPassword(PASSWORD, PLAIN, ChannelBinding.REQUIRE, BINDING));
        assertReason(
                Reason.CHANNEL_BINDING, () -> ScramClient.withPassword(PASSWORD, PLAIN, ChannelBinding.REQUIRE, null));
        assertReason(
                Reason.CHANNEL_BINDING, () -> ScramClient.withPassword(PASSWORD, PLUS, ChannelBinding.PREFER, null));
        assertReason(
                Reason.NO_MECHANISM,
                () -> ScramClient.withPassword(PASSWORD, List.of("OAUTHBEARER"), ChannelBinding.PREFER, null));
    }

    @Test
    void certificateWithoutBindingHashFallsBackToPlainScram() throws ScramFailure {
        ScramClient client = ScramClient.withPassword(PASSWORD, PLUS, ChannelBinding.PREFER, new byte[0]);
        assertTrue(text(client.clientFirst()).startsWith("n,,"));
        assertReason(
                Reason.CHANNEL_BINDING,
                () -> ScramClient.withPassword(PASSWORD, PLUS, ChannelBinding.REQUIRE, new byte[0]));
    }

    @Test
    void serverRefusesMechanismsItDidNotOffer() {
        assertReason(
                Reason.NO_MECHANISM,
                () -> ScramServer.start(VERIFIER, null)
                        .clientFirst("SCRAM-SHA-256-PLUS", bytes("p=tls-server-end-point,,n=,r=abc")));
        assertReason(
                Reason.NO_MECHANISM,
                () -> ScramServer.start(VERIFIER, null).clientFirst("SCRAM-SHA-1", bytes("n,,n=,r=abc")));
    }

    @Test
    void flagMustFitTheMechanism() {
        for (String flag : List.of("n", "y", "p=tls-unique", "p=", "p")) {
            assertReason(
                    Reason.MALFORMED,
                    () -> ScramServer.start(VERIFIER, BINDING)
                            .clientFirst("SCRAM-SHA-256-PLUS", bytes(flag + ",,n=,r=abc")));
        }
        assertReason(
                Reason.MALFORMED,
                () -> ScramServer.start(VERIFIER, BINDING)
                        .clientFirst("SCRAM-SHA-256", bytes("p=tls-server-end-point,,n=,r=abc")));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ",",
                "n",
                "n,",
                "n,,",
                "n,,n=",
                "n,,n=,",
                "n,,n=,r=",
                "n,,n=,r=a b",
                "n,,n=,r=abc,",
                "n,,n=,r=abc,,",
                "n,,n=,r=abc,x",
                "n,,n=,r=abc,m=x",
                "n,a=other,n=,r=abc",
                "n,,m=x,n=,r=abc",
                "n,,r=abc,n=",
                "x,,n=,r=abc",
                "N,,n=,r=abc",
                "n,,n=\0,r=abc"
            })
    void serverRefusesMalformedFirstMessage(String message) {
        assertReason(
                Reason.MALFORMED, () -> ScramServer.start(VERIFIER, null).clientFirst("SCRAM-SHA-256", bytes(message)));
    }

    @Test
    void serverIgnoresOptionalExtensions() throws ScramFailure {
        ScramServer server = ScramServer.start(VERIFIER, null, "S");
        assertTrue(text(server.clientFirst("SCRAM-SHA-256", bytes("n,,n=me,r=abc,x=1,y=")))
                .startsWith("r=abcS,"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "c=biws",
                "c=biws,r=abcS",
                "c=biws,r=abcS,p=",
                "c=biws,r=abcS,p=AAAA",
                "c=biws,r=abcS,p=****",
                "c=biws,r=abcS,p=" + ZERO_PROOF + ",",
                "c=biws,r=abcS,p=" + ZERO_PROOF + ",x=1",
                "c=biws,r=abc,p=" + ZERO_PROOF,
                "c=biws,r=abcSS,p=" + ZERO_PROOF,
                "c=biws,m=1,r=abcS,p=" + ZERO_PROOF,
                "r=abcS,c=biws,p=" + ZERO_PROOF,
                "c=biw,r=abcS,p=" + ZERO_PROOF,
            })
    void serverRefusesMalformedFinalMessage(String message) throws ScramFailure {
        ScramServer server = ScramServer.start(VERIFIER, null, "S");
        server.clientFirst("SCRAM-SHA-256", bytes("n,,n=,r=abc"));
        assertReason(Reason.MALFORMED, () -> server.clientFinal(bytes(message)));
    }

    private static final String ZERO_PROOF = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

    @Test
    void serverRefusesFinalBeforeFirst() {
        assertReason(
                Reason.MALFORMED,
                () -> ScramServer.start(VERIFIER, null).clientFinal(bytes("c=biws,r=,p=" + ZERO_PROOF)));
    }

    @Test
    void serverRefusesBytesThatAreNoUtf8() {
        byte[] message = bytes("n,,n=?,r=abc");
        message[5] = (byte) 0xFF;
        assertReason(Reason.MALFORMED, () -> ScramServer.start(VERIFIER, null).clientFirst("SCRAM-SHA-256", message));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "r=012345",
                "r=012345x,s=AAAA",
                "r=012345,s=AAAA,i=4096",
                "r=999999x,s=AAAA,i=4096",
                "r=012345x,s=,i=4096",
                "r=012345x,s=A,i=4096",
                "r=012345x,s=AAAA,i=0",
                "r=012345x,s=AAAA,i=-1",
                "r=012345x,s=AAAA,i=+1",
                "r=012345x,s=AAAA,i=1000001",
                "r=012345x,s=AAAA,i=99999999999",
                "r=012345x,s=AAAA,i=",
                "r=012345x,s=AAAA,i=1,",
                "m=1,r=012345x,s=AAAA,i=1"
            })
    void clientRefusesMalformedServerFirst(String message) throws ScramFailure {
        ScramClient client = ScramClient.start(PASSWORD, null, PLAIN, ChannelBinding.PREFER, null, "", "012345");
        assertReason(Reason.MALFORMED, () -> client.serverFirst(bytes(message)));
    }

    @Test
    void clientReportsTheServersRefusal() throws ScramFailure {
        ScramClient client = ScramClient.start(PASSWORD, null, PLAIN, ChannelBinding.PREFER, null, "", "012345");
        assertReason(Reason.MALFORMED, () -> client.serverFinal(bytes("v=AAAA")));
        client.serverFirst(bytes("r=012345x,s=AAAA,i=1"));
        assertReason(Reason.SERVER_REFUSED, () -> client.serverFinal(bytes("e=invalid-proof")));
        assertReason(Reason.SERVER_REFUSED, () -> client.serverFinal(bytes("v=" + ZERO_PROOF)));
    }

    @Test
    void noncesDiffer() throws ScramFailure {
        Set<String> seen = new HashSet<>();
        for (int i = 0; i < 100; i++) {
            seen.add(text(ScramClient.withPassword(PASSWORD, PLAIN, ChannelBinding.PREFER, null)
                    .clientFirst()));
        }
        assertEquals(100, seen.size());
    }

    @Test
    void offersPlusOnlyWhenBindingIsPossible() {
        assertEquals(PLAIN, ScramMechanism.offered(false));
        assertEquals(PLUS, ScramMechanism.offered(true));
    }

    private static ScramKeys login(ScramClient client, ScramServer server) throws ScramFailure {
        byte[] serverFirst = server.clientFirst(client.mechanism().wireName(), client.clientFirst());
        ScramServer.Accepted accepted = server.clientFinal(client.serverFirst(serverFirst));
        client.serverFinal(accepted.serverFinal());
        return accepted.keys();
    }

    private interface Step {
        void run() throws ScramFailure;
    }

    private static void assertReason(Reason reason, Step step) {
        assertEquals(reason, assertThrows(ScramFailure.class, step::run).reason());
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
