package dev.carpool.auth;

import dev.carpool.config.AuthType;
import dev.carpool.config.ConfigProblem;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

final class HbaRulesTest {
    private static final String RULES = """
            # type       database          user            address                  method
            local        all               all                                      peer
            host         all               "evil user"     all                      reject
            hostssl      all               certified       0.0.0.0/0                cert
            hostssl      all               certified       ::/0                     cert
            hostnossl    secure            all             0.0.0.0/0                reject
            host         replication       standby         10.0.0.0/8               md5
            host         sameuser          all             192.168.0.0 255.255.0.0  password
            host         one,two , "all"   alice,bob       10.1.2.3/32              scram-sha-256  # comment
            host         @databases.txt    all             fd00::/8                 trust
            host         all               all             10.0.0.0/9               passthrough
            """;

    @TempDir
    private Path directory;

    @ParameterizedTest
    @CsvSource({
        // address, database, user, tls, replication, method, line
        "         , app, alice, false, false, PEER, 2",
        "10.9.9.9, app, evil user, true, false, REJECT, 3",
        "8.8.8.8, app, certified, true, false, CERT, 4",
        "2001:db8::1, app, certified, true, false, CERT, 5",
        "8.8.8.8, app, certified, false, false, , ",
        "10.1.1.1, secure, alice, false, false, REJECT, 6",
        "10.1.1.1, secure, alice, true, false, PASSTHROUGH, 11",
        "10.200.1.1, '', standby, false, true, MD5, 7",
        "10.200.1.1, replication, standby, false, false, , ",
        "10.1.1.1, '', alice, false, true, , ",
        "192.168.77.1, alice, alice, false, false, PASSWORD, 8",
        "192.168.77.1, app, alice, false, false, , ",
        "192.169.77.1, alice, alice, false, false, , ",
        "10.1.2.3, two, bob, false, false, SCRAM_SHA_256, 9",
        "10.1.2.3, all, bob, false, false, SCRAM_SHA_256, 9",
        "10.1.2.3, three, bob, false, false, PASSTHROUGH, 11",
        "10.1.2.4, two, bob, false, false, PASSTHROUGH, 11",
        "fd12::1, listed, alice, false, false, TRUST, 10",
        "fd12::1, also listed, alice, false, false, TRUST, 10",
        "fd12::1, third, alice, false, false, TRUST, 10",
        "fd12::1, other, alice, false, false, , ",
        "fe00::1, listed, alice, false, false, , ",
        "10.127.255.255, x, y, false, false, PASSTHROUGH, 11",
        "10.128.0.0, x, y, false, false, , ",
        "::ffff:10.1.1.1, x, y, false, false, PASSTHROUGH, 11"
    })
    void firstRuleThatFitsDecides(
            String address,
            String database,
            String user,
            boolean tls,
            boolean replication,
            HbaMethod method,
            Integer line)
            throws Exception {
        Files.writeString(directory.resolve("databases.txt"), "listed, \"also listed\" # comment\n@more.txt\n");
        Files.writeString(directory.resolve("more.txt"), "\nthird\n");
        Optional<HbaRules.Match> expected =
                method == null ? Optional.empty() : Optional.of(new HbaRules.Match(method, line));
        HbaRules.Client client = new HbaRules.Client(address(address), database, user, tls, replication);
        assertEquals(expected, read(RULES).match(client));
    }

    private static InetAddress address(String text) throws UnknownHostException {
        return text == null ? null : InetAddress.getByName(text);
    }

    @Test
    void bitsOutsideTheMaskDoNotMatter() throws Exception {
        HbaRules rules = read("host all all 10.1.2.3/8 trust\n");
        assertEquals(
                Optional.of(new HbaRules.Match(HbaMethod.TRUST, 1)),
                rules.match(new HbaRules.Client(address("10.200.0.1"), "x", "y", false, false)));
    }

