package dev.carpool.it;

import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Steps done on both sides, one after another, until the answers differ. */
final class TwinEpisode implements AutoCloseable {
    /** How long notifications may take that the other side has had. */
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    /**
     * In a failed transaction, PostgreSQL looks at the statement that is bound before it refuses. A server connection that
     * lacks it cannot be given it any more.
     */
    private static final Pattern WRONG_BIND = Pattern.compile("E:S=ERROR C=08P01 M=bind message supplies .*");

    private static final String ABORTED =
            "E:S=ERROR C=25P02 M=current transaction is aborted, commands ignored until end of transaction block";

    private static final Pattern MISSING = Pattern.compile("prepared statement \"[^\"]*\" does not exist");

    /** Types of parameters that have been found out by an earlier Parse, under another search_path, are lost elsewhere. */
    private static final Pattern NO_FUNCTION = Pattern.compile("function sets\\(unknown, (text|unknown), boolean\\)");

    static final Pattern GOES_BACK = Pattern.compile("(?i)discard all|reset|default|local");

    private final TwinSide direct;
    private final TwinSide proxied;
    private final boolean namesToo;

    private final List<TwinStep> done = new ArrayList<>();

    private TwinEpisode(TwinSide direct, TwinSide proxied, Set<TwinKind> kinds) {
        this.namesToo = kinds.contains(TwinKind.STATEMENT_NAMES);
        this.direct = direct;
        this.proxied = proxied;
    }

    private static TwinEpisode start(Set<TwinKind> kinds) throws Exception {
        TwinSide direct = TwinSide.direct();
        return new TwinEpisode(direct, TwinSide.proxied(), kinds);
    }

    /** Up to {@code steps} that the writer thinks of; null when all was the same. */
    static @Nullable TwinDifference random(long seed, Set<TwinKind> kinds, int steps) throws Exception {
        TwinWriter writer = new TwinWriter(seed, kinds);
        try (TwinEpisode episode = start(kinds)) {
            for (int i = 0; i < steps; i++) {
                TwinStep step = writer.next();
                TwinDifference difference = episode.step(seed, step);
                if (difference != null) {
                    return difference;
                }
                writer.done(step, episode.direct.client(step.client()));
            }
            return null;
        }
    }

    /** Given steps; those of clients that are not connected are left out. */
    static @Nullable TwinDifference again(long seed, Set<TwinKind> kinds, List<TwinStep> steps) throws Exception {
        try (TwinEpisode episode = start(kinds)) {
            for (TwinStep step : steps) {
                TwinDifference difference = episode.step(seed, step);
                if (difference != null) {
                    return difference;
                }
            }
            return null;
        }
    }

    private @Nullable TwinDifference step(long seed, TwinStep step) throws Exception {
        boolean connected = direct.client(step.client()) != null;
        if (connected == (step instanceof TwinStep.Connect) && !(step instanceof TwinStep.Kill)) {
            return null;
        }
        done.add(step);
        TwinAnswer expected = act(direct, step);
        TwinAnswer actual = act(proxied, step);
        if (!same(expected, actual)) {
            TwinDifference difference = new TwinDifference(seed, List.copyOf(done), step, expected, actual);
            if (difference.isShortage()) {
                List<String> messages = new ArrayList<>(actual.messages());
                messages.addAll(proxied.holders());
                return new TwinDifference(seed, List.copyOf(done), step, expected, new TwinAnswer(messages, Map.of()));
            }
            return difference;
        }
        return notifications(seed, step);
    }

    private boolean same(TwinAnswer expected, TwinAnswer actual) {
        return sameText(text(expected), text(actual)) && expected.parameters().equals(actual.parameters());
    }

    private static boolean sameText(List<String> expected, List<String> actual) {
        return expected.equals(actual) || withoutFailure(expected, actual).equals(withoutFailure(actual, actual));
    }

    /** An answer without what may be missing of it when a statement has to be prepared again, and that fails. */
    private static List<String> withoutFailure(List<String> answer, List<String> actual) {
        List<String> rest = new ArrayList<>();
        for (int i = 0; i < answer.size(); i++) {
            String line = answer.get(i);
            if (line.startsWith("t:") && fails(answer, i)) {
                String next = answer.get(i + 1);
                i += next.equals("n") || next.startsWith("T:") ? 1 : 0;
            } else if (line.startsWith("t:") && actual.contains(ABORTED)) {
                rest.add(ABORTED);
                while (!answer.get(i + 1).startsWith("Z:")) {
                    i++;
                }
            } else if (WRONG_BIND.matcher(line).matches() && actual.contains(ABORTED)) {
                rest.add(ABORTED);
            } else {
                rest.add(NO_FUNCTION.matcher(line).replaceAll("function sets"));
            }
        }
        return rest;
    }

    /** Whether the batch fails in which that line stands. */
    private static boolean fails(List<String> answer, int line) {
        for (String each : answer.subList(line, answer.size())) {
            if (each.startsWith("Z:")) {
                return false;
            }
            if (each.startsWith("E:")) {
                return true;
            }
        }
        return false;
    }

    private List<String> text(TwinAnswer answer) {
        return namesToo
                ? answer.messages()
                : answer.messages().stream()
                        .map(line -> MISSING.matcher(line).replaceAll("prepared statement % does not exist"))
                        .toList();
    }

    private static TwinAnswer act(TwinSide side, TwinStep step) throws Exception {
        if (step instanceof TwinStep.Connect connect) {
            return side.connect(connect);
        } else if (step instanceof TwinStep.Leave leave) {
            side.leave(leave);
        } else if (step instanceof TwinStep.Kill kill) {
            side.kill(kill);
        } else if (step instanceof TwinStep.Lose) {
            return side.lose(step.client());
        } else if (step instanceof TwinStep.Send send) {
            TwinClient client = side.client(step.client());
            if (client != null) {
                TwinAnswer answer = client.ask(send.request());
                if (send.settled()) {
                    side.settle();
                }
                return answer;
            }
        }
        return TwinAnswer.NONE;
    }

    /** What clients outside transactions have been notified of must become the same on both sides. */
    private @Nullable TwinDifference notifications(long seed, TwinStep step) throws Exception {
        for (Map.Entry<Integer, TwinClient> each : direct.clients().entrySet()) {
            TwinClient expected = each.getValue();
            TwinClient actual = proxied.client(each.getKey());
            if (actual == null || expected.status() != 'I') {
                continue;
            }
            boolean same = Await.holds(PATIENCE, () -> {
                expected.poll();
                actual.poll();
                return expected.notifications().equals(actual.notifications());
            });
            if (!same) {
                return new TwinDifference(
                        seed, List.copyOf(done), step, named(each.getKey(), expected), named(each.getKey(), actual));
            }
            expected.forgetNotifications();
            actual.forgetNotifications();
        }
        return null;
    }

    private static TwinAnswer named(int number, TwinClient client) {
        return new TwinAnswer(
                List.of("client " + number + " has been notified of " + client.notifications()), Map.of());
    }

    @Override
    public void close() throws IOException, SQLException {
        direct.close();
        proxied.close();
    }
}
