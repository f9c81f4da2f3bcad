package dev.carpool.client;

import dev.carpool.error.ErrorReply;
import java.net.InetSocketAddress;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How log lines name client sessions and their addresses; never SQL, parameters or secrets. */
final class SessionLog {
    private static final Logger log = LoggerFactory.getLogger(ClientSession.class);

    private SessionLog() {}

    /** One line about a session. */
    static void line(ClientSession session, String what) {
        if (log.isInfoEnabled() && !session.user().isEmpty()) {
            log.info("{}: {}", label(session), printable(what));
        } else if (log.isDebugEnabled()) {
            log.debug("C-{} {}: {}", session.id(), text(session.remoteAddress()), what);
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
        log.error("{}: unexpected failure; closing", label(session), cause);
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
