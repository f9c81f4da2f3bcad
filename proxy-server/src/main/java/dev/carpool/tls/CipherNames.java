package dev.carpool.tls;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads {@code *_tls_ciphers} and {@code *_tls13_ciphers}: names as OpenSSL or the JDK writes them. Of OpenSSL's groups
 * only those are taken that say no more than "the good ones", which is what both TLS libraries choose by themselves.
 */
final class CipherNames {
    private static final List<String> TLS_13 =
            List.of("TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256");

    /** For TLS 1.2 when only the ciphers of TLS 1.3 are set; best first. */
    private static final List<String> USUAL_TLS_12 = List.of(
            "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
            "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
            "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
            "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
            "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
            "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256");

    /** OpenSSL's names for TLS 1.2 and older, and the JDK's. */
    private static final Map<String, String> TLS_12 = Map.ofEntries(
            Map.entry("ECDHE-ECDSA-AES256-GCM-SHA384", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"),
            Map.entry("ECDHE-ECDSA-AES128-GCM-SHA256", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"),
            Map.entry("ECDHE-ECDSA-CHACHA20-POLY1305", "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"),
            Map.entry("ECDHE-ECDSA-AES256-SHA384", "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384"),
            Map.entry("ECDHE-ECDSA-AES128-SHA256", "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256"),
            Map.entry("ECDHE-ECDSA-AES256-SHA", "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA"),
            Map.entry("ECDHE-ECDSA-AES128-SHA", "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"),
            Map.entry("ECDHE-RSA-AES256-GCM-SHA384", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"),
            Map.entry("ECDHE-RSA-AES128-GCM-SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"),
            Map.entry("ECDHE-RSA-CHACHA20-POLY1305", "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"),
            Map.entry("ECDHE-RSA-AES256-SHA384", "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384"),
            Map.entry("ECDHE-RSA-AES128-SHA256", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256"),
            Map.entry("ECDHE-RSA-AES256-SHA", "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA"),
            Map.entry("ECDHE-RSA-AES128-SHA", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"),
            Map.entry("DHE-RSA-AES256-GCM-SHA384", "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384"),
            Map.entry("DHE-RSA-AES128-GCM-SHA256", "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256"),
            Map.entry("DHE-RSA-CHACHA20-POLY1305", "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256"),
            Map.entry("AES256-GCM-SHA384", "TLS_RSA_WITH_AES_256_GCM_SHA384"),
            Map.entry("AES128-GCM-SHA256", "TLS_RSA_WITH_AES_128_GCM_SHA256"),
            Map.entry("AES256-SHA256", "TLS_RSA_WITH_AES_256_CBC_SHA256"),
            Map.entry("AES128-SHA256", "TLS_RSA_WITH_AES_128_CBC_SHA256"),
            Map.entry("AES256-SHA", "TLS_RSA_WITH_AES_256_CBC_SHA"),
            Map.entry("AES128-SHA", "TLS_RSA_WITH_AES_128_CBC_SHA"));

    private static final Set<String> GROUPS = Set.of(
            "DEFAULT", "SECURE", "NORMAL", "FAST", "COMPAT", "HIGH", "MEDIUM", "ALL", "LEGACY", "INSECURE", "TLSV1.2");

    private CipherNames() {}

    /**
     * The JDK's names of the ciphers for one side; null for the TLS library's own choice.
     *
     * @param prefix {@code client_tls} or {@code server_tls}, for complaints
     */
    static @Nullable List<String> parse(
            String prefix, String ciphers, String tls13Ciphers, TlsProblems.Collector problems) {
        List<String> older = older(prefix + "_ciphers", ciphers, problems);
        List<String> newer = newer(prefix + "13_ciphers", tls13Ciphers, problems);
        if (older.isEmpty() && newer.isEmpty()) {
            return null;
        }
        List<String> all = new ArrayList<>(newer.isEmpty() ? TLS_13 : newer);
        all.addAll(older.isEmpty() ? USUAL_TLS_12 : older);
        return all;
    }

    private static List<String> older(String setting, String text, TlsProblems.Collector problems) {
        List<String> names = new ArrayList<>();
        boolean group = false;
        for (String word : words(text)) {
            String upper = word.toUpperCase(Locale.ROOT);
            if (takesAwayOrSorts(upper)) {
                // What people take away here (aNULL, RC4, 3DES …), and how they sort, is the libraries' choice already.
                continue;
            }
            if (GROUPS.contains(upper)) {
                group = true;
            } else if (TLS_12.containsKey(upper)) {
                names.add(TLS_12.get(upper));
            } else if (TLS_12.containsValue(upper)) {
                names.add(upper);
            } else {
                problems.add(setting + ": cipher \"" + word + "\" is not known");
            }
        }
        return group ? List.of() : names;
    }

    private static boolean takesAwayOrSorts(String word) {
        return "!-+@".indexOf(word.charAt(0)) >= 0;
    }

    private static List<String> newer(String setting, String text, TlsProblems.Collector problems) {
        List<String> names = new ArrayList<>();
        for (String word : words(text)) {
            if (TLS_13.contains(word.toUpperCase(Locale.ROOT))) {
                names.add(word.toUpperCase(Locale.ROOT));
            } else {
                problems.add(setting + ": cipher \"" + word + "\" is not known for TLS 1.3");
            }
        }
        return names;
    }

    /** The words of a list separated by colons, commas or blanks. */
    static List<String> words(String text) {
        List<String> words = new ArrayList<>();
        for (String word : text.split("[:,\\s]+", -1)) {
            if (!word.isEmpty()) {
                words.add(word);
            }
        }
        return words;
    }
}
