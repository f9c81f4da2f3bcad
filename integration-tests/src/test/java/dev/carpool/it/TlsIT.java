package dev.carpool.it;

import dev.carpool.demo.EmbeddedPostgres;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.sql.Connection;
import java.sql.Statement;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** TLS on both sides. The server of this class insists on it. */
class TlsIT {
    @TempDir
    private static Path directory;

    private static X509Bundle authority;
    private static X509Bundle proxyCertificate;
    private static EmbeddedPostgres postgres;

    @BeforeAll
    static void start() throws Exception {
        authority = new CertificateBuilder()
                .subject("CN=Test authority")
                .setIsCertificateAuthority(true)
                .buildSelfSigned();
        proxyCertificate = issue("localhost");
        X509Bundle serverCertificate = issue("localhost");
        write("ca.pem", authority.getRootCertificatePEM());
        write("proxy.pem", proxyCertificate.getCertificatePathPEM());
        write("proxy.key", proxyCertificate.getPrivateKeyPEM());
        write(
                "strangers.pem",
                new CertificateBuilder()
                        .subject("CN=Stranger")
                        .setIsCertificateAuthority(true)
                        .buildSelfSigned()
                        .getRootCertificatePEM());
        postgres = EmbeddedPostgres.builder()
                .setting("ssl", "on")
                .setting("ssl_cert_file", "server.pem")
                .setting("ssl_key_file", "server.key")
                .setting("ssl_ca_file", "ca.pem")
                .file("server.pem", bytes(serverCertificate.getCertificatePathPEM()))
                .file("server.key", bytes(serverCertificate.getPrivateKeyPEM()))
                .file("ca.pem", bytes(authority.getRootCertificatePEM()))
                .hba("hostnossl all /^tls all reject")
                .hba("hostssl all tls_cert all cert")
                .start();
        postgres.execute(
                "create role tls_app login password 'tls-secret'",
                "create role tls_cert login",
                "create role app login password 'app-secret'");
    }

    @AfterAll
    static void stop() {
        postgres.close();
    }

