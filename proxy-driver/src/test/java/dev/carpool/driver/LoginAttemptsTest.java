package dev.carpool.driver;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.postgresql.util.PSQLException;
import org.postgresql.util.PSQLState;

import static dev.carpool.driver.FakeConnector.connected;
import static dev.carpool.driver.FakeConnector.error;
import static dev.carpool.driver.FakeConnector.hung;
import static dev.carpool.driver.FakeConnector.refused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

final class LoginAttemptsTest {
    private final FakePacer pacer = new FakePacer();

    private Connection connect(String rest, FakeConnector connector) throws SQLException {
        LoginPlan plan = LoginPlan.of(CarpoolUrl.parse(CarpoolUrl.PREFIX + rest), new Properties(), 0, 0);
        return new LoginAttempts(plan, connector, pacer).connect();
    }

    private SQLException failure(String rest, FakeConnector connector) {
        return assertThrows(SQLException.class, () -> connect(rest, connector));
    }

    private List<Long> pausesInMillis() {
        return pacer.pauses.stream()
                .map(pause -> Math.round(pause.toNanos() / 1e6))
                .toList();
    }

    @Test
    void returnsTheConnectionOfPgjdbcItself() throws SQLException {
        FakeConnector connector = new FakeConnector(connected());
        assertSame(FakeConnector.CONNECTION, connect("//h/db?loginTimeout=7", connector));
        assertEquals(List.of("jdbc:postgresql://h:6432/db"), connector.urls);
        assertEquals("7.000", connector.infos.get(0).getProperty("loginTimeout"));
        assertEquals(List.of(), pacer.pauses);
    }

    @Test
    void waitsLongerEachTimeUpToTheLongest() throws SQLException {
        FakeConnector connector = new FakeConnector(
                refused(),
                refused(),
                error("57P03"),
                error("57P03"),
                error("08006"),
                error("57P01"),
                refused(),
                connected());
        connect("//h/db?carpool.retryMaxBackoff=700ms", connector);
        assertEquals(List.of(50L, 100L, 200L, 400L, 700L, 700L, 700L), pausesInMillis());
    }

    @Test
    void chanceShortensWaitsByUpToAHalf() throws SQLException {
        pacer.randomIs(0);
        connect("//h/db", new FakeConnector(refused(), refused(), connected()));
        assertEquals(List.of(25L, 50L), pausesInMillis());
    }

    @Test
    void givesEachAttemptOnlyTheTimeLeft() throws SQLException {
        FakeConnector connector = new FakeConnector(refused(), refused(), connected());
        connect("//h/db?loginTimeout=1", connector);
        assertEquals(
                List.of("1.000", "0.950", "0.850"),
                connector.infos.stream()
                        .map(info -> info.getProperty("loginTimeout"))
                        .toList());
    }

    @Test
    void stopsAtTheLoginTimeoutAndTellsHowOftenItTried() {
        FakeConnector connector = new FakeConnector(refused());
        SQLException failure = failure("//h/db?loginTimeout=1&password=geheim", connector);
        assertInstanceOf(PSQLException.class, failure);
        assertEquals("08001", failure.getSQLState());
        assertEquals(1, failure.getSuppressed().length);
        String note = failure.getSuppressed()[0].getMessage();
        assertEquals("carpool: " + connector.urls.size() + " attempts in 989 ms to connect to h:6432", note);
        Duration waited = pacer.pauses.stream().reduce(Duration.ZERO, Duration::plus);
        assertTrue(waited.toMillis() > 900 && waited.toMillis() < 1000, waited.toString());
    }

    @Test
    void triesForHalfAMinuteWhenThereIsNoLoginTimeout() {
        FakeConnector connector = new FakeConnector(refused());
        failure("//h/db?loginTimeout=0", connector);
        Duration waited = pacer.pauses.stream().reduce(Duration.ZERO, Duration::plus);
        assertTrue(waited.toMillis() > 29_900 && waited.toMillis() < 30_000, waited.toString());
        assertTrue(connector.infos.stream()
                .allMatch(info -> info.getProperty("loginTimeout").equals("0")));
    }

