package dev.carpool.tls;

import dev.carpool.config.SslMode;
import dev.carpool.config.TlsConfig;
import dev.carpool.tls.TestCertificates.Issued;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

final class TlsContextsTest {
    private static final Issued AUTHORITY = TestCertificates.authority("Test CA");
    private static final Issued PROXY = TestCertificates.signedBy(AUTHORITY, "db.example.com");
    private static final Issued ALICE = TestCertificates.signedBy(AUTHORITY, "alice");
    private static final Issued STRANGER = TestCertificates.selfSigned("db.example.com");

    @TempDir
    private Path files;

    static Stream<SslProvider> providers() {
        return OpenSsl.isAvailable() ? Stream.of(SslProvider.JDK, SslProvider.OPENSSL) : Stream.of(SslProvider.JDK);
    }

    @ParameterizedTest
    @MethodSource("providers")
    void bothSidesShakeHandsAndSeeTheSameBinding(SslProvider provider) throws TlsProblems {
        TlsContexts tls = TlsContexts.load(proxy(SslMode.PREFER, ""), TlsConfig.of(SslMode.PREFER), provider);
        try (Handshake handshake = shake(tls, "db.example.com")) {
            assertTrue(handshake.succeeded(), handshake::problem);
            byte[] own = tls.clients().binding();
            assertEquals(32, own.length);
            assertArrayEquals(
                    own, TlsToServers.peerBinding(handshake.client.engine().getSession()));
            assertEquals("TLSv1.3", handshake.client.engine().getSession().getProtocol());
            assertEquals(TlsLibrary.ALPN, handshake.server.applicationProtocol());
            assertEquals(
                    Optional.empty(),
                    TlsToClients.commonName(handshake.server.engine().getSession()));
        }
    }

    @ParameterizedTest
    @MethodSource("providers")
    void verifyFullChecksAuthorityAndHostName(SslProvider provider) throws TlsProblems {
        String ca = write("ca.pem", AUTHORITY.certificatePem());
        String otherCa = write("other.pem", STRANGER.certificatePem());
        assertTrue(accepts(provider, SslMode.VERIFY_FULL, ca, "db.example.com"));
        assertFalse(accepts(provider, SslMode.VERIFY_FULL, ca, "other.example.com"));
        assertFalse(accepts(provider, SslMode.VERIFY_FULL, otherCa, "db.example.com"));
        assertTrue(accepts(provider, SslMode.VERIFY_CA, ca, "other.example.com"));
        assertFalse(accepts(provider, SslMode.VERIFY_CA, otherCa, "db.example.com"));
        assertFalse(accepts(provider, SslMode.VERIFY_CA, "", "db.example.com"));
        assertTrue(accepts(provider, SslMode.REQUIRE, otherCa, "other.example.com"));
    }

    private boolean accepts(SslProvider provider, SslMode mode, String ca, String host) throws TlsProblems {
        TlsConfig server = new TlsConfig(mode, "", "", ca, "secure", "default", "");
        TlsContexts tls = TlsContexts.load(proxy(SslMode.REQUIRE, ""), server, provider);
        try (Handshake handshake = shake(tls, host)) {
            return handshake.succeeded();
        }
    }

