package dev.carpool.client;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/**
 * Server connections are lost at any moment of random conversations: every request is answered or its session ends, what
 * was promised is done, and nothing is done twice.
 */
final class LostAtAnyMomentTest {
    private static final int EPISODES = 150;
    private static final int STEPS = 12;
    private static final int CHANNELS = 3;

    /** One client, and what it has sent. */
    private static final class Conversation {
        final TestClient client;

        /** What has been asked for since the last look. */
        final List<String> asked = new ArrayList<>();

        boolean inTransaction;

        /** What application_name is. */
        final String name;

        /** What it listens on; null if that is not known. */
        @Nullable
        Set<String> channels = new TreeSet<>();

        Conversation(TestClient client, String name) {
            this.client = client;
            this.name = name;
        }
    }

    private final List<String> promised = new ArrayList<>();
    private int inserts;
    private int ended;
    private int lasting;
    private int errors;

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void nothingIsLostSilentlyAndNothingIsDoneTwice(int poolSize) {
        for (int episode = 0; episode < EPISODES; episode++) {
            Random random = new Random(episode * 31L + poolSize);
            try (ProxyOnOneLoop proxy = ProxyOnOneLoop.counting(
                    "default_pool_size=" + poolSize,
                    "server_function_check_delay=" + (random.nextBoolean() ? "0" : "1min"))) {
                converse(proxy, random, "episode " + episode);
            }
        }
        assertTrue(
                errors > 0 && ended > 0 && lasting > 0,
                errors + " errors, " + ended + " ended, " + lasting + " lasted");
    }

    private void converse(ProxyOnOneLoop proxy, Random random, String where) {
        List<Conversation> all = new ArrayList<>();
        promised.clear();
        for (int step = 0; step < STEPS; step++) {
            all.removeIf(one -> !one.client.isOpen());
            while (all.size() < 2) {
                all.add(begin(proxy, random));
            }
            int batches = random.nextInt(8);
            int[] left = {batches};
            proxy.postgres.mutation = replies -> {
                if (left[0]-- == 0) {
                    proxy.postgres.backends.forEach(backend -> backend.deaf = true);
                }
                return replies;
            };
            for (Conversation one : all) {
                one.client.send(requests(one, random));
            }
            proxy.postgres.mutation = null;
            boolean words = random.nextInt(4) == 0;
            if (left[0] < 0) {
                lose(proxy, words);
                proxy.pass(Duration.ofMillis(150)); // the shared listener is opened again
            }
            for (Conversation one : all) {
                look(one, where + " step " + step);
            }
        }
        List<String> committed = proxy.postgres.committed;
        assertTrue(committed.containsAll(promised), () -> where + " " + promised + " " + committed);
        assertEquals(committed.size(), new HashSet<>(committed).size(), () -> where + " " + committed);
        all.forEach(one -> last(one, proxy, where));
    }

    private static Conversation begin(ProxyOnOneLoop proxy, Random random) {
        boolean named = random.nextBoolean();
        TestClient client = named
                ? proxy.login("application_name", "mine", "work_mem", "mine")
                : random.nextBoolean() ? proxy.login() : proxy.login("role", "somebody");
        client.send(Wire.empty().parse("s", "select s").describe('S', "s").sync());
        assertEquals("1tTZ(I)", client.transcript());
        return new Conversation(client, named ? "mine" : "");
    }

    /** What the session was told to have it has. */
    private void last(Conversation one, ProxyOnOneLoop proxy, String where) {
        TestClient client = one.client;
        Set<String> channels = one.channels;
        if (!client.isOpen() || one.inTransaction || channels == null) {
            return;
        }
        lasting++;
        client.transcript();
        String shown = client.query("show application_name");
        assertTrue(shown.endsWith("TD(" + one.name + ")C(SELECT 1)Z(I)"), () -> where + " " + shown);
        TestClient notifier = proxy.login();
        for (int i = 0; i < CHANNELS; i++) {
            notifier.query("notify c" + i + " last");
        }
        notifier.close();
        StringBuilder expected = new StringBuilder();
        channels.forEach(channel -> expected.append("A(").append(channel).append(" last)"));
        assertEquals(expected.toString(), client.transcript(), where);
    }

    private static void lose(ProxyOnOneLoop proxy, boolean words) {
        for (ModelPostgres.Backend backend : List.copyOf(proxy.postgres.backends)) {
            if (backend.deaf) {
                if (words) {
                    backend.ends();
                } else {
                    backend.close();
                }
            }
        }
        proxy.run();
    }

    private Wire requests(Conversation one, Random random) {
        Wire wire = Wire.empty();
        for (int n = 1 + random.nextInt(3); n > 0; n--) {
            String asked = switch (random.nextInt(14)) {
                case 0, 1, 2, 3 -> "insert " + ++inserts;
                case 4 -> "select f()";
                case 5 -> "reset all";
                case 6 -> "select f();reset all";
                case 7, 8 -> "s";
                case 9 -> "listen c" + random.nextInt(CHANNELS);
                case 10 -> "notify others x";
                case 11 -> "unlisten *";
                case 12 -> one.inTransaction ? "commit" : "begin";
                default -> "set work_mem to 'other'";
            };
            if (asked.equals("s")) {
                wire.run("s").sync();
            } else if (asked.startsWith("insert") && random.nextInt(4) == 0) {
                wire.parse("", asked).run("").sync();
            } else {
                wire.query(asked);
            }
            one.inTransaction = asked.equals("begin") || (one.inTransaction && !asked.equals("commit"));
            one.asked.add(one.inTransaction ? "in a transaction, " + asked : asked);
        }
        return wire;
    }

    /** Every request is answered, unless its session has ended. */
    private void look(Conversation one, String where) {
        String transcript = one.client.transcript();
        String[] answers = transcript.split("Z\\([ITE]\\)", -1);
        boolean open = one.client.isOpen();
        errors += transcript.contains("E(08006)") && open ? 1 : 0;
        ended += open ? 0 : 1;
        String all = where + " " + one.asked + " " + transcript;
        if (open) {
            assertEquals(one.asked.size(), answers.length - 1, all);
        } else {
            assertTrue(transcript.contains("E(08006)") || transcript.contains("E(57P01)"), all);
        }
        for (int i = 0; i < answers.length - 1; i++) {
            answered(one, one.asked.get(i), !answers[i].contains("E("));
        }
        one.asked.clear();
        one.inTransaction &= !transcript.endsWith("Z(I)");
    }

    private void answered(Conversation one, String asked, boolean done) {
        Set<String> channels = one.channels;
        if (asked.startsWith("insert") && done) {
            promised.add(asked.substring(7));
        } else if (asked.contains("listen") && channels != null) {
            if (!done || asked.startsWith("in a transaction")) {
                one.channels = null;
            } else if (asked.startsWith("listen")) {
                channels.add(asked.substring(7));
            } else {
                channels.clear();
            }
        }
    }
}
