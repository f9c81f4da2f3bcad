package dev.carpool.it;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What has come back for a step.
 *
 * @param messages all but ParameterStatus and notifications
 * @param parameters what the client then knows of the server's parameters
 */
record TwinAnswer(List<String> messages, Map<String, String> parameters) {
    static final TwinAnswer NONE = new TwinAnswer(List.of(), Map.of());

    /** For people: the messages, and the parameters that the other does not have. */
    String text(TwinAnswer other) {
        StringBuilder text = new StringBuilder();
        messages.forEach(message -> text.append("    ").append(message).append('\n'));
        Map<String, String> own = new TreeMap<>(parameters);
        own.entrySet().removeAll(other.parameters.entrySet());
        if (!own.isEmpty()) {
            text.append("    parameters ").append(own).append('\n');
        }
        return text.toString();
    }
}
