package dev.carpool.client;

import dev.carpool.protocol.WireWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/**
 * More than ten thousand conversations with something wrong in them, from either side: no exception is unexpected, no buffer
 * stays behind, and the next client gets right answers. Deterministic; another seed: {@code -Dcarpool.fuzz.seed=N}, more
 * of them: {@code -Dcarpool.fuzz.factor=N}.
 */
final class MutatedConversationsTest {
    private static final long SEED = Long.getLong("carpool.fuzz.seed", 18);
    private static final int FACTOR = Integer.getInteger("carpool.fuzz.factor", 1);

    /** So many conversations share a proxy. */
    private static final int PER_PROXY = 100;

    /** Behind so many conversations, as many have their buffers followed by the leak detector instead of only counted. */
    private static final int FOLLOWED = 20;

    private final SplittableRandom seeds = new SplittableRandom(SEED);
    private SplittableRandom random = new SplittableRandom(0);
    private String now = "";

    // What is mutated

    private static final List<Supplier<Wire>> REQUESTS = List.of(
            () -> Wire.empty().query("select one"),
            () -> Wire.empty().query("begin;select a;commit"),
            () -> Wire.empty().query("begin").query("select a").query("rollback"),
            () -> Wire.empty().query("fail"),
            () -> Wire.empty().query("hang"),
            () -> Wire.empty().query(""),
            () -> Wire.empty().query("big 3000").query("notice hello"),
            () -> Wire.empty().query("copyout 20"),
            () -> Wire.empty().query("copyin").copyData("some").copyData("data").copyDone(),
            () -> Wire.empty().query("copyin").copyData("some").copyFail(),
            () -> Wire.empty().query("set application_name x").query("show application_name"),
            () -> Wire.empty()
                    .parse("", "select u")
                    .bind("", "")
                    .describe('P', "")
                    .execute("")
                    .sync(),
            () -> Wire.empty()
                    .parse("s", "select s")
                    .describe('S', "s")
                    .sync()
                    .run("s")
                    .sync(),
            () -> Wire.empty().run("s").run("t").sync(),
            () -> Wire.empty()
                    .parse("t", "select t")
                    .close('S', "t")
                    .parse("t", "big 200")
                    .run("t")
                    .sync(),
            () -> Wire.empty()
                    .parse("s", "select s")
                    .parse("s", "select s")
                    .run("s")
                    .sync(),
            () -> Wire.empty()
                    .bind("p", "none")
                    .execute("p")
                    .close('P', "p")
                    .sync()
                    .query("select after"),
            () -> Wire.empty()
                    .parse("", "copyin")
                    .run("")
                    .sync()
                    .copyData("x")
                    .copyDone()
                    .sync(),
            () -> Wire.empty().parse("", "insert x").run("").flush(),
            () -> Wire.empty()
                    .parse("", "syntax")
                    .sync()
                    .parse("", "select y")
                    .run("")
                    .sync(),
            () -> Wire.empty().functionCall(952).functionCall(1),
            () -> Wire.empty().query("discard all").run("s").sync(),
            () -> Wire.empty().bind("", "s", new byte[3000]).execute("").sync(),
            () -> Wire.empty().query("die"),
            () -> Wire.empty().query("begin").query("drop"),
            () -> Wire.empty().query("half"),
            () -> Wire.empty().flush().sync().sync(),
            () -> Wire.empty().query("insert y").terminate());

    private List<byte[]> messages() {
        List<byte[]> messages = new ArrayList<>();
        for (int i = 1 + random.nextInt(4); i > 0; i--) {
            split(REQUESTS.get(random.nextInt(REQUESTS.size())).get().bytes(), messages);
        }
        return messages;
    }

    private static void split(byte[] bytes, List<byte[]> messages) {
        int from = 0;
        while (from + 5 <= bytes.length) {
            int length = 1 + ((bytes[from + 3] & 0xff) << 8 | bytes[from + 4] & 0xff);
            int to = Math.min(bytes.length, from + Math.max(5, length));
            messages.add(Arrays.copyOfRange(bytes, from, to));
            from = to;
        }
        if (from < bytes.length) {
            messages.add(Arrays.copyOfRange(bytes, from, bytes.length));
        }
    }

