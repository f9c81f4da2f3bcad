package dev.carpool;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code carpool report}: what statements cost in transaction mode, from the HTTP port of a running proxy. */
@Command(
        name = "report",
        mixinStandardHelpOptions = true,
        description = "Print what statements cost in transaction mode, counted by a running proxy with report = on.",
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {"0:printed", "1:the proxy does not answer, or not with a report"})
public final class ReportCommand implements Callable<Integer> {
    private static final int TIMEOUT_MILLIS = 10_000;

    @Option(
            names = "--admin",
            paramLabel = "HOST:PORT",
            defaultValue = "127.0.0.1:9432",
            description = "the proxy's HTTP port (${DEFAULT-VALUE})")
    private String admin = "";

    @Option(
            names = "--token",
            paramLabel = "TOKEN",
            defaultValue = "${env:CARPOOL_ADMIN_TOKEN}",
            description = "its admin_token; without this flag that of the environment, CARPOOL_ADMIN_TOKEN")
    private @Nullable String token;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() {
        try {
            return print();
        } catch (IOException | IllegalArgumentException problem) {
            return fail("cannot read http://" + admin + "/api/report: " + problem.getMessage());
        }
    }

    private int print() throws IOException {
        HttpURLConnection connection = (HttpURLConnection)
                URI.create("http://" + admin + "/api/report").toURL().openConnection();
        connection.setConnectTimeout(TIMEOUT_MILLIS);
        connection.setReadTimeout(TIMEOUT_MILLIS);
        connection.setRequestProperty("Accept", "text/plain");
        if (token != null && !token.isEmpty()) {
            connection.setRequestProperty("Authorization", "Bearer " + token);
        }
        int status = connection.getResponseCode();
        if (status != HttpURLConnection.HTTP_OK) {
            return fail("http://" + admin + "/api/report answers " + status
                    + (status == HttpURLConnection.HTTP_UNAUTHORIZED ? ": give its admin_token with --token" : ""));
        }
        try (InputStream in = connection.getInputStream()) {
            PrintWriter out = spec.commandLine().getOut();
            out.print(new String(in.readAllBytes(), StandardCharsets.UTF_8));
            out.flush();
        }
        return 0;
    }

    private int fail(String problem) {
        PrintWriter err = spec.commandLine().getErr();
        err.println("carpool: " + problem);
        err.flush();
        return 1;
    }
}
