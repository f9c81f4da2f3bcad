package dev.carpool.server;

import dev.carpool.params.ParameterValues;
import java.util.Map;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** What a server connection has, and what that means for the next sync. */
final class ServerSettingsTest {
    @Test
    void whatIsSetAgainBehindAResetMayBeRefused() {
        ParameterValues words = ParameterValues.empty().with("default_text_search_config", "words");
        ServerSettings settings = new ServerSettings(Map.of());
        settings.settle(words);
        assertFalse(settings.mayRefuse(words));
        settings.resetDue();
        assertTrue(settings.mayRefuse(words));
    }
}