    // How

    private byte[] mutate(List<byte[]> messages) {
        List<byte[]> changed = new ArrayList<>();
        messages.forEach(message -> changed.add(message.clone()));
        for (int times = 1 + random.nextInt(2); times > 0 && !changed.isEmpty(); times--) {
            int which = random.nextInt(changed.size());
            byte[] message = changed.get(which);
            switch (random.nextInt(10)) {
                case 0, 1 -> { // bits
                    for (int flips = 1 + random.nextInt(3); flips > 0 && message.length > 0; flips--) {
                        message[random.nextInt(message.length)] ^= (byte) (1 << random.nextInt(8));
                    }
                }
                case 2 -> { // the end is missing
                    changed.set(which, Arrays.copyOf(message, random.nextInt(message.length + 1)));
                }
                case 3 -> { // everything behind is missing
                    changed.set(which, Arrays.copyOf(message, random.nextInt(message.length + 1)));
                    changed.subList(which + 1, changed.size()).clear();
                }
                case 4 -> { // bytes between
                    byte[] more = new byte[1 + random.nextInt(12)];
                    random.nextBytes(more);
                    changed.add(which, more);
                }
                case 5 -> { // a wrong length
                    if (message.length >= 5) {
                        int length = random.nextBoolean() ? random.nextInt() : message.length - 4 + random.nextInt(9);
                        for (int i = 0; i < 4; i++) {
                            message[1 + i] = (byte) (length >>> (24 - 8 * i));
                        }
                    }
                }
                case 6 -> changed.add(random.nextInt(changed.size()), changed.remove(which));
                case 7 -> changed.add(which, message.clone());
                case 8 -> changed.remove(which);
                default -> { // another type
                    if (message.length > 0) {
                        message[0] = (byte) "BCDdcfEFHPQSXTZ123nstGAKRVW".charAt(random.nextInt(27));
                    }
                }
            }
        }
        int length = changed.stream().mapToInt(message -> message.length).sum();
        byte[] all = new byte[length];
        int at = 0;
        for (byte[] message : changed) {
            System.arraycopy(message, 0, all, at, message.length);
            at += message.length;
        }
        return all;
    }

    private byte[] mutateReplies(byte[] replies) {
        if (random.nextInt(3) != 0) {
            return replies;
        }
        List<byte[]> messages = new ArrayList<>();
        split(replies, messages);
        return mutate(messages);
    }

    private void sendInPieces(TestClient client, byte[] bytes) {
        if (random.nextBoolean()) {
            client.send(bytes);
            return;
        }
        int from = 0;
        while (from < bytes.length) {
            int to = Math.min(bytes.length, from + 1 + random.nextInt(random.nextInt(4) == 0 ? 8 : 200));
            client.send(Arrays.copyOfRange(bytes, from, to));
            from = to;
        }
    }

    // What must hold

    private void assertHealthy(ProxyOnOneLoop proxy, String user) {
        TestClient next = proxy.connect();
        next.startup("user", user);
        assertTrue(next.replies().endsWith("Z"), () -> now + next.lastError());
        assertEquals("TD(fine)C(SELECT 1)Z(I)", next.query("select fine"), () -> now + next.lastError());
        next.send(Wire.empty().parse("mine", "select stmt").run("mine").sync());
        assertEquals("12D(stmt)C(SELECT 1)Z(I)", next.transcript(), () -> now + next.lastError());
        next.send(Wire.empty().terminate());
        assertEquals(List.of(), proxy.failures, now);
        assertEquals(0, proxy.buffered(), now);
    }

    private interface Conversation {
        void with(ProxyOnOneLoop proxy);
    }

