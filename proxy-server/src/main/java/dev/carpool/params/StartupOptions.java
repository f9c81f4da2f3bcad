package dev.carpool.params;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The startup parameter {@code options}: command-line switches for the server process (PostgreSQL manual, "Message
 * Formats", StartupMessage, and "postgres"). Read as PostgreSQL reads them. Settings among the other startup parameters
 * win over these.
 *
 * @param settings what {@code -c name=value} and {@code --name=value} set, in their order, the last of a name winning
 * @param remainder all other switches, escaped so that they can be sent as {@code options} again; empty if none
 * @param problem PostgreSQL's words for what is wrong with the switches, empty if nothing is
 */
public record StartupOptions(Map<String, String> settings, String remainder, String problem) {
    /** Switches of postgres without an argument. */
    private static final String FLAGS = "bEeFijlnOPsT";

    /** Switches of postgres with an argument, beside {@code c} and {@code -}. */
    private static final String WITH_ARGUMENT = "BCDdfhkNprStvW";

    /** Reads the value of the startup parameter; never throws. */
    public static StartupOptions parse(String options) {
        return new Parser(split(options)).parse();
    }

    /** Cuts at white space; a backslash makes the next character an ordinary one. */
    static List<String> split(String options) {
        List<String> arguments = new ArrayList<>();
        int i = 0;
        while (true) {
            while (i < options.length() && isSpace(options.charAt(i))) {
                i++;
            }
            if (i == options.length()) {
                return arguments;
            }
            StringBuilder argument = new StringBuilder();
            while (i < options.length() && !isSpace(options.charAt(i))) {
                char c = options.charAt(i++);
                if (c != '\\') {
                    argument.append(c);
                } else if (i < options.length()) {
                    argument.append(options.charAt(i++));
                }
            }
            arguments.add(argument.toString());
        }
    }

    /** White space in the C locale. */
    private static boolean isSpace(char c) {
        return c == ' ' || (c >= '\t' && c <= '\r');
    }

    /** The loop around getopt in PostgreSQL's process_postgres_switches. */
    private static final class Parser {
        private final List<String> arguments;
        private final Map<String, String> settings = new LinkedHashMap<>();
        private final StringBuilder remainder = new StringBuilder();
        private String problem = "";
        private int next;

        Parser(List<String> arguments) {
            this.arguments = arguments;
        }

        StartupOptions parse() {
            while (next < arguments.size() && problem.isEmpty()) {
                argument(arguments.get(next++));
            }
            return new StartupOptions(Collections.unmodifiableMap(settings), remainder.toString(), problem);
        }

        private void argument(String argument) {
            if (argument.equals("--") && next == arguments.size()) {
                return;
            }
            if (argument.length() < 2 || argument.charAt(0) != '-' || argument.equals("--")) {
                invalid(argument);
                return;
            }
            for (int i = 1; i < argument.length() && problem.isEmpty(); i++) {
                char flag = argument.charAt(i);
                boolean setting = flag == 'c' || flag == '-';
                if (!setting && WITH_ARGUMENT.indexOf(flag) < 0) {
                    flag(flag, argument);
                    continue;
                }
                String value = argument.substring(i + 1);
                if (value.isEmpty()) {
                    if (next == arguments.size()) {
                        invalid(argument);
                        return;
                    }
                    value = arguments.get(next++);
                }
                if (setting) {
                    setting(flag, value);
                } else {
                    remain("-" + flag);
                    remain(value);
                }
                return;
            }
        }

        private void flag(char flag, String argument) {
            if (FLAGS.indexOf(flag) < 0) {
                invalid(argument);
            } else {
                remain("-" + flag);
            }
        }

        /** Dashes in the name of a setting stand for underscores. */
        private void setting(char flag, String text) {
            int equals = text.indexOf('=');
            if (equals < 0) {
                problem = flag == '-' ? "--" + text + " requires a value" : "-c " + text + " requires a value";
                return;
            }
            String name = TrackedParameters.canonical(text.substring(0, equals).replace('-', '_'));
            if (name.isEmpty()) {
                problem = "unrecognized configuration parameter \"\"";
                return;
            }
            settings.remove(name);
            settings.put(name, text.substring(equals + 1));
        }

        private void invalid(String argument) {
            problem = "invalid command-line argument for server process: " + argument;
        }

        private void remain(String argument) {
            if (!remainder.isEmpty()) {
                remainder.append(' ');
            }
            for (int i = 0; i < argument.length(); i++) {
                char c = argument.charAt(i);
                if (c == '\\' || isSpace(c)) {
                    remainder.append('\\');
                }
                remainder.append(c);
            }
        }
    }
}