    private static X509Bundle issue(String name) throws Exception {
        return new CertificateBuilder()
                .subject("CN=" + name)
                .addSanDnsName("localhost")
                .buildIssuedBy(authority);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static Path write(String name, String content) throws Exception {
        return Files.writeString(directory.resolve(name), content);
    }

    private static String path(String name) {
        return directory.resolve(name).toString();
    }

    private static ProxyUnderTest proxy(String... settings) throws Exception {
        String[] all = new String[settings.length + 3];
        all[0] = "client_tls_sslmode=prefer";
        all[1] = "client_tls_cert_file=" + path("proxy.pem");
        all[2] = "client_tls_key_file=" + path("proxy.key");
        System.arraycopy(settings, 0, all, 3, settings.length);
        return ProxyUnderTest.inFrontOf("postgresql://localhost:" + postgres.port(), all);
    }

    private static Connection connect(ProxyUnderTest proxy, String... properties) throws Exception {
        return proxy.connectAs("tls_app", "tls-secret", "postgres", properties);
    }

    private static SSLContext context(String authorityFile, @Nullable X509Bundle identity) throws Exception {
        KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
        trusted.load(null, null);
        try (var in = Files.newInputStream(Path.of(path(authorityFile)))) {
            trusted.setCertificateEntry(
                    "ca",
                    java.security.cert.CertificateFactory.getInstance("X.509").generateCertificate(in));
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        SSLContext context = SSLContext.getInstance("TLS");
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(identity == null ? null : identity.toKeyStore(new char[0]), new char[0]);
        context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
        return context;
    }

    /** Goes over to TLS on a connection that has been told so. */
    private static void handshake(ScriptedClient client, SSLContext context, String... protocols) throws Exception {
        SSLSocket socket = (SSLSocket) context.getSocketFactory()
                .createSocket(client.socket(), "localhost", client.socket().getPort(), true);
        SSLParameters parameters = socket.getSSLParameters();
        parameters.setApplicationProtocols(protocols);
        socket.setSSLParameters(parameters);
        socket.startHandshake();
        client.over(socket);
    }

    @Test
    void bothSidesAreEncrypted() throws Exception {
        try (ProxyUnderTest proxy = proxy("server_tls_sslmode=require");
                Connection connection = connect(proxy, "sslmode", "verify-ca", "sslrootcert", path("ca.pem"))) {
            assertEquals(
                    "true", Sql.value(connection, "select ssl::text from pg_stat_ssl where pid = pg_backend_pid()"));
            String text = "x".repeat(5_000_000);
            assertEquals(text, Sql.value(connection, "select ?", text));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"auto", "epoll", "nio"})
    void directTls(String transport) throws Exception {
        try (ProxyUnderTest proxy = proxy("transport=" + transport);
                Connection connection = connect(
                        proxy, "sslmode", "verify-ca", "sslrootcert", path("ca.pem"), "sslNegotiation", "direct")) {
            assertEquals("1", Sql.value(connection, "select 1"));
        }
    }

    @Test
    void directTlsNeedsTheProtocolName() throws Exception {
        try (ProxyUnderTest proxy = proxy()) {
            try (ScriptedClient client = proxy.client()) {
                handshake(client, context("ca.pem", null), "postgresql");
                client.login("tls_app", "tls-secret", "postgres");
                assertEquals("T D:1 C:SELECT_1 Z:I", client.query("select 1"));
            }
            try (ScriptedClient client = proxy.client()) {
                assertThrows(Exception.class, () -> {
                    handshake(client, context("ca.pem", null));
                    client.startup("tls_app", "postgres").expect('R');
                });
            }
            try (ScriptedClient client = proxy.client()) {
                assertThrows(Exception.class, () -> {
                    handshake(client, context("ca.pem", null), "http/1.1");
                    client.startup("tls_app", "postgres").expect('R');
                });
            }
        }
    }

    @Test
    void bytesBehindSslRequestCloseTheConnection() throws Exception {
        try (ProxyUnderTest proxy = proxy();
                ScriptedClient client = proxy.client()) {
            byte[] startup =
                    Wire.startup(Wire.VERSION_3_0, java.util.Map.of("user", "tls_app", "database", "postgres"));
            client.send(Wire.all(Wire.sslRequest(), startup));
            int first = client.nextByte();
            if (first == 'S') {
                first = client.nextByte();
            }
            assertTrue(first < 0 || first == 'E', "byte " + first);
        }
    }

    @Test
    void tlsCanBeRequired() throws Exception {
        try (ProxyUnderTest proxy = proxy("client_tls_sslmode=require")) {
            assertEquals(
                    "28000",
                    Sql.state(() -> connect(proxy, "sslmode", "disable").close()));
            try (Connection connection = connect(proxy, "sslmode", "require")) {
                assertEquals("1", Sql.value(connection, "select 1"));
            }
        }
    }

    @Test
    void gssEncryptionIsRefusedBeforeTls() throws Exception {
        try (ProxyUnderTest proxy = proxy();
                ScriptedClient client = proxy.client()) {
            assertEquals('N', client.send(Wire.gssEncRequest()).nextByte());
            assertEquals('S', client.send(Wire.sslRequest()).nextByte());
            handshake(client, context("ca.pem", null));
            client.login("tls_app", "tls-secret", "postgres");
            assertEquals("T D:1 C:SELECT_1 Z:I", client.query("select 1"));
        }
    }

    @Test
    void scramIsBoundToTheChannel() throws Exception {
        Path users = write("users.txt", "\"tls_app\" \"tls-secret\"\n");
        try (ProxyUnderTest proxy = proxy("auth_type=scram-sha-256", "auth_file=" + users);
                Connection connection = connect(
                        proxy, "sslmode", "verify-ca", "sslrootcert", path("ca.pem"), "channelBinding", "require")) {
            assertEquals("tls_app", Sql.value(connection, "select session_user"));
            assertEquals(
                    "28P01",
                    Sql.state(() -> proxy.connectAs(
                                    "tls_app", "wrong", "postgres", "sslmode", "require", "channelBinding", "require")
                            .close()));
        }
    }

    @Test
    void passthroughOfScramKeysWorksWithServersThatOfferChannelBinding() throws Exception {
        Path users = write("verifiers.txt", "\"tls_app\" \"" + verifier("tls_app") + "\"\n");
        try (ProxyUnderTest proxy =
                        proxy("auth_type=scram-sha-256", "auth_file=" + users, "server_tls_sslmode=require");
                Connection connection = connect(proxy, "sslmode", "require")) {
            assertEquals("tls_app", Sql.value(connection, "select session_user"));
        }
    }

    private static String verifier(String role) throws Exception {
        try (Connection admin = postgres.connect("postgres")) {
            return Sql.value(admin, "select rolpassword from pg_authid where rolname = ?", role);
        }
    }

    @Test
    void clientsProveThemselvesWithCertificates() throws Exception {
        Path users = write("app.txt", "\"app\" \"app-secret\"\n");
        try (ProxyUnderTest proxy = proxy(
                "auth_type=cert",
                "client_tls_sslmode=verify-full",
                "client_tls_ca_file=" + path("ca.pem"),
                "auth_file=" + users)) {
            try (ScriptedClient client = proxy.client()) {
                assertEquals('S', client.send(Wire.sslRequest()).nextByte());
                handshake(client, context("ca.pem", issue("app")));
                client.login("app", "", "postgres");
                assertEquals("app", client.value("select session_user"));
            }
            try (ScriptedClient client = proxy.client()) {
                assertEquals('S', client.send(Wire.sslRequest()).nextByte());
                handshake(client, context("ca.pem", issue("somebody_else")));
                assertEquals(
                        "28000", client.startup("app", "postgres").expect('E').field('C'));
            }
            try (ScriptedClient client = proxy.client()) {
                assertEquals('S', client.send(Wire.sslRequest()).nextByte());
                assertThrows(Exception.class, () -> {
                    handshake(client, context("ca.pem", null));
                    client.login("app", "", "postgres");
                });
            }
        }
    }

    @Test
    void theProxyProvesItselfWithACertificate() throws Exception {
        X509Bundle own = issue("tls_cert");
        write("own.pem", own.getCertificatePathPEM());
        write("own.key", own.getPrivateKeyPEM());
        try (ProxyUnderTest proxy = proxy(
                        "auth_type=trust",
                        "server_tls_sslmode=verify-full",
                        "server_tls_ca_file=" + path("ca.pem"),
                        "server_tls_cert_file=" + path("own.pem"),
                        "server_tls_key_file=" + path("own.key"));
                Connection connection = proxy.connectAs("tls_cert", "", "postgres", "sslmode", "disable")) {
            assertEquals("tls_cert", Sql.value(connection, "select session_user"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"verify-ca", "verify-full"})
    void theServersCertificateIsChecked(String mode) throws Exception {
        try (ProxyUnderTest proxy = proxy("server_tls_sslmode=" + mode, "server_tls_ca_file=" + path("ca.pem"));
                Connection connection = connect(proxy, "sslmode", "disable")) {
            assertEquals("1", Sql.value(connection, "select 1"));
        }
        try (ProxyUnderTest proxy =
                proxy("server_tls_sslmode=" + mode, "server_tls_ca_file=" + path("strangers.pem"))) {
            assertEquals(
                    "08001",
                    Sql.state(() -> connect(proxy, "sslmode", "disable").close()));
        }
    }

    @Test
    void verifyFullChecksTheName() throws Exception {
        for (String mode : List.of("verify-ca", "verify-full")) {
            try (ProxyUnderTest proxy = ProxyUnderTest.inFrontOf(
                    "postgresql://127.0.0.1:" + postgres.port(),
                    "server_tls_sslmode=" + mode,
                    "server_tls_ca_file=" + path("ca.pem"))) {
                if (mode.equals("verify-ca")) {
                    connect(proxy).close();
                } else {
                    assertEquals("08001", Sql.state(() -> connect(proxy).close()));
                }
            }
        }
    }

    @Test
    void withoutTlsTheServerRefuses() throws Exception {
        try (ProxyUnderTest proxy = proxy("server_tls_sslmode=disable")) {
            assertEquals(
                    "28000",
                    Sql.state(() -> connect(proxy, "sslmode", "disable").close()));
        }
    }

    @Test
    void cancelRequestsAreEncryptedToo() throws Exception {
        try (ProxyUnderTest proxy = proxy("server_tls_sslmode=require");
                Connection connection = connect(proxy, "sslmode", "require");
                Statement statement = connection.createStatement()) {
            Background<String> running =
                    Background.start(() -> Sql.state(() -> statement.execute("select pg_sleep(600)")));
            Await.until("the query runs", () -> {
                try (Connection admin = postgres.connect("postgres")) {
                    return Sql.number(admin, "select count(*) from pg_stat_activity where wait_event = 'PgSleep'") == 1;
                }
            });
            statement.cancel();
            assertEquals("57014", running.result());
            assertEquals("1", Sql.value(connection, "select 1"));
        }
    }

    @Test
    void reloadServesTheNewCertificate() throws Exception {
        X509Bundle first = issue("localhost");
        X509Bundle second = issue("localhost");
        write("changing.pem", first.getCertificatePathPEM());
        write("changing.key", first.getPrivateKeyPEM());
        String[] settings = {
            "client_tls_sslmode=prefer",
            "client_tls_cert_file=" + path("changing.pem"),
            "client_tls_key_file=" + path("changing.key")
        };
        try (ProxyUnderTest proxy = ProxyUnderTest.start(settings)) {
            assertEquals(first.getCertificate().getSerialNumber(), serial(proxy));
            write("changing.pem", second.getCertificatePathPEM());
            assertThrows(Exception.class, () -> proxy.reload(settings), "the key does not belong to it");
            assertEquals(first.getCertificate().getSerialNumber(), serial(proxy));
            write("changing.key", second.getPrivateKeyPEM());
            proxy.reload(settings);
            assertEquals(second.getCertificate().getSerialNumber(), serial(proxy));
            assertNotEquals(
                    first.getCertificate().getSerialNumber(),
                    second.getCertificate().getSerialNumber());
        }
    }

    private static java.math.BigInteger serial(ProxyUnderTest proxy) throws Exception {
        try (ScriptedClient client = proxy.client()) {
            assertEquals('S', client.send(Wire.sslRequest()).nextByte());
            handshake(client, context("ca.pem", null));
            SSLSocket socket = (SSLSocket) client.socket();
            return ((java.security.cert.X509Certificate) socket.getSession().getPeerCertificates()[0])
                    .getSerialNumber();
        }
    }

    @Test
    void clientsThatDistrustTheProxyGetNoFurther() throws Exception {
        try (ProxyUnderTest proxy = proxy();
                ScriptedClient client = proxy.client()) {
            assertEquals('S', client.send(Wire.sslRequest()).nextByte());
            assertThrows(SSLException.class, () -> handshake(client, context("strangers.pem", null)));
            Await.until("the session is forgotten", () -> proxy.sessions() == 0);
        }
    }

    @Test
    void bytesByteByByteThroughTls() throws Exception {
        try (ProxyUnderTest proxy = proxy("server_tls_sslmode=require");
                ScriptedClient client = proxy.client()) {
            assertEquals('S', client.send(Wire.sslRequest()).nextByte());
            handshake(client, context("ca.pem", null));
            client.login("tls_app", "tls-secret", "postgres");
            byte[] query = Wire.query("select 'byte by byte'");
            for (int i = 0; i < query.length; i++) {
                client.send(Wire.part(query, i, i + 1));
            }
            assertEquals("T D:byte by byte C:SELECT_1 Z:I", client.replies());
        }
    }
}
