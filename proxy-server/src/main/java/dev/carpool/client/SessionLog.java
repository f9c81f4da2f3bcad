package dev.carpool.client;

import dev.carpool.error.ErrorReply;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.logging.Level;
import java.util.logging.Logger;

/** How log lines name client sessions and their addresses; never SQL, parameters or secrets. */
final class SessionLog {
    private static final String SESSIONS = ClientSession.class.getName();

    /*
     * Sessions come and go by the thousand: these lines go to java.util.logging without SLF4J, which walks the stack for each
     * to find out who logs (10 kB of garbage).
     */
    private static final Logger log = Logger.getLogger(SESSIONS);

    private SessionLog() {}

    /** One line about a session. */
    static void line(ClientSession session, String what) {
        if (log.isLoggable(Level.INFO) && !session.user().isEmpty()) {
            log.logp(Level.INFO, SESSIONS, null, label(session) + ": " + printable(what));
        } else if (log.isLoggable(Level.FINE)) {
            log.logp(
                    Level.FINE,
                    SESSIONS,
                    null,
                    "C-" + session.id() + " " + text(session.remoteAddress()) + ": " + what);
        }
    }

    /** log_pooler_errors: what the proxy says to its client. */
    static void error(ClientSession session, ErrorReply reply) {
        if (session.context().config().log().poolerErrors()) {
            line(session, "pooler error: " + reply.message());
        }
    }

    /** Something that should not happen. */
    static void failure(ClientSession session, Throwable cause) {
        log.logp(Level.SEVERE, SESSIONS, null, label(session) + ": unexpected failure; closing", cause);
    }

    static String label(ClientSession session) {
        return "C-" + session.id() + " " + printable(session.database()) + "/" + printable(session.user()) + "@"
                + text(session.remoteAddress());
    }

    /** Names come from clients that have proved nothing yet: they must not write log lines of their own. */
    static String printable(String name) {
        for (int i = 0; i < name.length(); i++) {
            if (Character.isISOControl(name.charAt(i))) {
                return name.replaceAll("\\p{Cntrl}", "?");
            }
        }
        return name;
    }

    static String text(Duration limit) {
        return limit.toMillis() % 1000 == 0 ? limit.toSeconds() + " s" : limit.toMillis() + " ms";
    }

    static String text(InetSocketAddress address) {
        return (address.isUnresolved()
                        ? address.getHostString()
                        : address.getAddress().getHostAddress()) + ":" + address.getPort();
    }
}
