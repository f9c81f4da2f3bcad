package dev.carpool.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The right side of an entry in pgbouncer.ini: {@code key=value key='value with '' quote'}. Never shown: it may hold a
 * password. Empty values are errors, as in PgBouncer.
 */
final class ConnectString {
    private final String text;
    private int at;

    private ConnectString(String text) {
        this.text = text;
    }

    /** The pairs in their order. */
    static List<Map.Entry<String, String>> parse(String text) throws BadValue {
        ConnectString string = new ConnectString(text);
        List<Map.Entry<String, String>> pairs = new ArrayList<>();
        string.skipBlanks();
        while (string.at < text.length()) {
            String key = string.key();
            pairs.add(Map.entry(key, string.value(key)));
            string.skipBlanks();
        }
        return pairs;
    }

    private String key() throws BadValue {
        int start = at;
        while (at < text.length() && text.charAt(at) != '=' && !isBlank()) {
            at++;
        }
        String key = text.substring(start, at);
        skipBlanks();
        if (key.isEmpty() || at == text.length() || text.charAt(at) != '=') {
            throw new BadValue("is not a list of key=value");
        }
        at++;
        return key;
    }

    private String value(String key) throws BadValue {
        skipBlanks();
        String value = at < text.length() && text.charAt(at) == '\'' ? quoted(key) : plain();
        if (value.isEmpty()) {
            throw new BadValue("has no value for " + key);
        }
        return value;
    }

    private String plain() {
        int start = at;
        while (at < text.length() && !isBlank()) {
            at++;
        }
        return text.substring(start, at);
    }

    private String quoted(String key) throws BadValue {
        StringBuilder value = new StringBuilder();
        for (at++; at < text.length(); at++) {
            if (text.charAt(at) == '\'') {
                at++;
                if (at == text.length() || text.charAt(at) != '\'') {
                    return value.toString();
                }
            }
            value.append(text.charAt(at));
        }
        throw new BadValue("has no closing quote for " + key);
    }

    private void skipBlanks() {
        while (at < text.length() && isBlank()) {
            at++;
        }
    }

    private boolean isBlank() {
        return text.charAt(at) == ' ' || text.charAt(at) == '\t';
    }
}
