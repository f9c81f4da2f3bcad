package dev.carpool.config;

import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * How a setting is written: from text, back to text, and in words. Stateless.
 *
 * @param <T> what the text stands for
 */
abstract class SettingType<T> {
    private final String words;

    private SettingType(String words) {
        this.words = words;
    }

    /** The value of {@code text}, which has no blanks around it. */
    abstract T parse(String text, Dialect dialect) throws BadValue;

    /** As PgBouncer would print it: plain seconds, plain bytes. */
    abstract String format(T value);

    /** For the manual. */
    String words() {
        return words;
    }

    /** Whether values are counts or durations. */
    boolean isNumeric() {
        return false;
    }

    /** Whether values must not be shown. */
    boolean isSecret() {
        return false;
    }

    static SettingType<Integer> count() {
        return count(0, Integer.MAX_VALUE);
    }

    static SettingType<Integer> count(int least, int most) {
        return new SettingType<>(
                most == Integer.MAX_VALUE ? "number" + (least > 0 ? " from " + least : "") : least + " to " + most) {
            @Override
            Integer parse(String text, Dialect dialect) throws BadValue {
                return (int) within(Numbers.integer(text, dialect), least, most);
            }

            @Override
            String format(Integer value) {
                return value.toString();
            }

            @Override
            boolean isNumeric() {
                return true;
            }
        };
    }

    static SettingType<Boolean> flag() {
        return new SettingType<>("`true` or `false`") {
            @Override
            Boolean parse(String text, Dialect dialect) throws BadValue {
                return switch (text.toLowerCase(Locale.ROOT)) {
                    case "1", "true", "on", "yes" -> true;
                    case "0", "false", "off", "no" -> false;
                    default -> throw new BadValue("\"" + text + "\" is neither true nor false");
                };
            }

            @Override
            String format(Boolean value) {
                return value ? "1" : "0";
            }
        };
    }

    /** A time; a plain number counts seconds. */
    static SettingType<Duration> seconds() {
        return duration("duration", Duration.ofSeconds(1));
    }

    /** A time; a plain number counts milliseconds. */
    static SettingType<Duration> millis() {
        return duration("duration (plain: ms)", Duration.ofMillis(1));
    }

    private static SettingType<Duration> duration(String words, Duration plainUnit) {
        return new SettingType<>(words) {
            @Override
            Duration parse(String text, Dialect dialect) throws BadValue {
                return Numbers.duration(text, plainUnit);
            }

            @Override
            String format(Duration value) {
                return Numbers.plain(value, plainUnit);
            }

            @Override
            boolean isNumeric() {
                return true;
            }
        };
    }

    static SettingType<Long> bytes(long least, long most) {
        return new SettingType<>("size") {
            @Override
            Long parse(String text, Dialect dialect) throws BadValue {
                return within(Numbers.bytes(text, dialect), least, most);
            }

            @Override
            String format(Long value) {
                return value.toString();
            }
        };
    }

    /** Constants of an enum under the names {@code text} gives them; case does not matter. */
    static <E extends Enum<E>> SettingType<E> choice(Class<E> of, Function<E, String> text) {
        List<E> all = List.copyOf(EnumSet.allOf(of));
        return new SettingType<>(
                all.stream().map(e -> "`" + text.apply(e) + "`").collect(Collectors.joining(", "))) {
            @Override
            E parse(String given, Dialect dialect) throws BadValue {
                for (E candidate : all) {
                    if (text.apply(candidate).equalsIgnoreCase(given)) {
                        return candidate;
                    }
                }
                throw new BadValue(
                        "\"" + given + "\" is none of " + all.stream().map(text).collect(Collectors.joining(", ")));
            }

            @Override
            String format(E value) {
                return text.apply(value);
            }
        };
    }

    /** An enum whose names in files are those in Java, in lower case with the given separator. */
    static <E extends Enum<E>> SettingType<E> choice(Class<E> of, char separator) {
        return choice(of, e -> e.name().toLowerCase(Locale.ROOT).replace('_', separator));
    }

