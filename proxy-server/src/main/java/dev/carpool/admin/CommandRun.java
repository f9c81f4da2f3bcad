package dev.carpool.admin;

import dev.carpool.error.CarpoolError;
import dev.carpool.error.ErrorReply;
import dev.carpool.error.SqlState;
import io.netty.channel.EventLoop;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One execution of a command. Confined to the client's event loop, but for what runs {@link #elsewhere}. */
final class CommandRun {
    private static final Logger log = LoggerFactory.getLogger(CommandRun.class);
    private static final int LOOK_EVERY_MILLIS = 20;

    /** Where the answer goes. */
    interface Answer {
        void notice(String message, String detail);

        /** The last call, unless it is {@link #failed}. */
        void completed(@Nullable ResultTable table, String tag);

        void failed(ErrorReply reply);
    }

    private final ConsoleContext context;
    private final EventLoop loop;
    private final AdminRole role;
    private final List<Token> arguments;
    private final Answer answer;
    private boolean ended;
    private @Nullable ScheduledFuture<?> look;
    private @Nullable Runnable undo;

    CommandRun(ConsoleContext context, EventLoop loop, AdminRole role, List<Token> arguments, Answer answer) {
        this.context = context;
        this.loop = loop;
        this.role = role;
        this.arguments = arguments;
        this.answer = answer;
    }

    ProxyControl proxy() {
        return context.proxy();
    }

    /** Of the client. */
    AdminRole role() {
        return role;
    }

    StatsAverages averages() {
        return context.averages();
    }

    /** What follows the command's own words. */
    List<Token> arguments() {
        return arguments;
    }

    /** The only argument; null when there is none. */
    @Nullable
    String argument() {
        return arguments.isEmpty() ? null : arguments.get(0).text();
    }

    void notice(String message, String detail) {
        if (!ended) {
            answer.notice(message, detail);
        }
    }

    void done(String tag) {
        done(null, tag);
    }

    void done(@Nullable ResultTable table, String tag) {
        if (end()) {
            answer.completed(table, tag);
        }
    }

    /** Ends with an error in these words. */
    void fail(String message) {
        fail(CarpoolError.CONSOLE_FAILED.reply(message));
    }

    void fail(ErrorReply reply) {
        if (end()) {
            answer.failed(reply);
        }
    }

    /**
     * Ends when the condition holds.
     *
     * @param whenCancelled run if the client cancels before
     */
    void doneWhen(BooleanSupplier condition, String tag, Runnable whenCancelled) {
        if (condition.getAsBoolean()) {
            done(tag);
            return;
        }
        undo = whenCancelled;
        look = loop.scheduleWithFixedDelay(
                () -> {
                    if (condition.getAsBoolean()) {
                        done(tag);
                    }
                },
                LOOK_EVERY_MILLIS,
                LOOK_EVERY_MILLIS,
                TimeUnit.MILLISECONDS);
    }

    /** Runs the first part where it may block, and what it returns on the event loop. */
    void elsewhere(Supplier<Runnable> work) {
        try {
            proxy().expensive().execute(() -> {
                Runnable rest = attempt(work);
                if (loop.inEventLoop()) {
                    rest.run();
                } else {
                    loop.execute(rest);
                }
            });
        } catch (RejectedExecutionException stopped) {
            fail(CarpoolError.SHUTTING_DOWN.reply());
        }
    }

    private Runnable attempt(Supplier<Runnable> work) {
        try {
            return work.get();
        } catch (RuntimeException problem) {
            log.error("console command failed", problem);
            return () -> fail(CarpoolError.INTERNAL.reply().withSeverity(CarpoolError.Severity.ERROR));
        }
    }

    /** The client has asked to give up. A command that is not waiting for a condition goes on. */
    void cancel() {
        Runnable back = undo;
        if (!ended && back != null) {
            back.run();
            fail(new ErrorReply(
                    CarpoolError.Severity.ERROR,
                    SqlState.QUERY_CANCELED,
                    "canceling statement due to user request",
                    ""));
        }
    }

    /** The client has left: what was begun goes on, but nobody is told. */
    void abandon() {
        end();
    }

    private boolean end() {
        if (ended) {
            return false;
        }
        ended = true;
        ScheduledFuture<?> waiting = look;
        if (waiting != null) {
            waiting.cancel(false);
        }
        return true;
    }
}
