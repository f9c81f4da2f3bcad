package dev.carpool.driver;

import java.io.EOFException;
import java.lang.reflect.Proxy;
import java.net.ConnectException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Properties;
import org.jspecify.annotations.Nullable;
import org.postgresql.util.PSQLException;
import org.postgresql.util.PSQLState;
import org.postgresql.util.ServerErrorMessage;

/** Answers each attempt from a script; the last answer is repeated. Records what it was called with. */
final class FakeConnector implements PgConnector {
    interface Answer {
        Connection connect(String url, Properties info) throws SQLException;
    }

    /** Stands for pgjdbc's connection, which the driver hands on as it is: to call a method of it is a mistake of the driver's. */
    static final Connection CONNECTION = (Connection) Proxy.newProxyInstance(
            FakeConnector.class.getClassLoader(), new Class<?>[] {Connection.class}, (proxy, method, arguments) -> {
                throw new UnsupportedOperationException(method.getName());
            });

    final List<String> urls = new ArrayList<>();
    final List<Properties> infos = new ArrayList<>();
    private final Deque<Answer> script = new ArrayDeque<>();

    FakeConnector(Answer... answers) {
        script.addAll(List.of(answers));
    }

    @Override
    public Connection connect(String url, Properties info) throws SQLException {
        urls.add(url);
        infos.add(info);
        Answer answer = script.size() > 1 ? script.remove() : script.element();
        return answer.connect(url, info);
    }

    static Answer connected() {
        return (url, info) -> CONNECTION;
    }

    static Answer refused() {
        return (url, info) -> {
            throw refusal();
        };
    }

    static Answer error(String sqlState) {
        return (url, info) -> {
            throw serverError(sqlState);
        };
    }

    /** Passes the whole time the attempt was given. */
    static Answer hung(FakePacer pacer) {
        return (url, info) -> {
            pacer.advance(
                    java.time.Duration.ofMillis((long) (Double.parseDouble(info.getProperty("loginTimeout")) * 1000)));
            throw new PSQLException("Connection attempt timed out.", PSQLState.CONNECTION_UNABLE_TO_CONNECT);
        };
    }

    static PSQLException refusal() {
        return new PSQLException(
                "Connection to h refused.", PSQLState.CONNECTION_UNABLE_TO_CONNECT, new ConnectException("refused"));
    }

    static PSQLException hangUp() {
        return new PSQLException(
                "The connection attempt failed.", PSQLState.CONNECTION_UNABLE_TO_CONNECT, new EOFException());
    }

    /** As pgjdbc makes it of an ErrorResponse. */
    static PSQLException serverError(String sqlState) {
        return new PSQLException(new ServerErrorMessage("SFATAL\0C" + sqlState + "\0Mmessage of " + sqlState + "\0\0"));
    }

    static PSQLException clientError(PSQLState state, @Nullable Throwable cause) {
        return new PSQLException("client side", state, cause);
    }
}
