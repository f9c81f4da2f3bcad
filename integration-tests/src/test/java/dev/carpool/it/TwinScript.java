package dev.carpool.it;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads steps as {@link TwinDifference#report} writes them. */
final class TwinScript {
    private static final Pattern LINE = Pattern.compile("client (-?\\d+): (.*)");
    private static final Pattern CONNECT = Pattern.compile("connect as (\\S+) \\[(.*)]");
    private static final String NO_PAUSE = " (no pause)";

    private static final Pattern PARSE = Pattern.compile("Parse (\\S+): (.*)", Pattern.DOTALL);
    private static final Pattern BIND = Pattern.compile("Bind (\\S+) of (\\S+) \\((.*)\\)", Pattern.DOTALL);
    private static final Pattern PARAMETER = Pattern.compile("'((?:[^']|'')*)'|null");
    private static final Pattern EXECUTE = Pattern.compile("Execute (\\S+)(?: max (\\d+))?");
    private static final Pattern OTHER = Pattern.compile("(Describe|Close) ([SP]) (\\S+)");

    private TwinScript() {}

    /** @param text a line for each step; empty ones are left out */
    static List<TwinStep> read(String text) {
        return text.lines()
                .map(String::strip)
                .filter(line -> !line.isEmpty())
                .map(TwinScript::step)
                .toList();
    }

    private static TwinStep step(String text) {
        Matcher line = matched(LINE, text);
        int client = Integer.parseInt(line.group(1));
        String what = line.group(2);
        if (what.startsWith("connect")) {
            Matcher connect = matched(CONNECT, what);
            List<String> parameters = connect.group(2).isEmpty()
                    ? List.of()
                    : List.of(connect.group(2).split(", ", -1));
            return new TwinStep.Connect(client, connect.group(1), parameters);
        }
        return switch (what) {
            case "leave" -> new TwinStep.Leave(client, true);
            case "vanish" -> new TwinStep.Leave(client, false);
            case "pg_terminate_backend of an idle server connection" -> new TwinStep.Kill(0);
            case "pg_terminate_backend of its own server connection" -> new TwinStep.Lose(client);
            default -> {
                boolean settled = !what.endsWith(NO_PAUSE);
                String messages = settled ? what : what.substring(0, what.length() - NO_PAUSE.length());
                TwinRequest request = new TwinRequest();
                for (String message : messages.split(" \\| ", -1)) {
                    add(message, request);
                }
                yield new TwinStep.Send(client, request, settled);
            }
        };
    }

    private static void add(String message, TwinRequest request) {
        switch (message.substring(0, (message + " ").indexOf(' '))) {
            case "Query:" -> request.query(message.substring(Math.min(message.length(), "Query: ".length())));
            case "Sync" -> request.sync();
            case "CopyData:" ->
                request.copyData(message.substring("CopyData: ".length()).replace("\\n", "\n"));
            case "CopyDone" -> request.copyDone();
            case "CopyFail:" -> request.copyFail(message.substring("CopyFail: ".length()));
            case "Parse" -> {
                Matcher parse = matched(PARSE, message);
                request.parse(name(parse.group(1)), parse.group(2));
            }
            case "Bind" -> {
                Matcher bind = matched(BIND, message);
                List<String> parameters = new ArrayList<>();
                for (Matcher parameter = PARAMETER.matcher(bind.group(3)); parameter.find(); ) {
                    String value = parameter.group(1);
                    parameters.add(value == null ? null : value.replace("''", "'"));
                }
                request.bind(name(bind.group(1)), name(bind.group(2)), parameters.toArray(String[]::new));
            }
            case "Execute" -> {
                Matcher execute = matched(EXECUTE, message);
                String rows = execute.group(2);
                request.execute(name(execute.group(1)), rows == null ? 0 : Integer.parseInt(rows));
            }
            default -> {
                Matcher other = matched(OTHER, message);
                char kind = other.group(2).charAt(0);
                if (other.group(1).equals("Close")) {
                    request.close(kind, name(other.group(3)));
                } else {
                    request.describe(kind, name(other.group(3)));
                }
            }
        }
    }

    private static Matcher matched(Pattern pattern, String text) {
        Matcher matcher = pattern.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("no step: " + text);
        }
        return matcher;
    }

    private static String name(String quoted) {
        return quoted.equals("''") ? "" : quoted;
    }
}
