package dev.carpool.server;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static dev.carpool.server.OutstandingRequests.*;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

final class OutstandingRequestsTest {
    private final OutstandingRequests requests = new OutstandingRequests();
    private final List<String> undone = new ArrayList<>();

    private static int kindOf(char request) {
        return switch (request) {
            case 'Q' -> QUERY;
            case 'P' -> PARSE;
            case 'B' -> BIND;
            case 'D' -> DESCRIBE_STATEMENT;
            case 'd' -> DESCRIBE_PORTAL;
            case 'E' -> EXECUTE;
            case 'C' -> CLOSE;
            case 'S' -> SYNC;
            case 'F' -> FUNCTION_CALL;
            case 'c' -> COPY_END;
            default -> throw new IllegalArgumentException(String.valueOf(request));
        };
    }

    private void push(String types) {
        types.chars().forEach(type -> requests.push(kindOf((char) type)));
    }

    private void push(int entry, String name) {
        requests.push(entry, () -> undone.add(name));
    }

    /** Matches replies; an E is an ErrorResponse. False when one does not belong. */
    private boolean match(String replies) {
        for (int i = 0; i < replies.length(); i++) {
            char reply = replies.charAt(i);
            if (reply == 'E') {
                if (requests.headKind() == 0) {
                    return false;
                }
                requests.failed();
            } else if (requests.match((byte) reply) == MISMATCH) {
                return false;
            }
        }
        return true;
    }

    @ParameterizedTest
    @CsvSource({
        "Q, TDDCZ",
        "Q, CTDCIZ",
        "Q, EZ",
        "Q, TDEZ",
        "Q, HddcCZ",
        "Q, IZ",
        "F, VZ",
        "F, EZ",
        "PBdES, 12TDDCZ",
        "PBdES, 12nCZ",
        "PDS, 1tTZ",
        "PDS, 1tnZ",
        "BES, 2DsZ",
        "BES, 2IZ",
        "CCS, 33Z",
        "PBES, EZ",
        "PBES, 1EZ",
        "PBES, 12DEZ",
        "S, EZ",
        "SSS, ZZZ",
        "PSPSQ, EZ1ZCZ",
        "PQS, EZ",
        "PQ, 1CZ",
        "Qc, GCZ",
        "Qc, GEZ",
        "Qc, EZ",
        "Qcc, GCGCZ",
        "QScQ, GCZCZ",
        "PBEScS, 12GCZ",
        "PBESS, 12EZZ",
        "EScS, GEZ",
        "EPcS, GEZ",
        "EQS, GEZ"
    })
    void repliesThatBelong(String sent, String replies) {
        push(sent);
        assertTrue(match(replies), replies);
        assertTrue(requests.isEmpty());
        assertFalse(requests.isUnsynced());
    }

    @ParameterizedTest
    @CsvSource({
        "'', Z",
        "'', C",
        "Q, 1",
        "P, 2",
        "P, Z",
        "B, 1",
        "E, T",
        "d, t",
        "D, T",
        "S, C",
        "F, C",
        "Q, V",
        "PBES, 11",
        "Q, TDCZZ",
        "S, Zn",
        "PS, 1E1",
        "F, s",
        "Q, X"
    })
    void repliesThatDoNot(String sent, String replies) {
        push(sent);
        assertFalse(match(replies), replies);
    }

    @Test
    void whatIsSkippedIsTakenBackNewestFirst() {
        push(PARSE, "a");
        push(PARSE, "b");
        push("B");
        push(FAKE_CLOSE, "c");
        push("S");
        push(PARSE, "later");
        assertTrue(match("E"));
        assertEquals(List.of("c", "b", "a"), undone);
        assertTrue(match("Z1"));
        assertEquals(3, undone.size());
    }

