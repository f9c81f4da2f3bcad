package dev.carpool.config;

import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Knows where the configuration is, and reads it as often as asked: flags win over the environment, the environment over
 * the file, the file over the defaults. Immutable.
 *
 * <p>A file named {@code *.ini}, or one that begins with a section such as {@code [databases]}, is a pgbouncer.ini; then
 * PgBouncer's defaults apply where they differ. Everything else is YAML.
 */
public final class ConfigReader {

    /** One {@code --set}, or a flag that stands for one; possibly without an equals sign. */
    private record Assignment(String flag, String text) {
        @Override
        public String toString() {
            return flag;
        }
    }

    /** Short for {@code listen_addr} and {@code listen_port}: {@code listen=host:port}. */
    private static final String LISTEN = "listen";

    private static final Pattern INI_START = Pattern.compile(
            "(?:\\s|[#;][^\\n]*\\n)*(?:\\[(?:pgbouncer|databases|users|peers)\\]|%include[ \\t]).*", Pattern.DOTALL);

    private final @Nullable Path file;
    private final Map<String, String> environment;
    private final List<Assignment> assignments;

    private ConfigReader(@Nullable Path file, Map<String, String> environment, List<Assignment> assignments) {
        this.file = file;
        this.environment = Map.copyOf(environment);
        this.assignments = List.copyOf(assignments);
    }

    /** Reads defaults only, until something is added. */
    public static ConfigReader create() {
        return new ConfigReader(null, Map.of(), List.of());
    }

    public ConfigReader withFile(Path path) {
        return new ConfigReader(path, environment, assignments);
    }

    /** Takes each variable {@code CARPOOL_KEY} for a setting. */
    public ConfigReader withEnvironment(Map<String, String> variables) {
        return new ConfigReader(file, variables, assignments);
    }

    /** Takes {@code key=value}, or a path such as {@code databases.app.pool_size=5}, as {@code --set} gives it. */
    public ConfigReader with(String assignment) {
        return with("--set", assignment);
    }

    /** The same for another flag, whose name problems shall show. */
    public ConfigReader with(String flag, String assignment) {
        List<Assignment> more = new ArrayList<>(assignments);
        more.add(new Assignment(flag, assignment));
        return new ConfigReader(file, environment, more);
    }

    /** Reads everything, and reports all that is wrong at once. */
    public ConfigReading read() {
        return read(null);
    }

    /** Reads everything; what cannot change without a restart stays as it is in {@code running}. */
    ConfigReading read(@Nullable CarpoolConfig running) {
        Problems problems = new Problems();
        GivenSettings given = new GivenSettings(problems);
        Dialect defaults = readFile(given, problems);
        Environment.read(environment, given);
        assignments.forEach(assignment -> assign(assignment, given, problems));

        SettingValues values = SettingValues.parse(given.global(), defaults, problems);
        List<String> needRestart = running == null ? List.of() : values.keepUntilRestart(running);
        Entries entries = Entries.read(given, values, defaults, problems);
        CarpoolConfig config = CarpoolConfig.of(values, entries.databases(), entries.wildcard(), entries.users());
        Origin whole = Origin.file(file == null ? "configuration" : file.toString());
        if (!given.isIncomplete()) {
            new ConfigChecks(config, values, given, problems, whole).run();
            new ConfigLints(config, given, problems, whole, defaults).run();
        }

        List<ConfigProblem> found = problems.problems();
        return new ConfigReading(found.isEmpty() ? config : null, found, problems.notices(), needRestart);
    }

    /** Returns whose defaults apply. */
    private Dialect readFile(GivenSettings given, Problems problems) {
        if (file == null) {
            return Dialect.CARPOOL;
        }
        try {
            if (isIni(file)) {
                IniFile.read(file, given, problems);
                return Dialect.PGBOUNCER;
            }
            YamlFile.read(file, given, problems);
        } catch (NoSuchFileException e) {
            unreadable(file, "there is no such file", given, problems);
        } catch (MalformedInputException e) {
            unreadable(file, "is not UTF-8 text", given, problems);
        } catch (IOException e) {
            unreadable(file, "cannot be read", given, problems);
        }
        return Dialect.CARPOOL;
    }

    private static void unreadable(Path file, String why, GivenSettings given, Problems problems) {
        problems.add(Origin.file(file.toString()), "", why);
        given.markIncomplete();
    }

    private static boolean isIni(Path file) throws IOException {
        String name = file.toString().toLowerCase(Locale.ROOT);
        if (name.endsWith(".yaml") || name.endsWith(".yml")) {
            return false;
        }
        return name.endsWith(".ini")
                || INI_START
                        .matcher(Files.readString(file, StandardCharsets.UTF_8))
                        .matches();
    }

    private static void assign(Assignment assignment, GivenSettings given, Problems problems) {
        Origin origin = Origin.flag(assignment.flag());
        int equals = assignment.text().indexOf('=');
        if (equals < 0) {
            problems.add(origin, assignment.text(), "has no value: write key=value");
            return;
        }
        String key = assignment.text().substring(0, equals).strip();
        String text = assignment.text().substring(equals + 1);
        if (key.equals(LISTEN)) {
            listen(text, origin, given, problems);
        } else {
            given.give(new Given(SettingPath.parse(key), text, origin, Dialect.CARPOOL));
        }
    }

    private static void listen(String hostPort, Origin origin, GivenSettings given, Problems problems) {
        try {
            HostPort at = HostPort.parse(hostPort);
            given.give(new Given(SettingPath.global("listen_addr"), at.host(), origin, Dialect.CARPOOL));
            given.give(
                    new Given(SettingPath.global("listen_port"), Integer.toString(at.port()), origin, Dialect.CARPOOL));
        } catch (BadValue e) {
            problems.add(origin, "", e.why());
        }
    }
}
