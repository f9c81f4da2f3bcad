package dev.carpool.driver;

import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.security.cert.CertificateException;
import java.sql.SQLException;
import java.util.stream.Stream;
import javax.net.ssl.SSLHandshakeException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.util.PSQLState;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.postgresql.util.PSQLState.CONNECTION_FAILURE;
import static org.postgresql.util.PSQLState.CONNECTION_REJECTED;
import static org.postgresql.util.PSQLState.CONNECTION_UNABLE_TO_CONNECT;
import static org.postgresql.util.PSQLState.PROTOCOL_VIOLATION;
import static org.postgresql.util.PSQLState.UNEXPECTED_ERROR;

final class LoginFailureTest {
    @ParameterizedTest
    @ValueSource(strings = {"57P01", "57P02", "57P03", "08001", "08006"})
    void passesWhenProxyOrServerIsNotUp(String sqlState) {
        assertTrue(LoginFailure.mayPass(FakeConnector.serverError(sqlState), false));
    }

    @ParameterizedTest
    @ValueSource(strings = {"28P01", "28000", "3D000", "42501", "53300", "57014", "57P05", "08P01", "0A000", "XX000"})
    void staysWhenSomebodyMustAct(String sqlState) {
        assertFalse(LoginFailure.mayPass(FakeConnector.serverError(sqlState), true));
    }

    static Stream<IOException> networkErrors() {
        return Stream.of(
                new ConnectException("Connection refused"),
                new NoRouteToHostException(),
                new SocketException("Connection reset"),
                new SocketTimeoutException("Connect timed out"),
                new UnknownHostException("h"),
                new EOFException(),
                (IOException) new SSLHandshakeException("Remote host terminated the handshake")
                        .initCause(new EOFException()));
    }

    @ParameterizedTest
    @MethodSource("networkErrors")
    void passesAfterNetworkError(IOException cause) {
        assertTrue(LoginFailure.mayPass(FakeConnector.clientError(CONNECTION_UNABLE_TO_CONNECT, cause), false));
        assertTrue(LoginFailure.mayPass(FakeConnector.clientError(CONNECTION_FAILURE, cause), false));
    }

    static Stream<SQLException> wrongSettings() {
        return Stream.of(
                error(CONNECTION_FAILURE, new FileNotFoundException("root.crt")),
                error(CONNECTION_FAILURE, new SSLHandshakeException("no").initCause(new CertificateException())),
                error(CONNECTION_FAILURE, new ClassNotFoundException("MyFactory")),
                FakeConnector.clientError(CONNECTION_FAILURE, null),
                FakeConnector.clientError(CONNECTION_REJECTED, null),
                error(PROTOCOL_VIOLATION, new EOFException()),
                error(UNEXPECTED_ERROR, new SocketException()),
                new SQLException("no state"));
    }

    private static SQLException error(PSQLState state, Throwable cause) {
        return FakeConnector.clientError(state, cause);
    }

    @ParameterizedTest
    @MethodSource("wrongSettings")
    void staysWhenSettingsAreWrong(SQLException failure) {
        assertFalse(LoginFailure.mayPass(failure, true));
    }

    @Test
    void passesWhenTheWantedKindOfServerIsMissing() {
        SQLException none = FakeConnector.clientError(CONNECTION_UNABLE_TO_CONNECT, null);
        assertTrue(LoginFailure.mayPass(none, true));
        assertFalse(LoginFailure.mayPass(none, false));
    }
}