    @Test
    void reportsWrongPasswordAtOnceAndUntouched() {
        FakeConnector connector = new FakeConnector(error("28P01"));
        SQLException failure = failure("//h/db", connector);
        assertEquals("28P01", failure.getSQLState());
        assertEquals(0, failure.getSuppressed().length);
        assertEquals(1, connector.urls.size());
        assertEquals(List.of(), pacer.pauses);
    }

    @Test
    void stopsRetryingAtTheFirstLastingError() {
        FakeConnector connector = new FakeConnector(refused(), error("57P03"), error("3D000"), connected());
        SQLException failure = failure("//h/db", connector);
        assertEquals("3D000", failure.getSQLState());
        assertEquals("carpool: 3 attempts in 150 ms to connect to h:6432", failure.getSuppressed()[0].getMessage());
    }

    @Test
    void doesNotRetryWhenSwitchedOff() {
        FakeConnector connector = new FakeConnector(refused());
        SQLException failure = failure("//h1,h2/db?carpool.connectRetry=false&loginTimeout=8", connector);
        assertEquals(List.of("jdbc:postgresql://h1:6432,h2:6432/db"), connector.urls);
        assertEquals("8.000", connector.infos.get(0).getProperty("loginTimeout"));
        assertEquals(0, failure.getSuppressed().length);
    }

    @Test
    void findsWrongPasswordOfOneHostWhileAnotherIsDown() {
        // pgjdbc tries both and reports only the last host's error; then each host is asked by itself
        FakeConnector connector = new FakeConnector(refused(), error("28P01"), refused());
        SQLException failure = failure("//h1,h2/db", connector);
        assertEquals("28P01", failure.getSQLState());
        assertEquals(
                List.of(
                        "jdbc:postgresql://h1:6432,h2:6432/db",
                        "jdbc:postgresql://h1:6432/db",
                        "jdbc:postgresql://h2:6432/db"),
                connector.urls);
        assertEquals("08001", ((SQLException) failure.getSuppressed()[0]).getSQLState());
        assertEquals(
                "carpool: 2 attempts in 50 ms to connect to h1:6432,h2:6432", failure.getSuppressed()[1].getMessage());
    }

    @Test
    void takesAnyHostThatAnswers() throws SQLException {
        FakeConnector connector = new FakeConnector(refused(), refused(), error("28P01"), connected());
        assertSame(FakeConnector.CONNECTION, connect("//h1,h2,h3/db", connector));
        assertEquals("jdbc:postgresql://h3:6432/db", connector.urls.get(3));
    }

    @Test
    void hungHostLeavesTimeForTheNext() throws SQLException {
        FakeConnector connector = new FakeConnector(hung(pacer), hung(pacer), connected());
        connect("//h1,h2/db?loginTimeout=20", connector);
        assertEquals(
                List.of("10.000", "4.975", "4.975"),
                connector.infos.stream()
                        .map(info -> info.getProperty("loginTimeout"))
                        .toList());
        assertEquals("jdbc:postgresql://h2:6432/db", connector.urls.get(2));
    }

    @Test
    void oneHungHostGetsAllTheTime() {
        FakeConnector connector = new FakeConnector(hung(pacer));
        SQLException failure = failure("//h1/db?loginTimeout=20", connector);
        assertEquals("20.000", connector.infos.get(0).getProperty("loginTimeout"));
        assertEquals(1, connector.urls.size());
        assertEquals(0, failure.getSuppressed().length);
    }

    @Test
    void interruptEndsAWait() {
        pacer.interruptNextPause();
        SQLException failure = failure("//h/db", new FakeConnector(refused()));
        assertTrue(Thread.interrupted(), "the flag stays set for the caller");
        assertEquals("carpool: interrupted while connecting to h:6432", failure.getMessage());
        assertEquals("08001", ((SQLException) failure.getCause()).getSQLState());
    }

    @Test
    void interruptEndsAnAttempt() {
        FakeConnector connector = new FakeConnector((url, info) -> {
            Thread.currentThread().interrupt(); // as pgjdbc does
            throw new PSQLException("Something unusual has occurred", PSQLState.UNEXPECTED_ERROR);
        });
        SQLException failure = failure("//h1,h2/db", connector);
        assertTrue(Thread.interrupted());
        assertEquals(1, connector.urls.size());
        assertEquals("carpool: interrupted while connecting to h1:6432,h2:6432", failure.getMessage());
    }
}
