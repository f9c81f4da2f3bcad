package dev.carpool;

import dev.carpool.auth.AuthFileProblems;
import dev.carpool.config.CarpoolConfig;
import dev.carpool.config.ConfigReading;
import dev.carpool.config.ConfigReload;
import dev.carpool.tls.TlsProblems;
import io.netty.channel.ChannelException;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.Map;
import java.util.concurrent.Callable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code carpool run}: a proxy until a signal ends it. */
@Command(
        name = "run",
        mixinStandardHelpOptions = true,
        description = {
            "Run the proxy. With --upstream it fronts that server without any other configuration.",
            "SIGTERM ends it when its transactions have ended, a second one at once; SIGHUP reloads."
        })
public final class RunCommand implements Callable<Integer> {
    private static final Logger log = LoggerFactory.getLogger(RunCommand.class);

    private final Map<String, String> environment = System.getenv();

    @Mixin
    private ConfigOptions options = new ConfigOptions();

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() throws Exception {
        PrintWriter err = spec.commandLine().getErr();
        ConfigReading reading = options.reader(environment).read();
        CarpoolConfig config = reading.config();
        if (config == null) {
            err.print(ConfigReading.lines(reading.problems()));
            err.flush();
            return 2;
        }
        reading.notices().forEach(notice -> log.warn("{}", notice));
        try (CarpoolProxy proxy = CarpoolProxy.start(config)) {
            ConfigReload reload = new ConfigReload(options.reader(environment), config);
            proxy.reloadWith(reload);
            Signals.install(proxy);
            proxy.awaitStop();
            return 0;
        } catch (TlsProblems problems) {
            problems.problems().forEach(err::println);
            err.flush();
            return 2;
        } catch (AuthFileProblems problems) {
            problems.problems().forEach(err::println);
            err.flush();
            return 2;
        } catch (Exception problem) {
            // Netty throws an IOException undeclared when an address cannot be listened on.
            if (problem instanceof IOException || problem instanceof ChannelException) {
                err.println("cannot listen: " + problem.getMessage());
                err.flush();
                return 1;
            }
            throw problem;
        }
    }
}
