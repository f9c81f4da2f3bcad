package dev.carpool.client;

import java.util.ArrayList;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** The lines of log_connections, log_disconnections and log_pooler_errors. */
final class SessionLogTest {
    private static final Logger OURS = Logger.getLogger("dev.carpool");

    private final List<String> lines = new ArrayList<>();
    private final Handler handler = new Handler() {
        @Override
        public void publish(LogRecord logged) {
            if (logged.getLevel().intValue() >= Level.INFO.intValue()) {
                lines.add(new SimpleFormatter().formatMessage(logged));
            }
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    };

    @BeforeEach
    void listen() {
        OURS.addHandler(handler);
    }

    @AfterEach
    void stop() {
        OURS.removeHandler(handler);
    }

    private long count(String part) {
        return lines.stream().filter(line -> line.contains(part)).count();
    }

    private static void visit(ProxyOnOneLoop proxy) {
        TestClient client = proxy.login();
        client.query("select a");
        client.close();
        TestClient wrong = proxy.connect();
        wrong.startup("application_name", "bad");
    }

    @Test
    void everythingIsLoggedByDefault() {
        try (ProxyOnOneLoop proxy = ProxyOnOneLoop.with()) {
            visit(proxy);
        }
        assertEquals(
                1, count("app/app@unix:0: login attempt: db=app user=app tls=no replication=none"), lines::toString);
        assertEquals(1, count("new connection to server"), lines::toString);
        assertEquals(1, count("app/app@unix:0: closing because: client unexpected eof (age=0s)"), lines::toString);
        assertEquals(1, count("app/app@unix:0: pooler error: "), lines::toString);
        assertTrue(count("closing because: ") > 2, lines::toString);
    }

    @Test
    void eachKindCanBeSwitchedOff() {
        try (ProxyOnOneLoop proxy = ProxyOnOneLoop.with("log_connections=false")) {
            visit(proxy);
        }
        assertEquals(0, count("login attempt") + count("new connection"), lines::toString);
        assertTrue(count("closing because") > 0 && count("pooler error") > 0, lines::toString);
        lines.clear();
        try (ProxyOnOneLoop proxy = ProxyOnOneLoop.with("log_disconnections=false", "log_pooler_errors=false")) {
            visit(proxy);
        }
        assertEquals(0, count("closing because") + count("pooler error"), lines::toString);
        assertTrue(count("login attempt") > 0, lines::toString);
    }

    @Test
    void namesCannotForgeLines() {
        try (ProxyOnOneLoop proxy = ProxyOnOneLoop.with("max_client_conn=1")) {
            proxy.login();
            proxy.connect().startup("user", "x\nC-1 admin/admin@10.0.0.1:1: login attempt:");
        }
        assertEquals(0, count("\n"), lines::toString);
    }
}
