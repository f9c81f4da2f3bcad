package dev.carpool.client;

import dev.carpool.error.ErrorReply;
import dev.carpool.listen.ListeningSession;
import dev.carpool.listen.Subscription;
import dev.carpool.pool.ServerPool;
import dev.carpool.protocol.NotificationResponse;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.Set;
import java.util.concurrent.Executor;

/** The notifications of a session that listens by way of the shared listener. Confined to the session's event loop. */
final class SessionNotifications implements ListeningSession {
    private final ClientSession session;
    private final Subscription subscription;
    private final EarlyNotifications early = new EarlyNotifications();

    SessionNotifications(ClientSession session) {
        this.session = session;
        this.subscription = session.context().listeners().subscribe(this, session.loop());
    }

    Subscription subscription() {
        return subscription;
    }

    Set<String> channels() {
        return subscription.channels();
    }

    /** Whether this notification, on the server connection, is the place from which the shared listener takes over. */
    boolean takesOver(NotificationResponse notification) {
        if (!subscription.takesOver(notification)) {
            return false;
        }
        early.takenOver();
        return true;
    }

    /** Whether this notification is one that no client is told of. */
    boolean hides(NotificationResponse notification) {
        return subscription.isHandover(notification);
    }

    /** The server connection has had a notification that comes by way of the shared listener. */
    void passed() {
        early.passed();
    }

    /**
     * The server connection has had a notification that comes by no other way. Returns whether it is kept until the client
     * can be told in the order of the commits.
     */
    boolean keeps(byte[] message) {
        return !channels().isEmpty() && early.add(message);
    }

    /** Writes what is kept, in front of everything that waits. */
    void deliverEarly() {
        early.take(0, (before, message) -> session.reply(Unpooled.wrappedBuffer(message)));
    }

    /** Writes what waits, as far as the client takes it. To be called between transactions and messages only. */
    void deliver() {
        boolean any = !early.isEmpty();
        if (any) {
            early.take(subscription.waiting(), (before, message) -> {
                ByteBuf messages = subscription.take(session.channel().alloc(), before);
                if (messages != null) {
                    session.reply(messages);
                }
                session.reply(Unpooled.wrappedBuffer(message));
            });
        }
        while (session.isWritable()) {
            ByteBuf messages = subscription.take(session.channel().alloc());
            if (messages == null) {
                break;
            }
            any = true;
            session.reply(messages);
        }
        if (any) {
            session.flushReplies();
        }
    }

    @Override
    public Executor executor() {
        return session.channel().eventLoop();
    }

    @Override
    public ServerPool pool() {
        return session.pool();
    }

    @Override
    public void notificationsWait() {
        session.deliverNotifications();
    }

    @Override
    public void overflowed(ErrorReply reply) {
        session.fail(reply);
    }
}
