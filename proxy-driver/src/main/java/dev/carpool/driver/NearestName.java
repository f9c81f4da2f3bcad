package dev.carpool.driver;

import java.util.Arrays;
import java.util.Comparator;
import java.util.Locale;

/** Finds the property a misspelt name was probably meant to be. */
final class NearestName {
    private NearestName() {}

    static String of(String name) {
        String wanted = name.toLowerCase(Locale.ROOT);
        return Arrays.stream(CarpoolProperty.values())
                .map(CarpoolProperty::key)
                .min(Comparator.comparingInt(key -> distance(wanted, key.toLowerCase(Locale.ROOT))))
                .orElseThrow();
    }

    /** Levenshtein distance: insertions, deletions and replacements, each 1. */
    static int distance(String left, String right) {
        int[] previous = new int[right.length() + 1];
        Arrays.setAll(previous, i -> i);
        for (int i = 1; i <= left.length(); i++) {
            int[] row = new int[right.length() + 1];
            row[0] = i;
            for (int j = 1; j <= right.length(); j++) {
                int replace = previous[j - 1] + (left.charAt(i - 1) == right.charAt(j - 1) ? 0 : 1);
                row[j] = Math.min(replace, Math.min(previous[j], row[j - 1]) + 1);
            }
            previous = row;
        }
        return previous[right.length()];
    }
}
