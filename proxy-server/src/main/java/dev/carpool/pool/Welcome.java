package dev.carpool.pool;

import dev.carpool.params.ParameterValues;
import dev.carpool.protocol.WireWriter;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.util.Map;

/** What a client with certain startup parameters is told at login. */
public final class Welcome {
    private final ParameterValues wanted;
    private final byte[] reported;
    private final ParameterValues defaults;

    /**
     * @param wanted the settings its server connections must have, in the server's own spelling
     * @param reported the values for ParameterStatus
     * @param defaults {@link dev.carpool.server.ServerConnection#defaults} of the connection that has told them
     */
    public Welcome(ParameterValues wanted, Map<String, String> reported, ParameterValues defaults) {
        ByteBuf messages = Unpooled.buffer(512);
        reported.forEach((name, value) -> WireWriter.parameterStatus(messages, name, value));
        this.wanted = wanted;
        this.reported = ByteBufUtil.getBytes(messages);
        this.defaults = defaults;
    }

    public ParameterValues wanted() {
        return wanted;
    }

    /** The ParameterStatus messages. Not to be changed. */
    public byte[] reported() {
        return reported;
    }

    public ParameterValues defaults() {
        return defaults;
    }
}
