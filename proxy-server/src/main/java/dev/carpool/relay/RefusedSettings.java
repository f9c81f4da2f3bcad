package dev.carpool.relay;

import dev.carpool.params.ParameterValues;
import dev.carpool.protocol.ErrorFields;
import dev.carpool.protocol.WireWriter;
import dev.carpool.server.ServerConnection;
import dev.carpool.server.StepwiseSync;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * A parameter sync that the server has refused, while the session's requests wait: it is done again setting by setting,
 * and the session loses what is refused again. PostgreSQL itself removes a custom setting with a WARNING when a module is
 * loaded that does not know it.
 */
final class RefusedSettings {
    private static final String INVALID_NAME = "42602";

    private final ErrorFields error;
    private @Nullable StepwiseSync steps;

    /** @param error what the server has said to all settings at once */
    RefusedSettings(ErrorFields error) {
        this.error = error;
    }

    ErrorFields error() {
        return error;
    }

    /** An answer has come. Returns what is known when it was the last one, else null. */
    @Nullable
    StepwiseSync answered(ServerConnection server, ParameterValues wanted) {
        StepwiseSync known = steps;
        if (known == null) {
            steps = server.syncStepwise(wanted);
            return null;
        }
        return server.outstanding().isEmpty() ? known : null;
    }

    /** Writes what the client is told. */
    void warn(StepwiseSync done, ByteBuf out) {
        for (String name : done.refused()) {
            if (error.sqlState().equals(INVALID_NAME) && name.indexOf('.') > 0) {
                WireWriter.warning(
                        out, INVALID_NAME, "invalid configuration parameter name \"" + name + "\", removing it", "");
            } else {
                WireWriter.warning(
                        out,
                        error.sqlState(),
                        "setting \"" + name + "\" is no longer accepted by the server, removing it: " + error.message(),
                        "");
            }
        }
    }
}
