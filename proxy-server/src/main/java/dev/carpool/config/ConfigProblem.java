package dev.carpool.config;

/**
 * One thing an operator has to put right, or should know. Never contains a secret.
 *
 * @param key the setting, such as {@code pool_mode} or {@code databases.app.host}; empty when it is about the whole
 */
public record ConfigProblem(Origin origin, String key, String message) {

    /** {@code carpool.yaml:12: pool_mode: message}. */
    @Override
    public String toString() {
        return origin + ": " + (key.isEmpty() ? "" : key + ": ") + message;
    }
}
