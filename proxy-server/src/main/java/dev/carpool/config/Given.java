package dev.carpool.config;

/** A text the operator gave for a setting. It may be a secret: it has no place in messages. */
record Given(SettingPath path, String text, Origin origin, Dialect dialect) {

    @Override
    public String toString() {
        return origin + ": " + path;
    }
}
