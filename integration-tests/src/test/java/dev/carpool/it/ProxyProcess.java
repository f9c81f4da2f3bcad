package dev.carpool.it;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

/** {@code carpool run} in a JVM of its own, on a free port, for what needs its own memory limits or signals. */
final class ProxyProcess implements AutoCloseable {
    private static final Pattern LISTENING = Pattern.compile("listening on \\[/?127\\.0\\.0\\.1:(\\d+)]");

    private final Process process;
    private final List<String> log = new CopyOnWriteArrayList<>();
    private volatile int port;

    private ProxyProcess(Process process) {
        this.process = process;
    }

    /**
     * In front of the shared PostgreSQL; returns when it listens.
     *
     * @param jvmFlags such as {@code -Xmx64m}
     */
    static ProxyProcess start(List<String> jvmFlags, String... settings) throws Exception {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(jvmFlags);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), "dev.carpool.Main", "run"));
        command.addAll(List.of("--upstream", PostgresUnderTest.shared().url()));
        command.addAll(List.of("--listen", "127.0.0.1:0", "--admin", ""));
        command.addAll(List.of("--set", "transport=" + ProxyUnderTest.TRANSPORT));
        for (String setting : settings) {
            command.addAll(List.of("--set", setting));
        }
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        ProxyProcess proxy = new ProxyProcess(process);
        Thread reader = new Thread(proxy::readLog, "proxy-process-log");
        reader.setDaemon(true);
        reader.start();
        Await.until("the proxy listens", () -> {
            if (!process.isAlive()) {
                fail("it has ended: " + proxy.log);
            }
            return proxy.port != 0;
        });
        return proxy;
    }

    private void readLog() {
        try (BufferedReader lines = process.inputReader()) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                log.add(line);
                Matcher matcher = LISTENING.matcher(line);
                if (matcher.find()) {
                    port = Integer.parseInt(matcher.group(1));
                }
            }
        } catch (IOException e) {
            log.add(e.toString());
        }
    }

    InetSocketAddress address() {
        return new InetSocketAddress("127.0.0.1", port);
    }

    ScriptedClient login() throws Exception {
        return ScriptedClient.connect(address())
                .login(PostgresUnderTest.APP, PostgresUnderTest.APP_PASSWORD, PostgresUnderTest.APP);
    }

    /** All lines it has written so far. */
    List<String> log() {
        return log;
    }

    /** SIGTERM. */
    void terminate() {
        process.destroy();
    }

    int exitCode() throws InterruptedException {
        assertTrue(process.waitFor(Await.LONG.toSeconds(), TimeUnit.SECONDS), "it goes on");
        return process.exitValue();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    @Override
    public void close() {
        process.destroyForcibly().onExit().join();
    }
}