    @Test
    void whatIsSentWhileTheServerSkipsIsTakenBackAtOnce() {
        push("B");
        assertTrue(match("E"));
        assertTrue(requests.isSkipping());
        assertTrue(requests.isUnsynced());
        push(PARSE, "a");
        push("Q");
        assertEquals(List.of("a"), undone);
        assertTrue(requests.isEmpty());
        push("S");
        assertFalse(requests.isUnsynced());
        assertTrue(match("Z"));
    }

    @Test
    void aRequestThatEndsACopyIsEaten() {
        push("E");
        assertTrue(match("G"));
        assertTrue(requests.isCopyIn());
        push("S");
        push(PARSE, "eaten");
        assertFalse(requests.isCopyIn());
        assertEquals(List.of("eaten"), undone);
        push("S");
        assertTrue(match("EZ"));
        assertTrue(requests.isEmpty());
    }

    @Test
    void aCopyWhoseSyncWasIgnoredIsUnsynced() {
        push("PBES");
        assertFalse(requests.isUnsynced());
        assertTrue(match("12G"));
        assertTrue(requests.isUnsynced());
        push("c");
        assertTrue(match("C"));
        assertTrue(requests.isEmpty());
        assertTrue(requests.isUnsynced());
    }

    @Test
    void entriesThatMoveUpLeaveNoEffectsBehind() {
        push("ESc");
        push(PARSE, "moved");
        assertTrue(match("G"));
        push("SBB");
        assertTrue(match("C1Z"));
        assertTrue(match("E"));
        assertEquals(List.of(), undone);
    }

    @Test
    void grows() {
        for (int i = 0; i < 10; i++) {
            push("S");
            assertTrue(match("Z"));
        }
        for (int i = 0; i < 100; i++) {
            push(PARSE, "p" + i);
        }
        assertEquals(100, requests.size());
        assertTrue(match("1".repeat(40) + "E"));
        assertEquals(60, undone.size());
        assertEquals("p99", undone.get(0));
    }

    @Test
    void whatABatchChangesIsCertainWhenItIsAnswered() {
        OutstandingRequests.Effect first = () -> undone.add("first");
        requests.push(PARSE, first);
        assertFalse(requests.hasEarlierChanges(), "in its own batch it is relied on");
        push("S");
        push(PARSE, "second");
        assertTrue(requests.hasEarlierChange(effect -> effect == first));
        assertTrue(match("1"));
        assertFalse(requests.hasEarlierChanges());
        push("S");
        assertTrue(requests.hasEarlierChanges());
        assertFalse(requests.hasEarlierChange(effect -> effect == first));
        assertTrue(match("ZE"));
        assertFalse(requests.hasEarlierChanges());
        assertEquals(List.of("second"), undone);
    }

    @Test
    void aCopyThatIgnoresASyncEndsNoBatch() {
        push("E");
        push("S");
        push("c");
        push(PARSE, "a");
        assertTrue(match("G"));
        assertFalse(requests.hasEarlierChanges());
        push("S");
        assertTrue(requests.hasEarlierChanges());
        assertTrue(match("C1Z"));
        assertFalse(requests.hasEarlierChanges());
    }

    /**
     * A server that answers at random, with its requests and replies in transit: whatever it says fits, and both agree on
     * what is left.
     */
    @Test
    void agreesWithAServer() {
        for (int seed = 0; seed < 3_000; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            OutstandingRequests ours = new OutstandingRequests();
            Deque<Character> toServer = new ArrayDeque<>();
            Deque<Character> toProxy = new ArrayDeque<>();
            Server server = new Server(random);
            StringBuilder story = new StringBuilder("seed " + seed + ": ");
            int sent = 0;
            while (sent < 40 || !toServer.isEmpty() || !toProxy.isEmpty()) {
                int what = random.nextInt(3);
                if (what == 0 && sent < 40) {
                    // Nobody may send Sync after a simple COPY that may have ended: see push.
                    char type = "QPBDdECSSF".charAt(random.nextInt(10));
                    sent++;
                    story.append(type);
                    ours.push(kindOf(type));
                    toServer.add(type);
                } else if (what == 1 && !toServer.isEmpty()) {
                    server.handle(toServer.remove(), toProxy);
                } else if (what == 2 && !toProxy.isEmpty()) {
                    char reply = toProxy.remove();
                    story.append(" <").append(reply).append(' ');
                    if (reply == 'E') {
                        assertTrue(ours.headKind() != 0, story::toString);
                        ours.failed();
                    } else {
                        assertTrue(ours.match((byte) reply) != MISMATCH, story::toString);
                    }
                }
            }
            assertTrue(ours.isEmpty(), story::toString);
            assertEquals(server.skipping, ours.isSkipping(), story::toString);
            assertEquals(server.skipping || server.open, ours.isUnsynced(), story::toString);
        }
    }

