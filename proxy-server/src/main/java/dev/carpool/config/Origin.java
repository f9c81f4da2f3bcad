package dev.carpool.config;

/**
 * Where the operator wrote something.
 *
 * @param kind later kinds win over earlier ones
 * @param source a file, an environment variable or a flag
 * @param line counted from 1; 0 when the source has no lines
 */
public record Origin(Kind kind, String source, int line) {

    /** Sources in the order in which they override each other. */
    public enum Kind {
        FILE,
        ENVIRONMENT,
        FLAG
    }

    static Origin file(String file) {
        return new Origin(Kind.FILE, file, 0);
    }

    static Origin variable(String name) {
        return new Origin(Kind.ENVIRONMENT, name, 0);
    }

    static Origin flag(String name) {
        return new Origin(Kind.FLAG, name, 0);
    }

    Origin at(int otherLine) {
        return new Origin(kind, source, otherLine);
    }

    /** As compilers print it: {@code carpool.yaml:12}. */
    @Override
    public String toString() {
        return line > 0 ? source + ":" + line : source;
    }
}
