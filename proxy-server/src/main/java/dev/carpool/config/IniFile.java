package dev.carpool.config;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads pgbouncer.ini as PgBouncer does (its manual, "Configuration file"): a comment is a whole line, the rest of a line
 * is the value, {@code %include} continues the current section, names of included files are relative to the working
 * directory. Unlike PgBouncer it goes on after an error, and a second [pgbouncer] section does not undo the first.
 */
final class IniFile {
    private static final int MOST_INCLUDES = 10;
    private static final Pattern INCLUDE = Pattern.compile("%include[ \\t](.*)");
    private static final Pattern SECTION = Pattern.compile("\\[([^\\]]*)\\](.*)");
    private static final Pattern PAIR =
            Pattern.compile("(?:'([^']+)'|\"((?:[^\"]|\"\")+)\"|([A-Za-z0-9_.*-]+))[ \\t]*=(.*)");
    private static final Set<String> SECTIONS = Set.of("pgbouncer", "databases", "users", "peers");

    private final GivenSettings given;
    private final Problems problems;
    private final Map<String, Origin> sections = new HashMap<>();
    private final Map<String, Origin> entries = new HashMap<>();
    private @Nullable String section;

    private IniFile(GivenSettings given, Problems problems) {
        this.given = given;
        this.problems = problems;
    }

    static void read(Path file, GivenSettings given, Problems problems) throws IOException {
        new IniFile(given, problems).include(file, 0);
    }

    private void include(Path file, int depth) throws IOException {
        List<String> lines =
                Files.readString(file, StandardCharsets.UTF_8).lines().toList();
        for (int i = 0; i < lines.size(); i++) {
            line(lines.get(i).strip(), Origin.file(file.toString()).at(i + 1), depth);
        }
    }

    private void line(String line, Origin origin, int depth) {
        Matcher include = INCLUDE.matcher(line);
        Matcher header = SECTION.matcher(line);
        if (line.isEmpty() || line.startsWith("#") || line.startsWith(";")) {
            return;
        }
        if (include.matches()) {
            include(include.group(1).strip(), origin, depth + 1);
        } else if (header.matches()) {
            section(header.group(1), origin);
            line(header.group(2).strip(), origin, depth);
        } else {
            pair(line, origin);
        }
    }

    private void include(String name, Origin origin, int depth) {
        if (depth > MOST_INCLUDES) {
            problems.add(origin, "%include", "files include each other more than %d deep", MOST_INCLUDES);
            return;
        }
        try {
            include(Path.of(name), depth);
        } catch (IOException | InvalidPathException e) {
            problems.add(origin, "%include", "cannot read \"%s\"", name);
        }
    }

    private void section(String name, Origin origin) {
        section = name;
        Origin before = sections.putIfAbsent(name, origin);
        if (!SECTIONS.contains(name)) {
            String nearest = NearestName.of(name, SECTIONS);
            problems.add(
                    origin,
                    "[" + name + "]",
                    "unknown section%s",
                    nearest == null ? "" : "; did you mean " + nearest + "?");
        } else if (before != null && name.equals("pgbouncer")) {
            problems.notice(
                    origin,
                    "[pgbouncer]",
                    "adds to the section at %s; PgBouncer would forget what that one says",
                    before);
        }
    }

    private void pair(String line, Origin origin) {
        Matcher pair = PAIR.matcher(line);
        if (!pair.matches()) {
            problems.add(origin, "", "syntax error: neither a section, nor key = value, nor a comment");
        } else if (section == null) {
            problems.add(origin, key(pair), "stands before the first section");
        } else {
            pair(section, key(pair), pair.group(4).strip(), origin);
        }
    }

    private void pair(String in, String key, String value, Origin origin) {
        switch (in) {
            case "pgbouncer" -> given.give(new Given(SettingPath.global(key), value, origin, Dialect.PGBOUNCER));
            case "databases" -> entry(Scope.DATABASE, key, value, origin);
            case "users" -> entry(Scope.USER, key, value, origin);
            case "peers" ->
                problems.notice(
                        origin, "peers." + key, "has no effect: cancel requests are not passed on to other processes");
            default -> {
                // the section itself is a problem already
            }
        }
    }

    private void entry(Scope scope, String name, String connectString, Origin origin) {
        String path = (scope == Scope.USER ? "users." : "databases.") + name;
        Origin before = entries.put(path, origin);
        if (before != null) {
            problems.notice(origin, path, "replaces the entry at %s", before);
            given.forget(scope, name);
        }
        given.open(scope, name, origin);
        try {
            for (Map.Entry<String, String> pair : ConnectString.parse(connectString)) {
                String key = pair.getKey().equals("reserve_pool") ? "reserve_pool_size" : pair.getKey();
                if (!isUnset(scope, key, pair.getValue())) {
                    given.give(new Given(
                            new SettingPath(scope, name, key), pair.getValue(), origin, Dialect.PGBOUNCER_ENTRY));
                }
            }
        } catch (BadValue e) {
            problems.add(origin, path, e.why());
        }
    }

    /** PgBouncer keeps -1 for what an entry does not set. */
    private static boolean isUnset(Scope scope, String key, String value) {
        Setting<?> setting = Settings.find(scope, key);
        return setting != null && value.equals("-1") && setting.type().isNumeric();
    }

    private static String key(Matcher pair) {
        if (pair.group(1) != null) {
            return pair.group(1);
        }
        return pair.group(2) != null ? pair.group(2).replace("\"\"", "\"") : pair.group(3);
    }
}
