package dev.carpool;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.Logger;

/** One line for each event on standard error, as operators and log collectors expect it. */
final class Logging {
    private static final String CONFIGURATION = """
            handlers=java.util.logging.ConsoleHandler
            .level=INFO
            java.util.logging.ConsoleHandler.level=ALL
            io.netty.level=WARNING
            """;

    /** Held here, because the JDK holds loggers weakly and forgets their levels. */
    private static final Logger OURS = Logger.getLogger("dev.carpool");

    private static final Logger NETTY = Logger.getLogger("io.netty");
    private static final String OPERATORS_FILE = "java.util.logging.config.file";

    private static int verbosity;

    private Logging() {}

    /**
     * The setting {@code verbose}: from 1 on what the proxy says for debugging, from 2 on what Netty tells, with 3 what Netty
     * says for debugging. Does nothing where the operator has a file of levels, or when nothing changes.
     */
    static synchronized void verbose(int level) {
        if (level == verbosity || System.getProperty(OPERATORS_FILE) != null) {
            return;
        }
        verbosity = level;
        OURS.setLevel(level >= 1 ? Level.FINE : null);
        NETTY.setLevel(level >= 3 ? Level.FINE : level == 2 ? Level.INFO : Level.WARNING);
    }

    /** Keeps what the operator has set with java.util.logging.config.file. */
    static void configure() {
        if (System.getProperty(OPERATORS_FILE) != null) {
            return;
        }
        try {
            LogManager.getLogManager()
                    .readConfiguration(new ByteArrayInputStream(CONFIGURATION.getBytes(StandardCharsets.UTF_8)));
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        for (Handler handler : Logger.getLogger("").getHandlers()) {
            handler.setFormatter(new LineFormatter());
        }
    }
}