    private void converse(String kind, int count, int perProxy, Conversation conversation) {
        ProxyOnOneLoop proxy = null;
        try {
            for (int i = 0; i < count * FACTOR; i++) {
                if (proxy == null || i % perProxy == 0 || i == FOLLOWED || i == 2 * FOLLOWED) {
                    if (proxy != null) {
                        proxy.close();
                    }
                    proxy = i == FOLLOWED
                            ? ProxyOnOneLoop.with("cancel_wait_timeout=1ms")
                            : ProxyOnOneLoop.counting("cancel_wait_timeout=1ms");
                }
                random = seeds.split();
                now = kind + " " + i + " of seed " + SEED + ": ";
                conversation.with(proxy);
            }
        } catch (RuntimeException broken) {
            throw new AssertionError(now, broken);
        } finally {
            if (proxy != null) {
                proxy.close();
            }
        }
    }

    @Test
    void requests() {
        converse("requests", 5_000, PER_PROXY, proxy -> {
            TestClient client = proxy.login();
            byte[] bytes = mutate(messages());
            now += HexFormat.of().formatHex(bytes) + " ";
            sendInPieces(client, bytes);
            client.close();
            proxy.endSlowResets(); // what was asked before a Terminate is carried out, however long it takes
            assertHealthy(proxy, "app");
        });
    }

    @Test
    void logins() {
        converse("logins", 2_000, PER_PROXY, proxy -> {
            TestClient client = proxy.connect();
            List<byte[]> messages = new ArrayList<>();
            if (random.nextInt(3) == 0) {
                messages.add(Wire.of(out -> WireWriter.request(out, 80877103 + random.nextInt(2)))
                        .bytes());
            }
            if (random.nextInt(4) == 0) {
                messages.add(Wire.of(out -> WireWriter.cancelRequest(out, 1, new byte[4]))
                        .bytes());
            } else {
                Map<String, String> parameters = new LinkedHashMap<>();
                parameters.put("user", "app");
                parameters.put("database", "app");
                parameters.put("options", "-c a.b=c");
                parameters.put(random.nextBoolean() ? "_pq_.x" : "application_name", "x");
                messages.add(Wire.of(out -> WireWriter.startup(out, random.nextInt(4), parameters))
                        .bytes());
                messages.add(Wire.empty().query("select a").bytes());
            }
            byte[] bytes = mutate(messages);
            now += HexFormat.of().formatHex(bytes) + " ";
            sendInPieces(client, bytes);
            client.close();
            assertHealthy(proxy, "other");
        });
    }

    @Test
    void replies() {
        converse("replies", 2_500, PER_PROXY, proxy -> {
            TestClient client = proxy.login();
            proxy.postgres.mutation = this::mutateReplies;
            proxy.postgres.piece = random.nextInt(4) == 0 ? 1 + random.nextInt(20) : 0;
            for (byte[] message : messages()) {
                sendInPieces(client, message);
            }
            client.close();
            proxy.postgres.mutation = null;
            proxy.postgres.piece = 0;
            proxy.endSlowResets();
            if (!isServed(proxy)) {
                // ReadyForQuery at the wrong place: that shows when the next client gets what does not fit.
                assertTrue(isServed(proxy), now);
            }
            assertHealthy(proxy, "app");
        });
    }

    /** False for an error; what is neither that nor right fails. */
    private boolean isServed(ProxyOnOneLoop proxy) {
        TestClient next = proxy.login();
        String answer = next.query("select fine");
        next.close();
        proxy.endSlowResets();
        if (answer.contains("E(") || (answer.isEmpty() && !next.isOpen())) {
            return false;
        }
        assertEquals("TD(fine)C(SELECT 1)Z(I)", answer, now);
        return true;
    }

    @Test
    void repliesToLogins() {
        converse("repliesToLogins", 1_000, 1, proxy -> {
            proxy.postgres.loginMutation = bytes -> {
                List<byte[]> messages = new ArrayList<>();
                split(bytes, messages);
                return mutate(messages);
            };
            proxy.postgres.piece = random.nextInt(4) == 0 ? 1 + random.nextInt(20) : 0;
            TestClient client = proxy.connect();
            client.startup();
            client.send(Wire.empty().query("select a"));
            client.close();
            proxy.postgres.loginMutation = null;
            proxy.postgres.piece = 0;
            proxy.pass(Duration.ofMinutes(1)); // logins that hang
            assertHealthy(proxy, "other");
        });
    }
}
