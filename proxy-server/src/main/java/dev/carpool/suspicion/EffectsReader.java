package dev.carpool.suspicion;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads what a suspicious text does to its session. What it understands in full needs no question to the server; of the rest it
 * finds the names of the settings to ask for.
 */
public final class EffectsReader {
    private static final Pattern CUSTOM_NAME =
            Pattern.compile("[A-Za-z_][A-Za-z0-9_]{0,62}(?:\\.[A-Za-z_][A-Za-z0-9_]{0,62})+");

    private static final int MOST_CUSTOM_NAMES = 32;

    private final SqlTokens tokens;
    private final boolean ascii;
    private final Set<String> names = new LinkedHashSet<>();
    private final SettingStatements settings;
    private final List<Integer> nameParameters = new ArrayList<>();
    private boolean namesKnown = true;

    private int statements;

    /** A transaction begins or ends between two statements, but for the first and the last one: which one do they belong to? */
    private boolean transactions;

    /** The last statement read may have ended a transaction. */
    private boolean ended;

    /** Calls of set_config seen. */
    private int calls;

    /** A code block may send settings back. */
    private boolean blocksGoBack;

    private EffectsReader(String sql, boolean standardStrings) {
        this.tokens = new SqlTokens(sql, standardStrings);
        this.settings = new SettingStatements(tokens, names);
        this.ascii = sql.chars().allMatch(c -> c < 0x80);
    }

    /**
     * Reads a text of one or more statements.
     *
     * @param sql every byte a character (ISO 8859-1)
     * @param bits what {@link SqlLexer} has found in it
     * @param standardStrings whether a backslash in a plain string is an ordinary character
     */
    public static Effects read(String sql, int bits, boolean standardStrings) {
        EffectsReader reader = new EffectsReader(sql, standardStrings);
        reader.readAll();
        if ((bits & Suspicion.UNSEEN_SETTINGS) != 0) {
            reader.customNames(sql);
        }
        return reader.effects(bits);
    }

    /** What looks like the name of a custom setting, for functions that get it as an argument. */
    private void customNames(String sql) {
        Matcher matcher = CUSTOM_NAME.matcher(sql);
        for (int found = 0; found < MOST_CUSTOM_NAMES && matcher.find(); found++) {
            names.add(matcher.group());
        }
    }

    private Effects effects(int bits) {
        int left = bits | settings.found();
        boolean settingsUnderstood =
                settings.areUnderstood() && ascii && (left & (Suspicion.SET_CONFIG | Suspicion.UNCLEAR)) == 0;
        if ((left & Suspicion.SET_CONFIG) != 0 && calls == 0) {
            namesKnown = false; // UPDATE of pg_settings
        }
        boolean certain = settingsUnderstood && (statements == 1 || !transactions);
        if (calls > 0 || !certain) {
            settings.forgetLocal();
        }
        List<SettingChange> doubtful = new ArrayList<>();
        if (blocksGoBack) {
            doubtful.add(SettingChange.resetAll());
        }
        if (certain) {
            left &= ~(Suspicion.SET | Suspicion.DISCARD);
        } else {
            for (SettingChange change : settings.changes()) {
                if (change.goesBack()) {
                    doubtful.add(change);
                }
                if (change.name().isEmpty()) {
                    namesKnown = false;
                } else {
                    names.add(change.name());
                }
            }
        }
        return new Effects(
                left,
                certain ? List.copyOf(settings.changes()) : List.of(),
                Set.copyOf(names),
                List.copyOf(nameParameters),
                namesKnown && settings.areNamesKnown() && (left & Suspicion.UNCLEAR) == 0,
                List.copyOf(doubtful));
    }

    private void readAll() {
        do {
            tokens.next();
            if (!tokens.isEnd()) {
                statements++;
                statement();
            }
            while (!tokens.isEnd()) {
                inside();
            }
        } while (tokens.kind() != SqlTokens.Kind.END);
    }

    private void statement() {
        transactions |= ended;
        ended = false;
        if (tokens.kind() != SqlTokens.Kind.WORD) {
            return;
        }
        switch (tokens.text()) {
            case "set", "reset", "discard" -> settings.statement();
            case "begin", "start" -> transactions |= statements > 1;
            case "commit", "end", "rollback", "abort" -> ended = true;
            case "savepoint", "release" -> transactions = true;
            case "do" -> codeBlock();
            default -> {}
        }
    }

    /** A token of a statement that is read no further than for calls of set_config. */
    private void inside() {
        if (tokens.isWord("set_config") || isQuoted("set_config")) {
            calls++;
            tokens.next();
            if (tokens.isSign('(')) {
                tokens.next();
                firstArgument();
            }
            return;
        }
        tokens.next();
    }

    private boolean isQuoted(String name) {
        return tokens.kind() == SqlTokens.Kind.QUOTED && tokens.text().equals(name);
    }

    private void firstArgument() {
        SqlTokens.Kind kind = tokens.kind();
        String text = tokens.text();
        if (kind != SqlTokens.Kind.STRING && kind != SqlTokens.Kind.PARAMETER) {
            namesKnown = false;
            return;
        }
        tokens.next();
        if (tokens.isSign(':')) { // '…'::text
            tokens.next();
            tokens.next();
            tokens.next();
        }
        if (!tokens.isSign(',')) {
            namesKnown = false;
        } else if (kind == SqlTokens.Kind.STRING) {
            name(text);
        } else {
            parameter(text);
        }
    }

    private void parameter(String number) {
        if (number.length() > 5) {
            namesKnown = false;
        } else {
            nameParameters.add(Integer.parseInt(number) - 1);
        }
    }

    private void name(String text) {
        if (text.isEmpty() || text.length() > 200) {
            namesKnown = false;
        } else {
            names.add(text);
        }
    }

    private void codeBlock() {
        tokens.next();
        while (!tokens.isEnd()) {
            if (tokens.kind() == SqlTokens.Kind.STRING) {
                EffectsReader body = new EffectsReader(tokens.text(), true);
                body.codeNames();
                names.addAll(body.names);
                blocksGoBack |= body.blocksGoBack;
            }
            tokens.next();
        }
    }

    /** Names of settings that occur in the code of a function; there may be more. */
    private void codeNames() {
        SqlTokens.Kind kind = tokens.next();
        while (kind != SqlTokens.Kind.END) {
            blocksGoBack |= tokens.isWord("reset")
                    || tokens.isWord("default")
                    || (tokens.kind() == SqlTokens.Kind.STRING && resets(tokens.text()));
            if (tokens.isWord("set") || tokens.isWord("reset")) {
                tokens.next();
                if (tokens.isWord("session") || tokens.isWord("local")) {
                    tokens.next();
                }
                String setting = settings.settingName();
                if (setting != null) {
                    names.add(setting);
                }
                kind = tokens.kind();
            } else {
                inside();
                kind = tokens.kind();
            }
        }
    }

    /** Whether a text may be, or become part of, a statement that sends settings back. */
    private static boolean resets(String text) {
        String lower = SqlTokens.lowerCase(text);
        return lower.contains("reset") || lower.contains("default");
    }
}
