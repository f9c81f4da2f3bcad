package dev.carpool.config;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Numbers as operators write them: with PostgreSQL's units, or plain as in pgbouncer.ini. */
final class Numbers {
    private static final Pattern WITH_UNIT = Pattern.compile("([0-9]+\\.?[0-9]*|\\.[0-9]+)\\s*([A-Za-z]*)");
    private static final Pattern C_INTEGER = Pattern.compile("[+-]?(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)");
    private static final Pattern DECIMAL = Pattern.compile("[+-]?(0|[1-9][0-9]*)");
    private static final Pattern LEADING_ZERO = Pattern.compile("[+-]?0[0-9]+");

    /** Longer than any deadline, short enough to be counted in nanoseconds. */
    private static final Duration LONGEST = Duration.ofDays(36_500);

    private static final Map<String, Duration> TIMES = new LinkedHashMap<>();
    private static final Map<String, Long> SIZES = new LinkedHashMap<>();

    static {
        TIMES.put("us", Duration.ofNanos(1_000));
        TIMES.put("ms", Duration.ofMillis(1));
        TIMES.put("s", Duration.ofSeconds(1));
        TIMES.put("min", Duration.ofMinutes(1));
        TIMES.put("h", Duration.ofHours(1));
        TIMES.put("d", Duration.ofDays(1));
        SIZES.put("B", 1L);
        SIZES.put("kB", 1L << 10);
        SIZES.put("MB", 1L << 20);
        SIZES.put("GB", 1L << 30);
        SIZES.put("TB", 1L << 40);
    }

    private Numbers() {}

    /** A whole number; in section [pgbouncer] {@code 010} is eight and {@code 0x10} sixteen. */
    static long integer(String text, Dialect dialect) throws BadValue {
        if (dialect == Dialect.PGBOUNCER && C_INTEGER.matcher(text).matches()) {
            return fits(text, cInteger(text));
        }
        if (DECIMAL.matcher(text).matches()) {
            return fits(text, new BigInteger(text));
        }
        if (dialect == Dialect.PGBOUNCER_ENTRY && LEADING_ZERO.matcher(text).matches()) {
            return fits(text, new BigInteger(text));
        }
        if (LEADING_ZERO.matcher(text).matches()) {
            throw new BadValue("\"" + text + "\" begins with a zero, which PgBouncer reads as octal: write it without");
        }
        throw new BadValue("\"" + text + "\" is not a whole number");
    }

    /** A time such as {@code 30s}; without a unit it counts {@code plainUnit}. */
    static Duration duration(String text, Duration plainUnit) throws BadValue {
        Matcher number = WITH_UNIT.matcher(text);
        if (!number.matches()) {
            throw new BadValue("\"" + text + "\" is not a duration such as 30s, 5min or 500ms");
        }
        Duration unit = plainUnit;
        if (!number.group(2).isEmpty()) {
            unit = TIMES.get(number.group(2));
            if (unit == null) {
                throw new BadValue(
                        "\"" + text + "\" has an unknown unit; known are " + String.join(", ", TIMES.keySet()));
            }
        }
        BigDecimal nanos = new BigDecimal(number.group(1)).multiply(BigDecimal.valueOf(unit.toNanos()));
        if (nanos.compareTo(BigDecimal.valueOf(LONGEST.toNanos())) > 0) {
            throw new BadValue("\"" + text + "\" is too long: at most " + LONGEST.toDays() + "d; 0 is off");
        }
        return Duration.ofNanos(nanos.setScale(0, RoundingMode.CEILING).longValueExact());
    }

    /** A size such as {@code 64kB}; without a unit it counts bytes. */
    static long bytes(String text, Dialect dialect) throws BadValue {
        Matcher number = WITH_UNIT.matcher(text);
        if (!number.matches() || number.group(2).isEmpty()) {
            return integer(text, dialect);
        }
        for (Map.Entry<String, Long> unit : SIZES.entrySet()) {
            if (unit.getKey().equalsIgnoreCase(number.group(2))) {
                BigDecimal bytes = new BigDecimal(number.group(1)).multiply(BigDecimal.valueOf(unit.getValue()));
                return fits(text, bytes.setScale(0, RoundingMode.CEILING).toBigInteger());
            }
        }
        throw new BadValue("\"" + text + "\" has an unknown unit; known are " + String.join(", ", SIZES.keySet()));
    }

    /** A time as a plain number: {@code 0.5} for half a second. */
    static String plain(Duration time, Duration unit) {
        return BigDecimal.valueOf(time.toNanos())
                .divide(BigDecimal.valueOf(unit.toNanos()), 9, RoundingMode.HALF_UP)
                .stripTrailingZeros()
                .toPlainString();
    }

    private static BigInteger cInteger(String text) {
        boolean signed = text.startsWith("-") || text.startsWith("+");
        String digits = signed ? text.substring(1) : text;
        BigInteger value;
        if (digits.startsWith("0x") || digits.startsWith("0X")) {
            value = new BigInteger(digits.substring(2), 16);
        } else if (digits.startsWith("0") && digits.length() > 1) {
            value = new BigInteger(digits, 8);
        } else {
            value = new BigInteger(digits);
        }
        return text.startsWith("-") ? value.negate() : value;
    }

    private static long fits(String text, BigInteger value) throws BadValue {
        if (value.bitLength() > 62) {
            throw new BadValue("\"" + text + "\" is too large");
        }
        return value.longValueExact();
    }
}
