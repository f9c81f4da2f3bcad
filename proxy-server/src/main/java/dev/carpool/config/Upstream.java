package dev.carpool.config;

import org.jspecify.annotations.Nullable;

/**
 * The server behind {@code --upstream}.
 *
 * @param dbname the one database every client gets; null for the one it asks for
 */
record Upstream(String host, int port, @Nullable String dbname) {
    static final int POSTGRESQL_PORT = 5432;

    /** {@code postgresql://host[:port][/db]}, or the same without the scheme. Messages never repeat the text: it may hold a password. */
    static Upstream parse(String text) throws BadValue {
        String rest = afterScheme(text);
        if (rest.contains("@")) {
            throw new BadValue("takes no user and no password: clients bring theirs; to log in as one user for all, set"
                    + " user and password of an entry under databases");
        }
        if (rest.contains("?")) {
            throw new BadValue("takes no parameters behind \"?\"; for TLS set server_tls_sslmode");
        }
        int slash = rest.indexOf('/');
        String dbname = slash < 0 ? "" : rest.substring(slash + 1);
        HostPort at = HostPort.parse(slash < 0 ? rest : rest.substring(0, slash), POSTGRESQL_PORT);
        if (at.host().isEmpty() || at.host().contains(",") || at.port() == 0) {
            throw new BadValue("needs one host: postgresql://host:port");
        }
        return new Upstream(at.host(), at.port(), dbname.isEmpty() ? null : dbname);
    }

    @Override
    public String toString() {
        return "postgresql://" + new HostPort(host, port) + (dbname == null ? "" : "/" + dbname);
    }

    private static String afterScheme(String text) throws BadValue {
        int scheme = text.indexOf("://");
        if (scheme < 0) {
            return text;
        }
        String name = text.substring(0, scheme);
        if (!name.equals("postgresql") && !name.equals("postgres")) {
            throw new BadValue("is not a postgresql:// address");
        }
        return text.substring(scheme + 3);
    }
}
