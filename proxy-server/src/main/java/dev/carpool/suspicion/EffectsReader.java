package dev.carpool.suspicion;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads what a suspicious text does to its session (PostgreSQL manual, "SET", "RESET", "DISCARD"). What it understands
 * in full needs no question to the server; of the rest it finds the names of the settings to ask for.
 */
public final class EffectsReader {
    /** Settings whose parts are names: SET quotes each of them (GUC_LIST_QUOTE). */
    private static final Set<String> LISTS_OF_NAMES = Set.of(
            "search_path",
            "temp_tablespaces",
            "local_preload_libraries",
            "session_preload_libraries",
            "shared_preload_libraries",
            "unix_socket_directories");

    /** Belong to their transaction, not to the session. */
    private static final Set<String> OF_TRANSACTION =
            Set.of("transaction_isolation", "transaction_read_only", "transaction_deferrable");

    private static final int LONGEST_LIST = 64;

    /** SET SESSION AUTHORIZATION implies it, whatever the session began with. */
    private static final SettingChange NO_ROLE = SettingChange.set("role", "none");

    /** NAMEDATALEN - 1: PostgreSQL cuts longer names off. */
    private static final int LONGEST_NAME = 63;

    private static final Pattern CUSTOM_NAME =
            Pattern.compile("[A-Za-z_][A-Za-z0-9_]{0,62}(?:\\.[A-Za-z_][A-Za-z0-9_]{0,62})+");

    private static final int MOST_CUSTOM_NAMES = 32;

    /** Without zeros in front. */
    private static final Pattern INTEGER = Pattern.compile("^0*([0-9]+)$");

    private final SqlTokens tokens;
    private final boolean ascii;
    private final List<SettingChange> changes = new ArrayList<>();
    private final Set<String> names = new LinkedHashSet<>();
    private final List<Integer> nameParameters = new ArrayList<>();
    private boolean namesKnown = true;

    /** Every statement that sets something has been understood in full. */
    private boolean understood = true;

