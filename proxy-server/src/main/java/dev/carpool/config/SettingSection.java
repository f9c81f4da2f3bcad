package dev.carpool.config;

/** Chapters of the settings table, in the order of the manual. */
enum SettingSection {
    SERVER("Which server"),
    LISTENING("Listening"),
    AUTHENTICATION("Authentication of clients"),
    CLIENT_TLS("TLS with clients"),
    SERVER_TLS("TLS with PostgreSQL"),
    POOLS("Pools"),
    CAPS("Limits"),
    SERVER_CONNECTIONS("Server connections"),
    TIMEOUTS("Timeouts"),
    ADMIN("Console and HTTP port"),
    LOG("Log"),
    RUNTIME("Threads and sockets"),
    DATABASE("One database");

    private final String title;

    SettingSection(String title) {
        this.title = title;
    }

    String title() {
        return title;
    }
}
