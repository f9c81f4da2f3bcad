package dev.carpool.demo;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The operating system account that PostgreSQL runs under. PostgreSQL refuses to run as root, so root hands it to an
 * unprivileged account; everybody else runs it under their own.
 *
 * @param prefix the words in front of a command that make it run under the account; empty for one's own
 * @param owner whose the data directory must be; null for one's own
 */
record ServerAccount(List<String> prefix, @Nullable Ids owner) {
    private static final List<String> CANDIDATES = List.of("postgres", "nobody");

    /** Numeric user and group. */
    record Ids(int user, int group) {}

    static ServerAccount choose() {
        if (!isRoot()) {
            return new ServerAccount(List.of(), null);
        }
        List<String> tried = new ArrayList<>();
        for (Ids ids : candidates()) {
            List<String> setpriv = List.of("setpriv", "--reuid=" + ids.user, "--regid=" + ids.group, "--clear-groups");
            if (dropsRoot(setpriv)) {
                return new ServerAccount(setpriv, ids);
            }
            tried.add(String.join(" ", setpriv));
        }
        // Without the right to change the user: a user namespace, in which root's own number means nobody.
        List<String> unshare = List.of("unshare", "--user");
        if (dropsRoot(unshare)) {
            return new ServerAccount(unshare, null);
        }
        tried.add(String.join(" ", unshare));
        throw new IllegalStateException(
                "PostgreSQL does not run as root, and no other account could be taken on (tried: " + tried
                        + "). Run this as an ordinary user.");
    }

    /** {@code command} as this account has to call it. */
    List<String> running(List<String> command) {
        List<String> whole = new ArrayList<>(prefix);
        whole.addAll(command);
        return whole;
    }

    /** Gives a file or directory to the account. */
    void give(Path path) throws IOException {
        if (owner != null) {
            Files.setAttribute(path, "unix:uid", owner.user);
            Files.setAttribute(path, "unix:gid", owner.group);
        }
    }

    private static boolean isRoot() {
        try {
            return uidOfThisProcess() == 0;
        } catch (IOException | UnsupportedOperationException e) {
            // The JDK promises the "unix" attributes nowhere; a file system without them throws the latter.
            return System.getProperty("user.name").equals("root");
        }
    }

    private static int uidOfThisProcess() throws IOException {
        Path self = Path.of("/proc/self");
        if (Files.exists(self)) {
            return (Integer) Files.getAttribute(self, "unix:uid");
        }
        return System.getProperty("user.name").equals("root") ? 0 : -1;
    }

    private static List<Ids> candidates() {
        List<Ids> found = new ArrayList<>();
        try {
            List<String> lines = Files.readAllLines(Path.of("/etc/passwd"));
            for (String name : CANDIDATES) {
                lines.stream()
                        .map(line -> line.split(":", -1))
                        .filter(fields -> fields.length > 3 && fields[0].equals(name))
                        .map(fields -> new Ids(Integer.parseInt(fields[2]), Integer.parseInt(fields[3])))
                        .forEach(found::add);
            }
        } catch (IOException e) {
            throw new IllegalStateException("cannot read /etc/passwd to find an unprivileged account", e);
        }
        return found;
    }

    private static boolean dropsRoot(List<String> prefix) {
        List<String> command = new ArrayList<>(prefix);
        command.addAll(List.of("id", "-u"));
        try {
            Process process = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            String user = new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
            return process.waitFor(10, TimeUnit.SECONDS)
                    && process.exitValue() == 0
                    && !user.strip().equals("0");
        } catch (IOException e) {
            return false; // no such program here
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
