package dev.carpool.tls;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;

/** Reads {@code *_tls_protocols} as PgBouncer does: names and groups, {@code !} takes away. */
final class TlsProtocols {
    private static final List<String> SECURE = List.of("TLSv1.2", "TLSv1.3");
    private static final List<String> ALL = List.of("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3");

    private static final Map<String, List<String>> WORDS = Map.of(
            "secure", SECURE,
            "default", SECURE,
            "all", ALL,
            "legacy", ALL,
            "tlsv1", ALL,
            "tlsv1.0", List.of("TLSv1"),
            "tlsv1.1", List.of("TLSv1.1"),
            "tlsv1.2", List.of("TLSv1.2"),
            "tlsv1.3", List.of("TLSv1.3"));

    private TlsProtocols() {}

    /** The protocol names of the JDK, oldest first; {@code setting} is for complaints. */
    static List<String> parse(String setting, String text, TlsProblems.Collector problems) {
        TreeSet<String> chosen = new TreeSet<>();
        boolean first = true;
        for (String word : CipherNames.words(text.isBlank() ? "secure" : text)) {
            boolean without = word.startsWith("!");
            String name = (without ? word.substring(1) : word).toLowerCase(Locale.ROOT);
            List<String> meant = WORDS.get(name);
            if (meant == null) {
                problems.add(setting + ": \"" + word + "\" is no TLS protocol; use tlsv1.2, tlsv1.3, secure or all");
                return SECURE;
            }
            if (without) {
                if (first) {
                    chosen.addAll(ALL);
                }
                meant.forEach(chosen::remove);
            } else {
                chosen.addAll(meant);
            }
            first = false;
        }
        if (chosen.isEmpty()) {
            problems.add(setting + ": no protocol is left");
            return SECURE;
        }
        return List.copyOf(chosen);
    }
}
