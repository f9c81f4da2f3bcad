package dev.carpool.suspicion;

import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * How PostgreSQL reads a text that a client sends, as far as settings decide it.
 *
 * @param standardStrings a backslash in a plain string constant is an ordinary character (standard_conforming_strings)
 * @param asciiBytes a byte below 0x80 is that ASCII character wherever it stands. In some encodings of clients it can be the
 *     second byte of another character (manual, "Character Set Support": those that are no server encodings)
 */
public record TextRules(boolean standardStrings, boolean asciiBytes) {
    /** What the names and aliases of the encodings have in them whose later bytes may be below 0x80. */
    private static final List<String> OTHER_BYTES = List.of(
            "sjis", "shiftjis", "mskanji", "932", "big5", "950", "gbk", "936", "gb18030", "uhc", "949", "johab");

    private static final TextRules USUAL = new TextRules(true, true);

    /**
     * What follows from the settings.
     *
     * @param standardStrings the setting standard_conforming_strings, null if it is not known
     * @param encoding the setting client_encoding in any spelling, null if it is not known
     */
    public static TextRules of(@Nullable String standardStrings, @Nullable String encoding) {
        TextRules rules = new TextRules("on".equals(standardStrings), encoding != null && hasAsciiBytes(encoding));
        return rules.equals(USUAL) ? USUAL : rules;
    }

    private static boolean hasAsciiBytes(String encoding) {
        if (encoding.equals("UTF8")) {
            return true; // the usual one is asked about often
        }
        String plain = encoding.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]", "");
        return OTHER_BYTES.stream().noneMatch(plain::contains);
    }
}
