package dev.carpool;

import dev.carpool.config.CarpoolConfig;
import dev.carpool.config.DatabaseConfig;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

final class ConfigOptionsTest {
    @TempDir
    private Path directory;

    private static CarpoolConfig config(String... arguments) {
        ConfigOptions options = CommandLine.populateCommand(new ConfigOptions(), arguments);
        return options.reader(Map.of()).read().configOrThrow();
    }

    @Test
    void frontsAServerWithNoOtherConfiguration() {
        CarpoolConfig config = config(
                "--upstream", "postgresql://127.0.0.1:5433", "--listen", "127.0.0.1:7000", "--admin", "127.0.0.1:9000");
        assertEquals(
                InetSocketAddress.createUnresolved("127.0.0.1", 7000),
                config.listen().addresses().get(0));
        assertEquals(
                InetSocketAddress.createUnresolved("127.0.0.1", 9000),
                config.admin().http());
        DatabaseConfig any = config.database("any");
        assertNotNull(any);
        assertEquals(5433, any.port());
    }

    @Test
    void letsFlagsWinOverTheFile() throws Exception {
        Path file = Files.writeString(
                directory.resolve("carpool.yaml"), "upstream: file:1\nlisten_port: 1\ndefault_pool_size: 1\n");
        CarpoolConfig config = config(
                file.toString(), "--listen", ":7000", "--set", "default_pool_size=2", "--set", "listen_port=7001");
        assertEquals(2, config.pool().size());
        assertEquals(7001, config.listen().addresses().get(0).getPort());
        DatabaseConfig any = config.database("any");
        assertNotNull(any);
        assertEquals("file", any.host());
    }
}
