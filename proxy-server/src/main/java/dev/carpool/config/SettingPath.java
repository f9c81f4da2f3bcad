package dev.carpool.config;

/**
 * The place of a setting in the configuration.
 *
 * @param entry name of the database or user; empty for the whole proxy
 */
record SettingPath(Scope scope, String entry, String key) {

    static SettingPath global(String key) {
        return new SettingPath(Scope.GLOBAL, "", key);
    }

    /** As {@code --set} takes it: {@code databases.app.pool_size}. An entry's name may contain dots, a key never does. */
    static SettingPath parse(String text) {
        int last = text.lastIndexOf('.');
        if (text.startsWith("databases.") && last > "databases.".length()) {
            return new SettingPath(
                    Scope.DATABASE, text.substring("databases.".length(), last), text.substring(last + 1));
        }
        if (text.startsWith("users.") && last > "users.".length()) {
            return new SettingPath(Scope.USER, text.substring("users.".length(), last), text.substring(last + 1));
        }
        return global(text);
    }

    @Override
    public String toString() {
        return switch (scope) {
            case GLOBAL -> key;
            case DATABASE -> "databases." + entry + "." + key;
            case USER -> "users." + entry + "." + key;
        };
    }
}
