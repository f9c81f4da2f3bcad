package dev.carpool.metrics;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;

/** A page that is one JSON object, indented so that people can read it too. */
abstract class JsonPage implements Page {
    private static final JsonFactory FACTORY = new JsonFactory();

    /** Writes the members of the object; returns the HTTP status. */
    abstract int write(JsonGenerator json) throws IOException;

    @Override
    public Content render(String accept) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream(1024);
        int status;
        try (JsonGenerator json = FACTORY.createGenerator(out)) {
            json.setPrettyPrinter(new DefaultPrettyPrinter());
            json.writeStartObject();
            status = write(json);
            json.writeEndObject();
            json.writeRaw('\n');
        }
        return new Content(status, JSON, out.toByteArray());
    }

    /** The answer to a request that cannot be served. */
    static Content problem(int status, String error, String hint) {
        JsonPage page = new JsonPage() {
            @Override
            int write(JsonGenerator json) throws IOException {
                json.writeNumberField("status", status);
                json.writeStringField("error", error);
                json.writeStringField("hint", hint);
                return status;
            }
        };
        try {
            return page.render("");
        } catch (IOException impossible) {
            throw new java.io.UncheckedIOException(impossible);
        }
    }

    static double millis(long nanos) {
        return Math.round(nanos / 1e3) / 1e3;
    }
}
