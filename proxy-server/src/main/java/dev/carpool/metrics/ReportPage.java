package dev.carpool.metrics;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.carpool.protocol.WireReader;
import dev.carpool.relay.CompatibilityReport.Entry;
import dev.carpool.relay.PinReason;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Locale;
import java.util.stream.Collectors;

/** {@code /api/report}: what statements cost in transaction mode; as lines of text for those who accept nothing else. */
final class ReportPage extends JsonPage {
    private static final String TEXT = "text/plain";

    private final MonitoredProxy proxy;

    ReportPage(MonitoredProxy proxy) {
        this.proxy = proxy;
    }

    @Override
    public Content render(String accept) throws IOException {
        if (!accept.startsWith(TEXT)) {
            return super.render(accept);
        }
        return new Content(200, TEXT + "; charset=utf-8", lines().getBytes(StandardCharsets.UTF_8));
    }

    @Override
    int write(JsonGenerator json) throws IOException {
        json.writeBooleanField("report", proxy.config().log().report());
        json.writeArrayFieldStart("entries");
        for (Entry entry : proxy.report().entries()) {
            json.writeStartObject();
            json.writeStringField("database", entry.owner().database());
            json.writeStringField("user", entry.owner().user());
            json.writeStringField("application_name", entry.owner().application());
            json.writeStringField("statement", WireReader.text(entry.statement()));
            json.writeStringField("effect", effect(entry));
            json.writeArrayFieldStart("reasons");
            for (PinReason reason : entry.reasons()) {
                json.writeString(reason.text());
            }
            json.writeEndArray();
            json.writeNumberField("count", entry.count());
            json.writeNumberField("pinned", entry.pinned());
            json.writeStringField("first", Instant.ofEpochMilli(entry.first()).toString());
            json.writeStringField("last", Instant.ofEpochMilli(entry.last()).toString());
            json.writeEndObject();
        }
        json.writeEndArray();
        return 200;
    }

    private static String effect(Entry entry) {
        return entry.effect().name().toLowerCase(Locale.ROOT);
    }

    private String lines() {
        StringBuilder text = new StringBuilder();
        if (!proxy.config().log().report()) {
            text.append("Nothing is counted: set report = on (SET report = on on the console).\n");
        }
        for (Entry entry : proxy.report().entries()) {
            String reasons = entry.reasons().stream().map(PinReason::text).collect(Collectors.joining(",", " (", ")"));
            text.append(String.format(
                    Locale.ROOT,
                    "%s/%s %s: %d x %s%s%s since %s%s\n",
                    printable(entry.owner().database()),
                    printable(entry.owner().user()),
                    entry.owner().application().isEmpty()
                            ? "-"
                            : printable(entry.owner().application()),
                    entry.count(),
                    effect(entry),
                    entry.reasons().isEmpty() ? "" : reasons,
                    entry.pinned() == 0 ? "" : ", pinned a session " + entry.pinned() + " times",
                    Instant.ofEpochMilli(entry.first()),
                    entry.statement().isEmpty() ? "" : ": " + printable(WireReader.text(entry.statement()))));
        }
        return text.toString();
    }

    /** Lines end where ours end. */
    private static String printable(String text) {
        return text.replaceAll("\\p{Cntrl}", "?");
    }
}
