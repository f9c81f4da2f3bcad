package dev.carpool.metrics;

import java.io.IOException;

/** What one path of the HTTP port answers with. */
interface Page {
    String JSON = "application/json";

    /**
     * @param accept the client's Accept header, empty when it sent none
     * @throws IOException never, as long as it writes to memory only
     */
    Content render(String accept) throws IOException;

    /** A body with its status and type. */
    record Content(int status, String type, byte[] body) {}
}