    /** Bits that a statement of this text has for sure, besides those the lexer saw. */
    private int found;

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
        int left = bits | found;
        boolean settingsUnderstood = understood && ascii && (left & (Suspicion.SET_CONFIG | Suspicion.UNCLEAR)) == 0;
        if ((left & Suspicion.SET_CONFIG) != 0 && calls == 0) {
            namesKnown = false; // UPDATE of pg_settings
        }
        boolean certain = settingsUnderstood && (statements == 1 || !transactions);
        if (calls > 0 || !certain) {
            changes.removeIf(change -> change.kind() == SettingChange.Kind.RESET_LOCAL);
        }
        List<SettingChange> doubtful = new ArrayList<>();
        if (blocksGoBack) {
            doubtful.add(SettingChange.resetAll());
        }
        if (certain) {
            left &= ~(Suspicion.SET | Suspicion.DISCARD);
        } else {
            for (SettingChange change : changes) {
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
                certain ? List.copyOf(changes) : List.of(),
                Set.copyOf(names),
                List.copyOf(nameParameters),
                namesKnown && (left & Suspicion.UNCLEAR) == 0,
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
            case "set" -> set();
            case "reset" -> reset();
            case "discard" -> discard();
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
                String setting = settingName();
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

    private void misunderstood() {
        understood = false;
        namesKnown = false;
    }

    private void discard() {
        tokens.next();
        String what = tokens.kind() == SqlTokens.Kind.WORD ? tokens.text() : "";
        tokens.next();
        if (!tokens.isEnd()) {
            misunderstood();
            return;
        }
        switch (what) {
            case "all" -> changes.add(SettingChange.discardAll());
            case "plans" -> {}
            case "temp", "temporary" -> found |= Suspicion.TEMP;
            case "sequences" -> found |= Suspicion.SEQUENCE;
            default -> misunderstood();
        }
    }

    private void reset() {
        tokens.next();
        switch (tokens.kind() == SqlTokens.Kind.WORD ? tokens.text() : "") {
            case "all" -> {
                tokens.next();
                end(SettingChange.resetAll());
            }
            case "time" -> {
                tokens.next();
                if (!resetsSetting("time")) {
                    tokens.next();
                    end(SettingChange.reset("timezone"));
                }
            }
            case "session" -> {
                tokens.next();
                if (tokens.isWord("authorization")) {
                    tokens.next();
                    changes.add(SettingChange.reset("role"));
                    end(SettingChange.reset("session_authorization"));
                } else if (!resetsSetting("session")) {
                    misunderstood();
                }
            }
            default -> {
                boolean transaction = tokens.isWord("transaction");
                String setting = settingName();
                if (setting == null) {
                    misunderstood();
                } else if (transaction && setting.equals("transaction")) {
                    skipStatement(); // ISOLATION LEVEL
                } else {
                    end(SettingChange.reset(setting));
                }
            }
        }
    }

    /** Whether a key word that has just been read is the first part of a setting's name; if so, RESET is dealt with. */
    private boolean resetsSetting(String word) {
        if (!tokens.isSign('.')) {
            return false;
        }
        String setting = settingName(word);
        if (setting == null) {
            misunderstood();
        } else {
            end(SettingChange.reset(setting));
        }
        return true;
    }

    private void skipStatement() {
        while (!tokens.isEnd()) {
            tokens.next();
        }
    }

    /** The change holds if the statement ends here. */
    private void end(SettingChange change) {
        if (!tokens.isEnd()) {
            misunderstood();
            if (!change.name().isEmpty()) {
                names.add(change.name());
            }
        } else if (!OF_TRANSACTION.contains(change.name())) {
            changes.add(change);
            if (change.name().equals("session_authorization")) {
                changes.add(change.goesBack() ? SettingChange.reset("role") : NO_ROLE);
            }
        }
    }

    private void set() {
        tokens.next();
        if (tokens.isWord("local")) {
            tokens.next();
            if (!isSetting("local")) {
                local();
            }
            return;
        }
        if (tokens.isWord("session")) {
            tokens.next();
            if (isSetting("session")) {
                return;
            }
            if (tokens.isWord("characteristics")) {
                characteristics();
                return;
            }
            if (tokens.isWord("authorization")) {
                authorization();
                return;
            }
        }
        String first = tokens.kind() == SqlTokens.Kind.WORD ? tokens.text() : "";
        switch (first) {
            case "transaction", "constraints" -> {
                tokens.next();
                if (!isSetting(first)) {
                    skipStatement();
                }
            }
            case "time" -> reported(first, "timezone");
            case "names" -> reported(first, "client_encoding");
            case "role" -> role();
            case "schema" -> {
                tokens.next();
                if (isSetting(first)) {
                    return;
                }
                if (tokens.kind() == SqlTokens.Kind.STRING) {
                    String schema = quoteIdentifier(tokens.text());
                    tokens.next();
                    end(SettingChange.set("search_path", schema));
                } else {
                    misunderstood();
                }
            }
            default -> assignment(settingName());
        }
    }

    /** SET LOCAL: of interest is what goes back. */
    private void local() {
        String setting = null;
        if (tokens.isWord("time")) {
            tokens.next();
            setting = "timezone";
            if (tokens.isWord("zone")) {
                tokens.next();
            }
        } else if (!tokens.isWord("session")) {
            setting = settingName();
            if (tokens.isSign('=') || tokens.isWord("to")) {
                tokens.next();
            }
        }
        if (setting != null) {
            SettingChange back = SettingChange.resetLocal(setting);
            changes.remove(back);
            if (tokens.isWord("default")) {
                changes.add(back);
            }
        }
        skipStatement();
    }

    /** Whether a key word that has just been read is the name of a setting, or its first part; if so, SET is dealt with. */
    private boolean isSetting(String word) {
        if (tokens.isSign('.')) {
            assignment(settingName(word));
            return true;
        }
        if (tokens.isSign('=') || tokens.isWord("to")) {
            misunderstood();
            return true;
        }
        return false;
    }

    /** SET TIME ZONE and SET NAMES: LOCAL, DEFAULT and no value go back as RESET does; any other the server reports itself. */
    private void reported(String word, String name) {
        tokens.next();
        if (isSetting(word)) {
            return;
        }
        if (tokens.isWord("zone")) {
            tokens.next();
        }
        if (tokens.isEnd()) {
            end(SettingChange.reset(name));
        } else if (tokens.isWord("local") || tokens.isWord("default")) {
            tokens.next();
            end(SettingChange.reset(name));
        } else {
            names.add(name);
            skipStatement();
        }
    }

    private void role() {
        tokens.next();
        if (tokens.isSign('.')) {
            assignment(settingName("role"));
            return;
        }
        if (tokens.isSign('=') || tokens.isWord("to")) {
            tokens.next();
            if (tokens.isWord("default")) {
                tokens.next();
                end(SettingChange.reset("role"));
                return;
            }
        }
        String role = word();
        if (role == null) {
            misunderstood();
        } else {
            end(SettingChange.set("role", role));
        }
    }

    /** The server reports the session authorization; the role ends with it. */
    private void authorization() {
        tokens.next();
        boolean back = tokens.isWord("default");
        if (word() == null) {
            misunderstood();
            return;
        }
        if (back) {
            changes.add(SettingChange.reset("role"));
            end(SettingChange.reset("session_authorization"));
            return;
        }
        changes.add(NO_ROLE);
        if (!tokens.isEnd()) {
            misunderstood();
        }
    }

    /** A name, a key word or a string, and what comes behind it is next. */
    private @Nullable String word() {
        boolean one = tokens.kind() == SqlTokens.Kind.WORD
                || tokens.kind() == SqlTokens.Kind.QUOTED
                || tokens.kind() == SqlTokens.Kind.STRING;
        if (!one || isCutOff()) {
            return null;
        }
        String text = tokens.text();
        tokens.next();
        return text;
    }

    private void characteristics() {
        tokens.next(); // as
        tokens.next(); // transaction
        tokens.next();
        while (!tokens.isEnd()) {
            if (tokens.isSign(',')) {
                tokens.next();
            } else if (tokens.isWord("isolation")) {
                tokens.next(); // level
                tokens.next();
                String level = tokens.text();
                tokens.next();
                if (level.equals("read") || level.equals("repeatable")) {
                    level += " " + tokens.text();
                    tokens.next();
                }
                changes.add(SettingChange.set("default_transaction_isolation", level));
            } else if (tokens.isWord("read")) {
                tokens.next();
                String value = tokens.isWord("only") ? "on" : "off";
                tokens.next();
                changes.add(SettingChange.set("default_transaction_read_only", value));
            } else if (tokens.isWord("deferrable")) {
                tokens.next();
                changes.add(SettingChange.set("default_transaction_deferrable", "on"));
            } else if (tokens.isWord("not")) {
                tokens.next();
                tokens.next();
                changes.add(SettingChange.set("default_transaction_deferrable", "off"));
            } else {
                misunderstood();
                return;
            }
        }
    }

    /** A name of which PostgreSQL takes no more than the beginning. */
    private boolean isCutOff() {
        return tokens.kind() != SqlTokens.Kind.STRING && tokens.text().length() > LONGEST_NAME;
    }

    /** {@code name}, {@code class.name}, in lower case: PostgreSQL does not distinguish. What comes behind it is next. */
    private @Nullable String settingName() {
        String first = namePart();
        return first == null ? null : settingName(first);
    }

    private @Nullable String settingName(String first) {
        StringBuilder whole = new StringBuilder(first);
        while (tokens.isSign('.')) {
            tokens.next();
            String part = namePart();
            if (part == null) {
                return null;
            }
            whole.append('.').append(part);
        }
        return SqlTokens.lowerCase(whole.toString());
    }

    private @Nullable String namePart() {
        boolean one = tokens.kind() == SqlTokens.Kind.WORD || tokens.kind() == SqlTokens.Kind.QUOTED;
        if (!one || isCutOff()) {
            return null;
        }
        String part = tokens.text();
        tokens.next();
        return part;
    }

    /** @param setting the name that has been read */
    private void assignment(@Nullable String setting) {
        if (setting == null || !(tokens.isSign('=') || tokens.isWord("to"))) {
            misunderstood();
            return;
        }
        tokens.next();
        if (setting.equals("seed")) {
            found |= Suspicion.HIDDEN_STATE;
            skipStatement();
            return;
        }
        if (tokens.isWord("default")) {
            tokens.next();
            end(SettingChange.reset(setting));
            return;
        }
        boolean listOfNames = LISTS_OF_NAMES.contains(setting);
        StringBuilder value = new StringBuilder();
        for (int parts = 0; parts < LONGEST_LIST; parts++) {
            String part = value(listOfNames);
            if (part == null) {
                break;
            }
            value.append(value.isEmpty() && parts == 0 ? "" : ", ").append(part);
            if (!tokens.isSign(',')) {
                end(SettingChange.set(setting, value.toString()));
                return;
            }
            tokens.next();
        }
        understood = false;
        names.add(setting);
    }

    /** One value as PostgreSQL keeps it; what comes behind it is next. */
    private @Nullable String value(boolean isName) {
        boolean negative = tokens.isSign('-');
        if (negative || tokens.isSign('+')) {
            tokens.next();
            if (tokens.kind() != SqlTokens.Kind.NUMBER) {
                return null;
            }
        }
        String text = tokens.text();
        switch (tokens.kind()) {
            case WORD, QUOTED, STRING -> {
                if (isCutOff()) {
                    return null;
                }
                tokens.next();
                return isName ? quoteIdentifier(text) : text;
            }
            case NUMBER -> {
                tokens.next();
                return number(negative, text);
            }
            default -> {
                return null;
            }
        }
    }

    /** An integer (of 32 bits) is kept as a number, everything else as it is written. */
    private static String number(boolean negative, String digits) {
        String plain = INTEGER.matcher(digits).replaceFirst("$1");
        boolean integer = plain.length() < 11 && plain.indexOf('.') < 0 && Long.parseLong(plain) <= Integer.MAX_VALUE;
        String kept = integer ? plain : digits;
        return negative && !kept.equals("0") ? "-" + kept : kept;
    }

    /** As PostgreSQL's quote_identifier: key words are quoted here as well, which means the same. */
    private static String quoteIdentifier(String name) {
        boolean plain = !name.isEmpty() && !Character.isDigit(name.charAt(0));
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            plain &= (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
        }
        return plain ? name : '"' + name.replace("\"", "\"\"") + '"';
    }
}