    private static final class Server {
        private final SplittableRandom random;
        private boolean skipping;
        private boolean open;

        Server(SplittableRandom random) {
            this.random = random;
        }

        void handle(char type, Deque<Character> replies) {
            if (type == 'S') {
                skipping = false;
                open = false;
                say(replies, random.nextInt(9) == 0 ? "EZ" : "Z");
                return;
            }
            if (skipping) {
                return;
            }
            boolean fails = random.nextInt(5) == 0;
            switch (type) {
                case 'Q' -> {
                    open = false;
                    say(replies, fails ? "TDEZ" : random.nextBoolean() ? "TDCCZ" : "IZ");
                }
                case 'F' -> {
                    open = false;
                    say(replies, fails ? "EZ" : "VZ");
                }
                default -> {
                    open = true;
                    skipping = fails;
                    say(
                            replies,
                            fails
                                    ? "E"
                                    : switch (type) {
                                        case 'P' -> "1";
                                        case 'B' -> "2";
                                        case 'D' -> random.nextBoolean() ? "tT" : "tn";
                                        case 'd' -> random.nextBoolean() ? "T" : "n";
                                        case 'E' -> random.nextBoolean() ? "DDC" : "Ds";
                                        default -> "3";
                                    });
                }
            }
        }

        private static void say(Deque<Character> replies, String types) {
            types.chars().forEach(type -> replies.add((char) type));
        }
    }

    @Test
    void anAttemptThatFailsIsOverOnce() {
        requests.push(QUERY, new OutstandingRequests.Attempt(() -> undone.add("query")));
        requests.push(QUERY);
        assertTrue(requests.isAttempt());
        assertTrue(match("E"));
        assertFalse(requests.isAttempt());
        assertTrue(match("ZCZ"));
        assertEquals(List.of("query"), undone);
        assertTrue(requests.isEmpty());
    }

    @Test
    void anAttemptWithASyncOfItsOwnSkipsNothingElse() {
        requests.push(PARSE, new OutstandingRequests.Attempt(() -> undone.add("parse")));
        requests.push(SYNC | SWALLOW);
        push("Q");
        assertTrue(match("EZCZ"));
        assertEquals(List.of("parse"), undone);
        assertTrue(requests.isEmpty());
    }

    @Test
    void anAttemptThatSucceedsHasNotFailed() {
        requests.push(QUERY, new OutstandingRequests.Attempt(() -> undone.add("query")));
        assertTrue(match("CZ"));
        assertEquals(List.of(), undone);
    }

    @Test
    void whatTheProxyAsksForIsNotTheClients() {
        requests.push(PARSE | SWALLOW);
        requests.push(DESCRIBE_STATEMENT | SWALLOW);
        requests.push(FAKE_CLOSE);
        assertTrue(requests.isUnsynced());
        assertFalse(requests.hasClients());
        assertEquals(1, requests.owedMadeUp());
    }

    @Test
    void aBatchIsTheClientsUntilItsSyncIsAnswered() {
        push("P");
        assertTrue(match("1"));
        assertTrue(requests.isEmpty());
        assertTrue(requests.hasClients());
        push("S");
        assertTrue(requests.hasClients());
        assertTrue(match("Z"));
        assertFalse(requests.hasClients());
    }
}
