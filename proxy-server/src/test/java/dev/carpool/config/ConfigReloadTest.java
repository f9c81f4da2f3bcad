package dev.carpool.config;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;

final class ConfigReloadTest {
    @TempDir
    private Path directory;

    private ConfigFixture files;

    @BeforeEach
    void useDirectory() {
        files = new ConfigFixture(directory);
    }

    private ConfigReload start(String text) {
        ConfigReader reader = files.yaml(text);
        return new ConfigReload(reader, reader.read().configOrThrow());
    }

    @Test
    void takesWhatTheFileSaysNow() {
        ConfigReload reload = start("upstream: db:1\ndefault_pool_size: 1\n");
        files.yaml("upstream: db:2\ndefault_pool_size: 2\ndatabases: { app: { pool_size: 3 } }\n");
        ConfigReading reading = reload.reload();
        assertSame(reading.config(), reload.current());
        assertEquals(2, reload.current().pool().size());
        assertEquals(List.of("app"), List.copyOf(reload.current().databases().keySet()));
        assertEquals(List.of(), reading.needRestart());
    }

    @Test
    void keepsTheOldConfigurationWhenTheNewOneIsBad() {
        ConfigReload reload = start("upstream: db:1\n");
        CarpoolConfig before = reload.current();
        files.yaml("upstream: db:1\npool_mode: sometimes\nverbose: 8\n");
        ConfigReading reading = reload.reload();
        assertNull(reading.config());
        assertEquals(2, reading.problems().size());
        assertSame(before, reload.current());
    }

    @Test
    void keepsAndNamesWhatNeedsARestart() {
        ConfigReload reload = start("upstream: db:1\nevent_loops: 1\nlisten_addr: [127.0.0.1, '*']\n");
        CarpoolConfig before = reload.current();
        files.yaml("upstream: db:1\nlisten_port: 7000\nevent_loops: 4\nlisten_addr: [127.0.0.1, '*']\nverbose: 1\n");
        ConfigReading reading = reload.reload();
        assertEquals(List.of("listen_port", "event_loops"), reading.needRestart());
        assertEquals(before.listen(), reload.current().listen());
        assertEquals(1, reload.current().runtime().eventLoops());
        assertEquals(1, reload.current().log().verbose());
    }

    @Test
    void changesNothingWhenNothingChanged() {
        ConfigReload reload = start("upstream: db:1\nadmin_listen: 127.0.0.1:0\nlisten_port: 0\n");
        CarpoolConfig before = reload.current();
        ConfigReading reading = reload.reload();
        assertEquals(before, reading.config());
        assertEquals(List.of(), reading.needRestart());
    }
}