    /** Any text; empty is a value too. */
    static SettingType<String> text() {
        return new SettingType<>("text") {
            @Override
            String parse(String text, Dialect dialect) {
                return text;
            }

            @Override
            String format(String value) {
                return value;
            }
        };
    }

    /** A text that is never shown; empty stands for none. */
    static SettingType<Optional<Secret>> secret() {
        return new SettingType<>("secret") {
            @Override
            Optional<Secret> parse(String text, Dialect dialect) {
                return text.isEmpty() ? Optional.empty() : Optional.of(Secret.of(text));
            }

            @Override
            String format(Optional<Secret> value) {
                return value.map(Secret::toString).orElse("");
            }

            @Override
            boolean isSecret() {
                return true;
            }
        };
    }

    /** A file that must be readable; empty stands for none. */
    static SettingType<Optional<Path>> file() {
        return new SettingType<>("file") {
            @Override
            Optional<Path> parse(String text, Dialect dialect) throws BadValue {
                return text.isEmpty() ? Optional.empty() : Optional.of(readable(text));
            }

            @Override
            String format(Optional<Path> value) {
                return value.map(Path::toString).orElse("");
            }
        };
    }

    /** Names with commas between them, in the order given. */
    static SettingType<Set<String>> names() {
        return new SettingType<>("list of names") {
            @Override
            Set<String> parse(String text, Dialect dialect) {
                return split(text).collect(Collectors.toCollection(LinkedHashSet::new));
            }

            @Override
            String format(Set<String> value) {
                return String.join(",", value);
            }
        };
    }

    /** Host names and addresses with commas between them; {@code *} for all of this machine. */
    static SettingType<List<String>> hosts() {
        return new SettingType<>("list of addresses") {
            @Override
            List<String> parse(String text, Dialect dialect) throws BadValue {
                List<String> hosts = split(text).toList();
                for (String host : hosts) {
                    if (host.startsWith("/") || host.startsWith("@")) {
                        throw new BadValue("\"" + host + "\" is a Unix socket; Carpool listens on TCP only");
                    }
                }
                return hosts;
            }

            @Override
            String format(List<String> value) {
                return String.join(",", value);
            }
        };
    }

    /** Where to listen, as {@code host:port}; empty for nowhere. */
    static SettingType<Optional<InetSocketAddress>> listener() {
        return new SettingType<>("host:port") {
            @Override
            Optional<InetSocketAddress> parse(String text, Dialect dialect) throws BadValue {
                return text.isEmpty()
                        ? Optional.empty()
                        : Optional.of(HostPort.parse(text).address());
            }

            @Override
            String format(Optional<InetSocketAddress> value) {
                return value.map(address -> HostPort.of(address).toString()).orElse("");
            }
        };
    }

    /** A server, as {@code postgresql://host:port/db}; empty for none. */
    static SettingType<Optional<Upstream>> upstream() {
        return new SettingType<>("`postgresql://host:port[/db]`") {
            @Override
            Optional<Upstream> parse(String text, Dialect dialect) throws BadValue {
                return text.isEmpty() ? Optional.empty() : Optional.of(Upstream.parse(text));
            }

            @Override
            String format(Optional<Upstream> value) {
                return value.map(Upstream::toString).orElse("");
            }
        };
    }

    private static Stream<String> split(String list) {
        return Arrays.stream(list.split(",", -1)).map(String::strip).filter(name -> !name.isEmpty());
    }

    private static Path readable(String text) throws BadValue {
        try {
            Path path = Path.of(text);
            if (!Files.exists(path)) {
                throw new BadValue("there is no file \"" + text + "\"");
            }
            if (Files.isDirectory(path) || !Files.isReadable(path)) {
                throw new BadValue("\"" + text + "\" cannot be read");
            }
            return path;
        } catch (InvalidPathException e) {
            throw new BadValue("\"" + text + "\" is no file name");
        }
    }

    private static long within(long value, long least, long most) throws BadValue {
        if (value < least) {
            throw new BadValue(value + " is too small: at least " + least);
        }
        if (value > most) {
            throw new BadValue(value + " is too large: at most " + most);
        }
        return value;
    }
}
