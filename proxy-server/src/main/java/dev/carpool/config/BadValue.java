package dev.carpool.config;

/** A text that is no value of its setting; the reason says what would be. */
final class BadValue extends Exception {

    private final String why;

    BadValue(String why) {
        super(why, null, false, false);
        this.why = why;
    }

    String why() {
        return why;
    }
}
