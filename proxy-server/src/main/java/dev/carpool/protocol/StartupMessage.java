package dev.carpool.protocol;

import io.netty.buffer.ByteBuf;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * StartupMessage (PostgreSQL manual, "Message Formats").
 *
 * @param majorVersion 3 for everything since PostgreSQL 7.4
 * @param parameters in the order sent, one character for each byte (see {@link WireReader#byteString}); a repeated name keeps
 *     its last value
 */
public record StartupMessage(int majorVersion, int minorVersion, Map<String, String> parameters) {
    public static final int SSL_REQUEST = 80877103;
    public static final int GSSENC_REQUEST = 80877104;
    public static final int CANCEL_REQUEST = 80877102;

    /** Longest startup packet that PostgreSQL accepts (MAX_STARTUP_PACKET_LENGTH). */
    public static final int MAX_LENGTH = 10_000;

    /** The newest minor version of protocol 3 that Carpool speaks: 3.2 of PostgreSQL 18, with long cancel keys. */
    public static final int NEWEST_MINOR = 2;

    /**
     * Reads the body behind length and version.
     *
     * @throws ProtocolViolation when names and values are not terminated as they must be
     */
    public static StartupMessage decode(int version, ByteBuf body) {
        Map<String, String> parameters = new LinkedHashMap<>();
        while (true) {
            String name = WireReader.byteString(body);
            if (name.isEmpty()) {
                break;
            }
            parameters.put(name, WireReader.byteString(body));
        }
        if (body.isReadable()) {
            throw new ProtocolViolation("invalid startup packet layout: expected terminator as last byte");
        }
        return new StartupMessage(version >>> 16, version & 0xffff, parameters);
    }

    /** Whether a replication connection is asked for (PostgreSQL manual, "Streaming Replication Protocol"). */
    public boolean isReplication() {
        return isPhysicalReplication() || parameter("replication", "").equals("database");
    }

    /** Whether a replication connection is asked for that names no database. */
    public boolean isPhysicalReplication() {
        return switch (parameter("replication", "").toLowerCase(Locale.ROOT)) {
            case "on", "true", "yes", "1", "t", "y" -> true;
            default -> false;
        };
    }

    /** The value of a parameter, read as UTF-8, or {@code otherwise}. */
    public String parameter(String name, String otherwise) {
        String value = parameters.get(name);
        return value == null ? otherwise : WireReader.text(value);
    }
}
