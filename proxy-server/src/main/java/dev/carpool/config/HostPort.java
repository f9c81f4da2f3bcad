package dev.carpool.config;

import java.net.InetSocketAddress;

/**
 * A host and a port as flags and URLs spell them: {@code db:5432}, {@code [::1]:5432}, {@code :6432}.
 *
 * @param host without the brackets of an IPv6 address; {@code *} for every address of this machine
 */
record HostPort(String host, int port) {

    static final String EVERYWHERE = "*";

    /** With a port; without a host it is every address. */
    static HostPort parse(String text) throws BadValue {
        HostPort parsed = parse(text, -1);
        if (parsed.port < 0) {
            throw new BadValue("\"" + text + "\" has no port: write host:port");
        }
        return parsed.host.isEmpty() ? new HostPort(EVERYWHERE, parsed.port) : parsed;
    }

    /** With or without a port. */
    static HostPort parse(String text, int defaultPort) throws BadValue {
        int colon = text.lastIndexOf(':');
        int bracket = text.lastIndexOf(']');
        if (colon <= bracket) {
            return new HostPort(unbracketed(text, text), defaultPort);
        }
        return new HostPort(unbracketed(text.substring(0, colon), text), port(text.substring(colon + 1), text));
    }

    static HostPort of(InetSocketAddress address) {
        boolean everywhere = !address.isUnresolved() && address.getAddress().isAnyLocalAddress();
        return new HostPort(everywhere ? EVERYWHERE : address.getHostString(), address.getPort());
    }

    /** Not resolved, so that no name is looked up while reading. */
    InetSocketAddress address() {
        return host.equals(EVERYWHERE) ? new InetSocketAddress(port) : InetSocketAddress.createUnresolved(host, port);
    }

    @Override
    public String toString() {
        return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
    }

    private static String unbracketed(String host, String whole) throws BadValue {
        if (host.startsWith("[") && host.endsWith("]")) {
            return host.substring(1, host.length() - 1);
        }
        if (host.contains(":") || host.contains("[") || host.contains("]")) {
            throw new BadValue("\"" + whole + "\" is not host:port; an IPv6 address needs brackets, as in [::1]:5432");
        }
        return host;
    }

    private static int port(String text, String whole) throws BadValue {
        try {
            int port = Integer.parseInt(text);
            if (port >= 0 && port <= 65_535) {
                return port;
            }
        } catch (NumberFormatException e) {
            // reported below, together with ports out of range
        }
        throw new BadValue("\"" + whole + "\" has no port between 0 and 65535");
    }
}
