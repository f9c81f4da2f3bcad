package dev.carpool.suspicion;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The custom settings (those with a dot in their names) that a text names by constants, and what it changes of the settings
 * that decide what texts mean. Names are in lower case, every byte of them a character. Immutable.
 *
 * @param made those that the session has from then on, for however long they keep a value
 * @param read those that are read and have not been made before in the text
 * @param madeParameters numbers of bind parameters that name a setting to be made, from 0
 * @param meaning settings that it may change, for however long, and that decide what the texts behind it mean
 */
public record SettingNames(Set<String> made, Set<String> read, List<Integer> madeParameters, Set<String> meaning) {
    /** A text that names none. */
    public static final SettingNames NONE = new SettingNames(Set.of(), Set.of(), List.of(), Set.of());

    /**
     * Settings that decide how a text is read, or what a constant in it stands for when it is parsed (manual, "Server
     * Configuration"). Not those whose change makes PostgreSQL plan a statement anew, as search_path.
     */
    private static final Set<String> DECIDE_MEANING = Set.of(
            "array_nulls",
            "backslash_quote",
            "client_encoding",
            "datestyle",
            "intervalstyle",
            "lc_monetary",
            "standard_conforming_strings",
            "timezone",
            "timezone_abbreviations",
            "transform_null_equals",
            "xmloption");

    /** SET NAMES, SET TIME ZONE, SET XML OPTION. */
    private static final Map<String, String> OTHER_SPELLINGS =
            Map.of("names", "client_encoding", "time", "timezone", "xml", "xmloption");

    private static final int LONGEST = 200;

    private static final Pattern NAME =
            Pattern.compile("[A-Za-z_\\x80-\\xff][\\w$\\x80-\\xff]*(?:\\.[A-Za-z_\\x80-\\xff][\\w$\\x80-\\xff]*)+");

    /** Longer numbers belong to no parameter. */
    private static final int MOST_DIGITS = 5;

    /**
     * Reads a text of one or more statements.
     *
     * @param sql every byte a character (ISO 8859-1)
     * @param standardStrings whether a backslash in a plain string is an ordinary character
     */
    public static SettingNames of(String sql, boolean standardStrings) {
        Reader reader = new Reader(new SqlTokens(sql, standardStrings));
        reader.readAll();
        SettingNames found = new SettingNames(
                Set.copyOf(reader.made),
                Set.copyOf(reader.read),
                List.copyOf(reader.parameters),
                Set.copyOf(reader.meaning));
        return found.equals(NONE) ? NONE : found;
    }

    /** Whether it names no custom setting. */
    public boolean isEmpty() {
        return made.isEmpty() && read.isEmpty() && madeParameters.isEmpty();
    }

    /** Words of which SET, RESET and DISCARD have one that change a setting of that kind. */
    static Set<String> meaningWords() {
        Set<String> words = new LinkedHashSet<>(DECIDE_MEANING);
        words.addAll(OTHER_SPELLINGS.keySet());
        words.add("all");
        return words;
    }

    /** Whether the setting decides what a text means, for as long as PostgreSQL keeps what it has parsed. */
    public static boolean decidesMeaning(String name) {
        return DECIDE_MEANING.contains(name.toLowerCase(Locale.ROOT));
    }

    private static final class Reader {
        private final SqlTokens tokens;
        private final Set<String> made = new LinkedHashSet<>();
        private final Set<String> read = new LinkedHashSet<>();
        private final List<Integer> parameters = new ArrayList<>();
        private final Set<String> meaning = new LinkedHashSet<>();

        Reader(SqlTokens tokens) {
            this.tokens = tokens;
        }

        void readAll() {
            do {
                tokens.next();
                boolean all = tokens.isWord("reset") || tokens.isWord("discard");
                if (tokens.isWord("set") || tokens.isWord("reset")) {
                    tokens.next();
                    String name = settingName();
                    make(name == null ? null : OTHER_SPELLINGS.getOrDefault(name, name));
                    all &= "all".equals(name);
                } else if (all) {
                    tokens.next();
                    all = tokens.isWord("all");
                } else if (tokens.isWord("show")) {
                    tokens.next();
                    see(settingName());
                }
                if (all) {
                    meaning.addAll(DECIDE_MEANING);
                }
                boolean later = tokens.isWord("prepare") || tokens.isWord("create") || tokens.isWord("explain");
                while (!tokens.isEnd()) {
                    if (later) {
                        tokens.next(); // it is not carried out
                    } else {
                        inside();
                    }
                }
            } while (tokens.kind() != SqlTokens.Kind.END);
        }

        private void inside() {
            boolean makes = isCalled("set_config");
            boolean sees = isCalled("current_setting");
            tokens.next();
            if ((!makes && !sees) || !tokens.isSign('(')) {
                return;
            }
            SqlTokens.Kind kind = tokens.next();
            if (kind == SqlTokens.Kind.STRING && makes) {
                make(tokens.text());
                tokens.next();
                if (!tokens.isSign(',') && !tokens.isSign(':')) {
                    meaning.addAll(DECIDE_MEANING); // the name goes on
                }
            } else if (kind == SqlTokens.Kind.STRING) {
                see(tokens.text());
            } else if (kind == SqlTokens.Kind.PARAMETER
                    && makes
                    && tokens.text().length() <= MOST_DIGITS) {
                parameters.add(Integer.parseInt(tokens.text()) - 1);
            } else if (makes) {
                meaning.addAll(DECIDE_MEANING); // a name that is computed
            }
        }

        private boolean isCalled(String function) {
            boolean name = tokens.kind() == SqlTokens.Kind.WORD || tokens.kind() == SqlTokens.Kind.QUOTED;
            return name && tokens.text().equals(function);
        }

        private void make(@Nullable String name) {
            if (name != null && isCustom(name)) {
                made.add(SqlTokens.lowerCase(name));
            } else if (name != null && decidesMeaning(name)) {
                meaning.add(SqlTokens.lowerCase(name));
            }
        }

        private void see(@Nullable String name) {
            if (name != null && isCustom(name) && !made.contains(SqlTokens.lowerCase(name))) {
                read.add(SqlTokens.lowerCase(name));
            }
        }

        /** {@code name}, {@code class.name}, behind SESSION or LOCAL as well; what comes behind it is next. */
        private @Nullable String settingName() {
            StringBuilder whole = new StringBuilder();
            while (tokens.kind() == SqlTokens.Kind.WORD || tokens.kind() == SqlTokens.Kind.QUOTED) {
                whole.append(tokens.text());
                boolean scope = whole.length() == tokens.text().length()
                        && (tokens.isWord("session") || tokens.isWord("local"));
                tokens.next();
                if (tokens.isSign('.')) {
                    whole.append('.');
                    tokens.next();
                } else if (scope) {
                    whole.setLength(0);
                } else {
                    return whole.toString();
                }
            }
            return null;
        }
    }

    /** Whether PostgreSQL takes a name for that of a custom setting: identifiers with dots between them. */
    private static boolean isCustom(String name) {
        return name.length() <= LONGEST && NAME.matcher(name).matches();
    }
}