    @Test
    void emptyFileAdmitsNobody() throws Exception {
        HbaRules rules = read("\n# nothing\n");
        assertEquals(0, rules.size());
        assertTrue(
                rules.match(new HbaRules.Client(null, "x", "y", false, false)).isEmpty());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "foo all all all trust | unknown connection type \"foo\"; use local, host, hostssl or hostnossl",
                "\"host\" all all all trust | unknown connection type \"host\"; use local, host, hostssl or hostnossl",
                "host | expected a database",
                "host all | expected a user",
                "host all all | expected an address",
                "host all all all | expected an authentication method",
                "local all all | expected an authentication method",
                "host all, all trust | expected an address",
                "host ,all all all trust | expected a database",
                "host all all all ldap | authentication method \"ldap\" is not supported; use trust, reject, md5,"
                        + " password, peer, cert, scram-sha-256 or passthrough",
                "host all all all cert map=x | option \"map=x\" is not supported",
                "host all all all peer | method peer works for local connections only",
                "local all all cert | method cert works for TLS connections only; use it with hostssl",
                "hostnossl all all all cert | method cert works for TLS connections only; use it with hostssl",
                "host all all 10.0.0.0/33 trust | \"10.0.0.0/33\" is no address with mask length",
                "host all all ::/129 trust | \"::/129\" is no address with mask length",
                "host all all 10.0.0.0/ trust | \"10.0.0.0/\" is no address with mask length",
                "host all all 10/8 trust | \"10/8\" is no address with mask length",
                "host all all 10.0.0.0 ::1 trust | \"::1\" is no mask for address 10.0.0.0",
                "host all all 10.0.0.0 | expected a mask behind address 10.0.0.0",
                "host all all samenet trust | address \"samenet\" is not supported; use all, or an IPv4 or IPv6 address"
                        + " with mask length",
                "host samerole all all trust | \"samerole\" is not supported: the proxy knows no role memberships and"
                        + " takes no patterns",
                "host all +group all trust | \"+group\" is not supported: the proxy knows no role memberships and takes"
                        + " no patterns",
                "host \"all all all trust | a closing quote is missing",
            })
    void reportsBadLines(String line, String problem) {
        assertEquals(List.of(problem), problems(line));
    }

    @ParameterizedTest
    @ValueSource(strings = {"local all all trust", "host all all all trust", "hostssl all all all trust"})
    void acceptsGoodLines(String line) throws Exception {
        assertEquals(1, read(line).size());
    }

    @Test
    void reportsAllProblemsWithFileAndLine() throws IOException {
        Files.writeString(directory.resolve("names.txt"), "good\n\"bad\n");
        Path file = directory.resolve("hba.conf");
        List<String> problems = assertThrows(
                        AuthFileProblems.class,
                        () -> read(
                                "host all all all nonsense\nhost @names.txt all all trust\nhost @gone all all trust"))
                .problems()
                .stream()
                .map(ConfigProblem::toString)
                .toList();
        assertEquals(3, problems.size());
        assertTrue(problems.get(0).startsWith(file + ":1: auth_hba_file: authentication method"));
        assertEquals(directory.resolve("names.txt") + ":2: auth_hba_file: a closing quote is missing", problems.get(1));
        assertEquals(directory.resolve("gone") + ": auth_hba_file: does not exist", problems.get(2));
    }

    @Test
    void filesThatIncludeThemselvesAreReported() throws IOException {
        Files.writeString(directory.resolve("loop.txt"), "@loop.txt\n");
        assertEquals(List.of("files include each other more than 10 deep"), problems("host @loop.txt all all trust"));
    }

    @Test
    void methodsKnowTheirAuthType() {
        for (HbaMethod method : HbaMethod.values()) {
            assertEquals(Optional.of(method), HbaMethod.of(method.text()));
            assertEquals(method != HbaMethod.PEER, method.authType().isPresent());
        }
        assertEquals(Optional.of(AuthType.SCRAM_SHA_256), HbaMethod.SCRAM_SHA_256.authType());
    }

    private List<String> problems(String content) {
        return assertThrows(AuthFileProblems.class, () -> read(content)).problems().stream()
                .map(ConfigProblem::message)
                .toList();
    }

    private HbaRules read(String content) throws IOException, AuthFileProblems {
        return HbaRules.read(Files.writeString(directory.resolve("hba.conf"), content));
    }
}
