package dev.carpool.driver;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A {@code jdbc:carpool:postgresql:} URL, taken apart. Accepts what pgjdbc accepts behind {@code jdbc:postgresql:}, with
 * 6432 as the port where none is given. Errors and {@code toString} never show parameters, which may hold a password.
 *
 * @param address what stands before the question mark, in pgjdbc's form, every host with its port
 */
record CarpoolUrl(String address, List<Parameter> parameters) {
    static final String PREFIX = "jdbc:carpool:postgresql:";
    static final CarpoolUrl EMPTY = new CarpoolUrl("//", List.of());

    /**
     * A {@code name=value} of the URL.
     *
     * @param name without decoding, as pgjdbc does
     * @param token name and value as written
     */
    record Parameter(String name, String token) {
        String value() {
            return token.equals(name) ? "" : decode(token.substring(name.length() + 1));
        }

        @Override
        public String toString() {
            return name;
        }
    }

    /**
     * Parses a URL that begins with {@link #PREFIX}.
     *
     * @throws SQLException when pgjdbc would not understand the same URL behind its own prefix
     */
    static CarpoolUrl parse(String url) throws SQLException {
        int question = url.indexOf('?');
        String address = url.substring(PREFIX.length(), question < 0 ? url.length() : question);
        return new CarpoolUrl(checkedAddress(address), parameters(question < 0 ? "" : url.substring(question + 1)));
    }

    /** The URL for pgjdbc, without {@code carpool.*} parameters. */
    String forPgjdbc() {
        return parameters.stream()
                .filter(parameter -> !CarpoolProperty.isOurs(parameter.name))
                .map(Parameter::token)
                .collect(Collectors.joining("&", "jdbc:postgresql:" + address + "?", ""));
    }

    /** The {@code carpool.*} parameters, decoded; of several with one name the last counts, as with pgjdbc. */
    Map<String, String> carpoolParameters() {
        Map<String, String> ours = new LinkedHashMap<>();
        for (Parameter parameter : parameters) {
            if (CarpoolProperty.isOurs(parameter.name)) {
                ours.put(parameter.name, parameter.value());
            }
        }
        return ours;
    }

    /** The same URL without the parameters of these names. */
    CarpoolUrl without(Set<String> names) {
        return new CarpoolUrl(
                address,
                parameters.stream()
                        .filter(parameter -> !names.contains(parameter.name))
                        .toList());
    }

    @Override
    public String toString() {
        return PREFIX + address;
    }

    private static String checkedAddress(String address) throws SQLException {
        if (address.equals("//") || address.equals("///")) {
            return "//";
        }
        if (!address.startsWith("//")) {
            return checkedDatabaseOnly(address);
        }
        if (address.indexOf('@') >= 0) {
            throw wrong("user and password are parameters (?user=...&password=...), not part of the address");
        }
        int slash = address.indexOf('/', 2);
        if (slash < 0) {
            throw wrong("a / is missing after the last host or port");
        }
        if (address.indexOf('/', slash + 1) >= 0) {
            throw wrong("too many / in the address");
        }
        checkEncoding(address.substring(slash + 1), "the database name");
        List<String> hosts = new ArrayList<>();
        for (String host : address.substring(2, slash).split(",")) {
            hosts.add(withPort(host));
        }
        return "//" + String.join(",", hosts) + address.substring(slash);
    }

    private static String checkedDatabaseOnly(String database) throws SQLException {
        if (database.startsWith("/")) {
            throw wrong("hosts begin with //");
        }
        checkEncoding(database, "the database name");
        return database;
    }

    private static String withPort(String host) throws SQLException {
        int colon = host.lastIndexOf(':');
        if (colon < 0 || host.lastIndexOf(']') > colon) {
            return host + ":" + PgDefaults.PORT;
        }
        if (host.indexOf(':') < colon && !host.startsWith("[")) {
            throw wrong("an IPv6 address needs brackets, as in [::1]:6432, not '" + host + "'");
        }
        if (!isPort(host.substring(colon + 1))) {
            throw wrong("the port of '" + host + "' is not a number from 1 to 65535");
        }
        return host;
    }

    private static boolean isPort(String text) {
        try {
            int port = Integer.parseInt(text);
            return port >= 1 && port <= 65535;
        } catch (NumberFormatException e) {
            return false;
        }
    }

    private static List<Parameter> parameters(String query) throws SQLException {
        List<Parameter> parameters = new ArrayList<>();
        for (String token : query.split("&")) {
            if (!token.isEmpty()) {
                int equals = token.indexOf('=');
                String name = equals < 0 ? token : token.substring(0, equals);
                checkEncoding(token.substring(name.length()), "the value of " + name);
                parameters.add(new Parameter(name, token));
            }
        }
        return List.copyOf(parameters);
    }

    private static void checkEncoding(String encoded, String what) throws SQLException {
        try {
            decode(encoded);
        } catch (IllegalArgumentException e) {
            throw wrong("a % in " + what + " is not followed by two hexadecimal digits; write %25 for a percent sign");
        }
    }

    private static String decode(String encoded) {
        return URLDecoder.decode(encoded, StandardCharsets.UTF_8);
    }

    private static SQLException wrong(String reason) {
        return new SQLException("carpool: wrong URL: " + reason, SqlStates.INVALID_PARAMETER_VALUE);
    }
}
