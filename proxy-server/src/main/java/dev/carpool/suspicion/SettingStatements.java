package dev.carpool.suspicion;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads the SET, RESET and DISCARD statements of a text (PostgreSQL manual, of these names). */
final class SettingStatements {
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

    /** Without zeros in front. */
    private static final Pattern INTEGER = Pattern.compile("^0*([0-9]+)$");

    private final SqlTokens tokens;

    /** Of settings that the text may change besides. */
    private final Set<String> names;

    private final List<SettingChange> changes = new ArrayList<>();
    private boolean understood = true;
    private boolean namesKnown = true;
    private int found;

    /** @param names gets the names of settings that change in a way that is not understood */
    SettingStatements(SqlTokens tokens, Set<String> names) {
        this.tokens = tokens;
        this.names = names;
    }

    /** What they do, in order, as far as they are understood. */
    List<SettingChange> changes() {
        return changes;
    }

    /** What goes back for the transaction alone is not told. */
    void forgetLocal() {
        changes.removeIf(change -> change.kind() == SettingChange.Kind.RESET_LOCAL);
    }

    /** Whether all have been understood in full. */
    boolean areUnderstood() {
        return understood;
    }

    /** Whether the names of all settings are known that they may change. */
    boolean areNamesKnown() {
        return namesKnown;
    }

    /** Bits of {@link Suspicion} that one of them has for sure, besides those the lexer saw. */
    int found() {
        return found;
    }

    /** Reads the statement whose first word is at hand, as far as it is understood. */
    void statement() {
        switch (tokens.text()) {
            case "set" -> set();
            case "reset" -> reset();
            default -> discard();
        }
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
    @Nullable
    String settingName() {
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
