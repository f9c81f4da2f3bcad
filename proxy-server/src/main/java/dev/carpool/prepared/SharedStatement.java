package dev.carpool.prepared;

import dev.carpool.suspicion.Effects;
import dev.carpool.suspicion.EffectsReader;
import dev.carpool.suspicion.SettingNames;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A prepared statement as all sessions of one scope share it: query text and parameter types, under one name on every
 * server connection that has it. Made and interned by {@link StatementCatalog}; lives as long as a client session or a
 * server connection refers to it. Immutable.
 */
public final class SharedStatement {
    /** What an object of this class costs beside its bytes, about. */
    private static final int OVERHEAD = 160;

    private final long id;
    private final Object scope;
    private final byte[] serverName;
    private final byte[] parseMessage;
    private final int hash;
    private final int suspicion;
    private volatile @Nullable Effects effects;
    private volatile @Nullable SettingNames settingNames;

    SharedStatement(long id, Object scope, byte[] serverName, byte[] parseMessage, int hash, int suspicion) {
        this.id = id;
        this.scope = scope;
        this.serverName = serverName;
        this.parseMessage = parseMessage;
        this.hash = hash;
        this.suspicion = suspicion;
    }

    /** Unique in this process. */
    public long id() {
        return id;
    }

    /** What the statement is shared within, as given to {@link StatementCatalog#intern}. */
    public Object scope() {
        return scope;
    }

    /** Its name on server connections, without a terminating zero. Not to be changed. */
    public byte[] serverName() {
        return serverName;
    }

    /** The whole Parse message that gives it to a server connection, empty if it is not kept. Not to be changed. */
    public byte[] parseMessage() {
        return parseMessage;
    }

    /** What its text may do to the session: bits of {@link dev.carpool.suspicion.Suspicion}. */
    public int suspicion() {
        return suspicion;
    }

    /** What its text does to the session, read at the first call; for suspicious statements. */
    public Effects effects(boolean standardStrings) {
        Effects known = effects;
        if (known == null) {
            known = EffectsReader.read(latin1(), suspicion, standardStrings);
            effects = known;
        }
        return known;
    }

    /** The custom settings that its text names, found at the first call. */
    public SettingNames settingNames(boolean standardStrings) {
        SettingNames known = settingNames;
        if (known == null) {
            known = isUnkept() ? SettingNames.NONE : SettingNames.of(latin1(), standardStrings);
            settingNames = known;
        }
        return known;
    }

    /** Writes the Parse message that gives it to a server connection under another name. */
    public void writeParse(ByteBuf out, byte[] name) {
        int body = parseMessage.length - bodyOffset();
        out.writeByte(parseMessage[0]);
        out.writeInt(Integer.BYTES + name.length + 1 + body);
        out.writeBytes(name).writeByte(0);
        out.writeBytes(parseMessage, bodyOffset(), body);
    }

    /** A copy of its Parse message behind the name: text and parameter types. */
    public byte[] body() {
        return Arrays.copyOfRange(parseMessage, bodyOffset(), parseMessage.length);
    }

    /** The query text, every byte a character; allocates. */
    public String latin1() {
        int end = bodyOffset();
        while (parseMessage[end] != 0) {
            end++;
        }
        return new String(parseMessage, bodyOffset(), end - bodyOffset(), StandardCharsets.ISO_8859_1);
    }

    /** Memory it takes, bytes. */
    public int size() {
        return OVERHEAD + serverName.length + parseMessage.length;
    }

    /** Whether its text is too long to be kept: it is one client session's, on the server connection that has it. */
    public boolean isUnkept() {
        return parseMessage.length == 0;
    }

    /** Whether the two have the same text and parameter types. */
    public boolean isLike(SharedStatement other) {
        return this == other
                || (!isUnkept()
                        && !other.isUnkept()
                        && Arrays.equals(
                                parseMessage,
                                bodyOffset(),
                                parseMessage.length,
                                other.parseMessage,
                                other.bodyOffset(),
                                other.parseMessage.length));
    }

    /** The query text, for SHOW, empty if it is not kept; allocates. */
    public String text() {
        if (isUnkept()) {
            return "";
        }
        int end = bodyOffset();
        while (parseMessage[end] != 0) {
            end++;
        }
        return new String(parseMessage, bodyOffset(), end - bodyOffset(), StandardCharsets.UTF_8);
    }

    int hash() {
        return hash;
    }

    /** Where text and types begin in the Parse message: behind type, length, name and zero. */
    int bodyOffset() {
        return 1 + Integer.BYTES + serverName.length + 1;
    }

    boolean is(Object otherScope, ByteBuf in, int from, int to) {
        return scope.equals(otherScope) && StatementBytes.same(parseMessage, bodyOffset(), in, from, to);
    }

    /** Its name; never the text. */
    @Override
    public String toString() {
        return new String(serverName, StandardCharsets.US_ASCII);
    }
}