    @ParameterizedTest
    @MethodSource("providers")
    void clientCertificateGivesTheUser(SslProvider provider) throws TlsProblems {
        String ca = write("ca.pem", AUTHORITY.certificatePem());
        for (SslMode mode : List.of(SslMode.PREFER, SslMode.VERIFY_CA)) {
            TlsContexts tls = TlsContexts.load(proxy(mode, ca), withCertificate(ALICE), provider);
            try (Handshake handshake = shake(tls, "db.example.com")) {
                assertTrue(handshake.succeeded(), handshake::problem);
                assertEquals(
                        Optional.of("alice"),
                        TlsToClients.commonName(handshake.server.engine().getSession()));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("providers")
    void verifyCaRefusesClientsWithoutGoodCertificate(SslProvider provider) throws TlsProblems {
        String ca = write("ca.pem", AUTHORITY.certificatePem());
        TlsContexts stranger = TlsContexts.load(proxy(SslMode.VERIFY_CA, ca), withCertificate(STRANGER), provider);
        try (Handshake handshake = shake(stranger, "db.example.com")) {
            assertFalse(handshake.serverSucceeded());
        }
        TlsContexts nothing = TlsContexts.load(proxy(SslMode.VERIFY_CA, ca), TlsConfig.of(SslMode.REQUIRE), provider);
        try (Handshake handshake = shake(nothing, "db.example.com")) {
            assertFalse(handshake.serverSucceeded());
        }
    }

    @ParameterizedTest
    @MethodSource("providers")
    void protocolsAndCiphersCanBeChosen(SslProvider provider) throws TlsProblems {
        TlsConfig client = proxy(SslMode.REQUIRE, "");
        TlsConfig old =
                new TlsConfig(SslMode.REQUIRE, "", "", "", "tlsv1.2", "ECDHE-ECDSA-AES128-GCM-SHA256:!aNULL", "");
        TlsContexts tls = TlsContexts.load(client, old, provider);
        try (Handshake handshake = shake(tls, "db.example.com")) {
            assertTrue(handshake.succeeded(), handshake::problem);
            assertEquals("TLSv1.2", handshake.server.engine().getSession().getProtocol());
            assertEquals(
                    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
                    handshake.server.engine().getSession().getCipherSuite());
        }
    }

    @ParameterizedTest
    @CsvSource({"Ed25519, Ed25519", "RSA, RSASSA-PSS", "RSA, SHA256withRSA", "EC, SHA256withECDSA"})
    void everyKindOfCertificateServesJdkClients(String key, String signature) throws TlsProblems {
        Issued issued =
                TestCertificates.issue(TestCertificates.keys(key), signature, "db.example.com", "db.example.com", null);
        TlsConfig config = new TlsConfig(
                SslMode.REQUIRE,
                write("kind.key", issued.keyPem()),
                write("kind.pem", issued.certificatePem()),
                "",
                "secure",
                "default",
                "");
        TlsToClients clients = TlsContexts.load(config, TlsConfig.DISABLED).clients();
        TlsToServers servers = TlsContexts.load(TlsConfig.DISABLED, TlsConfig.of(SslMode.REQUIRE), SslProvider.JDK)
                .servers();
        try (Handshake handshake = shake(clients, servers, "db.example.com")) {
            assertTrue(handshake.succeeded(), handshake::problem);
            byte[] own = clients.binding();
            byte[] seen = TlsToServers.peerBinding(handshake.client.engine().getSession());
            assertArrayEquals(own == null ? new byte[0] : own, seen);
        }
    }

    @Test
    void disabledTlsNeedsNothing() throws TlsProblems {
        TlsContexts tls = TlsContexts.load(TlsConfig.DISABLED, TlsConfig.DISABLED);
        assertFalse(tls.clients().available());
        assertNull(tls.clients().binding());
        assertThrows(IllegalStateException.class, () -> tls.clients().newHandler(ByteBufAllocator.DEFAULT));
        assertThrows(
                IllegalStateException.class, () -> tls.servers().newHandler(ByteBufAllocator.DEFAULT, "host", 5432));
    }

    @Test
    void allProblemsAreReportedAtOnce() {
        String key = write("key.pem", PROXY.keyPem());
        String notPem = write("not.pem", "hello");
        TlsConfig client = new TlsConfig(
                SslMode.VERIFY_CA, key, files.resolve("missing.pem").toString(), "", "sslv2", "BAD-CIPHER", "");
        TlsConfig server = new TlsConfig(SslMode.REQUIRE, notPem, "", notPem, "secure", "default", "BAD13");
        TlsProblems problems = assertThrows(TlsProblems.class, () -> TlsContexts.load(client, server));
        assertEquals(
                List.of(
                        "client_tls_cert_file " + files.resolve("missing.pem") + ": does not exist",
                        "client_tls_sslmode verify-ca needs client_tls_ca_file",
                        "client_tls_protocols: \"sslv2\" is no TLS protocol; use tlsv1.2, tlsv1.3, secure or all",
                        "client_tls_ciphers: cipher \"BAD-CIPHER\" is not known",
                        "server_tls_key_file " + notPem + ": has no PEM block (-----BEGIN …)",
                        "server_tls_ca_file " + notPem + ": has no PEM block (-----BEGIN …)",
                        "server_tls_key_file and server_tls_cert_file must be set together",
                        "server_tls13_ciphers: cipher \"BAD13\" is not known for TLS 1.3"),
                problems.problems());
    }

    @Test
    void keyOfAnotherCertificateIsReported() {
        String key = write("key.pem", STRANGER.keyPem());
        String certificate = write("cert.pem", PROXY.certificatePem());
        TlsConfig client = new TlsConfig(SslMode.REQUIRE, key, certificate, "", "secure", "default", "");
        TlsProblems problems = assertThrows(TlsProblems.class, () -> TlsContexts.load(client, TlsConfig.DISABLED));
        assertEquals(
                "client_tls_key_file " + key + ": is not the key of the first certificate in " + certificate,
                problems.getMessage());
    }

    @Test
    void clientsNeedAKey() {
        TlsProblems problems = assertThrows(
                TlsProblems.class, () -> TlsContexts.load(TlsConfig.of(SslMode.ALLOW), TlsConfig.DISABLED));
        assertEquals(
                "client_tls_sslmode allow needs client_tls_key_file and client_tls_cert_file", problems.getMessage());
    }

    @Test
    void reloadTakesNewFilesAndKeepsTheOldOnesWhenTheNewAreBad() throws Exception {
        TlsConfig client = proxy(SslMode.REQUIRE, "");
        TlsContexts tls = TlsContexts.load(client, TlsConfig.DISABLED);
        TlsToClients first = tls.clients();
        assertFalse(tls.reloadIfChanged());
        assertSame(first, tls.clients());

        String good = Files.readString(Path.of(client.certFile()));
        Files.writeString(Path.of(client.certFile()), "broken");
        TlsProblems problems = assertThrows(TlsProblems.class, tls::reloadIfChanged);
        assertTrue(problems.getMessage().startsWith("client_tls_cert_file " + client.certFile()));
        assertSame(first, tls.clients());
        assertFalse(tls.reloadIfChanged(), "the same bad file is reported once");
        assertThrows(TlsProblems.class, () -> tls.reload(client, TlsConfig.DISABLED));
        assertSame(first, tls.clients());

        Files.writeString(Path.of(client.certFile()), good);
        assertTrue(tls.reloadIfChanged());
        Issued next = TestCertificates.selfSigned("new.example.com");
        Files.writeString(Path.of(client.certFile()), next.certificatePem());
        Files.writeString(Path.of(client.keyFile()), next.keyPem());
        assertTrue(tls.reloadIfChanged());
        assertArrayEquals(
                ServerEndPoint.of(next.certificate()).orElseThrow(),
                tls.clients().binding());
        try (Handshake handshake = shake(first, clientSide(), "old.example.com")) {
            assertTrue(handshake.succeeded(), "a session that began with the old context still can");
        }
    }

    private static TlsToServers clientSide() throws TlsProblems {
        return TlsContexts.load(TlsConfig.DISABLED, TlsConfig.of(SslMode.REQUIRE))
                .servers();
    }

    private TlsConfig proxy(SslMode mode, String ca) {
        String key = write("proxy.key", PROXY.keyPem());
        String certificate = write("proxy.pem", PROXY.certificatePem() + AUTHORITY.certificatePem());
        return new TlsConfig(mode, key, certificate, ca, "secure", "default", "");
    }

    private TlsConfig withCertificate(Issued issued) {
        String key = write("client.key", issued.keyPem());
        String certificate = write("client.pem", issued.certificatePem());
        return new TlsConfig(SslMode.REQUIRE, key, certificate, "", "secure", "default", "");
    }

    private String write(String name, String content) {
        return TestCertificates.write(files, name, content);
    }

    private static Handshake shake(TlsContexts tls, String host) {
        return shake(tls.clients(), tls.servers(), host);
    }

    private static Handshake shake(TlsToClients clients, TlsToServers servers, String host) {
        Handshake handshake = new Handshake(
                clients.newHandler(ByteBufAllocator.DEFAULT), servers.newHandler(ByteBufAllocator.DEFAULT, host, 5432));
        handshake.run();
        return handshake;
    }

    /** A TLS handshake in memory. */
    private static final class Handshake implements AutoCloseable {
        final SslHandler server;
        final SslHandler client;
        private final EmbeddedChannel serverChannel;
        private final EmbeddedChannel clientChannel;

        Handshake(SslHandler server, SslHandler client) {
            this.server = server;
            this.client = client;
            this.serverChannel = new EmbeddedChannel(server);
            this.clientChannel = new EmbeddedChannel(client);
        }

        void run() {
            boolean moved = true;
            while (moved) {
                moved = move(clientChannel, serverChannel) || move(serverChannel, clientChannel);
            }
        }

        private static boolean move(EmbeddedChannel from, EmbeddedChannel to) {
            boolean moved = false;
            for (ByteBuf bytes = from.readOutbound(); bytes != null; bytes = from.readOutbound()) {
                moved = true;
                try {
                    to.writeInbound(bytes);
                } catch (Exception e) {
                    // a failed handshake; its future knows
                }
            }
            return moved;
        }

        boolean succeeded() {
            return serverSucceeded() && client.handshakeFuture().isSuccess();
        }

        boolean serverSucceeded() {
            return server.handshakeFuture().isSuccess();
        }

        String problem() {
            return server.handshakeFuture().cause() + " / "
                    + client.handshakeFuture().cause();
        }

        @Override
        public void close() {
            serverChannel.close();
            clientChannel.close();
            finish(serverChannel);
            finish(clientChannel);
        }

        private static void finish(EmbeddedChannel channel) {
            try {
                channel.finishAndReleaseAll();
            } catch (Exception e) {
                // what a failed handshake left behind
            }
        }
    }
}
