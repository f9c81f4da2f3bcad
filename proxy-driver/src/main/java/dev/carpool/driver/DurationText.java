package dev.carpool.driver;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Durations as people write them: {@code 50ms}, {@code 1.5s}, {@code 2min}; a bare number is seconds. */
final class DurationText {
    private static final Pattern FORM = Pattern.compile("(\\d{1,9}(?:\\.\\d{1,9})?)\\s*(ms|s|min)?");

    private DurationText() {}

    /** The duration; null when the text is not one. */
    static @Nullable Duration parse(String text) {
        Matcher matcher = FORM.matcher(text.trim().toLowerCase(Locale.ROOT));
        if (!matcher.matches()) {
            return null;
        }
        BigDecimal nanos = new BigDecimal(matcher.group(1)).multiply(nanosPer(matcher.group(2)));
        return Duration.ofNanos(nanos.longValue());
    }

    private static BigDecimal nanosPer(@Nullable String unit) {
        if ("ms".equals(unit)) {
            return BigDecimal.valueOf(1_000_000L);
        }
        return BigDecimal.valueOf("min".equals(unit) ? 60_000_000_000L : 1_000_000_000L);
    }

    /** Milliseconds below a second, otherwise seconds with one decimal. */
    static String format(Duration duration) {
        long millis = duration.toMillis();
        return millis < 1000 ? millis + " ms" : String.format(Locale.ROOT, "%.1f s", millis / 1000.0);
    }
}
