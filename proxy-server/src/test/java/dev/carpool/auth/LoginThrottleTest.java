package dev.carpool.auth;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

final class LoginThrottleTest {
    private static final InetAddress ONE = address("10.0.0.1");
    private static final InetAddress TWO = address("10.0.0.2");

    private final LoginThrottle throttle = new LoginThrottle(3, Duration.ofSeconds(10));
    private long now = Long.MAX_VALUE - 5;

    @Test
    void refusesAfterTooManyFailures() {
        fail(ONE, 2);
        assertEquals(Duration.ZERO, throttle.refusedFor(ONE, "app", now));
        fail(ONE, 1);
        assertEquals(Duration.ofSeconds(1), throttle.refusedFor(ONE, "app", now));
        assertEquals(Duration.ZERO, throttle.refusedFor(TWO, "app", now));
        pass(Duration.ofMillis(400));
        assertEquals(Duration.ofMillis(600), throttle.refusedFor(ONE, "app", now));
        pass(Duration.ofMillis(600));
        assertEquals(Duration.ZERO, throttle.refusedFor(ONE, "app", now));
    }

    @Test
    void eachFurtherFailureDoublesTheRefusalUpToAMinute() {
        fail(ONE, 3);
        long last = 1;
        for (long seconds : new long[] {2, 4, 8, 16, 32, 60, 60}) {
            pass(Duration.ofSeconds(last));
            fail(ONE, 1);
            assertEquals(Duration.ofSeconds(seconds), throttle.refusedFor(ONE, "app", now));
            last = seconds;
        }
    }

    @Test
    void loginsThatBeganBeforeTheRefusalDoNotProlongIt() {
        fail(ONE, 50);
        assertEquals(Duration.ofSeconds(1), throttle.refusedFor(ONE, "app", now));
    }

    @Test
    void forgivesAfterAQuietWindow() {
        fail(ONE, 2);
        pass(Duration.ofSeconds(11));
        fail(ONE, 2);
        assertEquals(Duration.ZERO, throttle.refusedFor(ONE, "app", now));
        fail(ONE, 1);
        pass(Duration.ofSeconds(12));
        fail(ONE, 1);
        assertEquals(Duration.ZERO, throttle.refusedFor(ONE, "app", now));
    }

    @Test
    void countsIpv6ByNetwork() {
        fail(address("2001:db8:1:2::1"), 2);
        fail(address("2001:db8:1:2:ffff::9"), 1);
        assertEquals(Duration.ofSeconds(1), throttle.refusedFor(address("2001:db8:1:2::7"), "app", now));
        assertEquals(Duration.ZERO, throttle.refusedFor(address("2001:db8:1:3::1"), "app", now));
    }

    @Test
    void loopbackAndUnixSocketsAreNoException() {
        InetAddress loopback = address("127.0.0.1");
        fail(loopback, 3);
        assertEquals(Duration.ofSeconds(1), throttle.refusedFor(loopback, "app", now));
        fail(null, 3);
        assertEquals(Duration.ofSeconds(1), throttle.refusedFor(null, "app", now));
    }

    @Test
    void whoHasLoggedInIsNotKeptOutByOthers() {
        throttle.succeeded(ONE, "known", now);
        fail(ONE, 50);
        assertEquals(Duration.ZERO, throttle.refusedFor(ONE, "known", now));
        assertEquals(Duration.ofSeconds(1), throttle.refusedFor(ONE, "stranger", now));
    }

    @Test
    void whoHasLoggedInCountsAlone() {
        throttle.succeeded(ONE, "known", now);
        fail(ONE, "known", 3);
        assertEquals(Duration.ofSeconds(1), throttle.refusedFor(ONE, "known", now));
        assertEquals(Duration.ZERO, throttle.refusedFor(ONE, "stranger", now));
        assertEquals(Duration.ZERO, throttle.refusedFor(TWO, "known", now));
    }

    @Test
    void aLoginOfLongAgoIsForgotten() {
        throttle.succeeded(ONE, "known", now);
        pass(Duration.ofMinutes(61));
        fail(ONE, 3);
        assertEquals(Duration.ofSeconds(1), throttle.refusedFor(ONE, "known", now));
    }

    @Test
    void canBeSwitchedOff() {
        LoginThrottle off = new LoginThrottle(0, Duration.ofSeconds(10));
        for (int i = 0; i < 100; i++) {
            off.failed(ONE, "app", now);
        }
        assertEquals(Duration.ZERO, off.refusedFor(ONE, "app", now));
    }

    @Test
    void failedLoginsAreAnsweredInSteps() {
        long began = now;
        for (long millis : new long[] {0, 1, 199}) {
            long at = began + Duration.ofMillis(millis).toNanos();
            assertEquals(Duration.ofMillis(200 - millis), LoginThrottle.untilReply(began, at));
        }
        long late = began + Duration.ofMillis(450).toNanos();
        assertEquals(Duration.ofMillis(150), LoginThrottle.untilReply(began, late));
        assertTrue(LoginThrottle.untilReply(began, began).compareTo(LoginThrottle.REPLY_STEP) <= 0);
    }

    private void fail(InetAddress address, int times) {
        fail(address, "app", times);
    }

    private void fail(InetAddress address, String user, int times) {
        for (int i = 0; i < times; i++) {
            throttle.failed(address, user, now);
        }
    }

    private void pass(Duration time) {
        now += time.toNanos();
    }

    private static InetAddress address(String text) {
        try {
            return InetAddress.getByName(text);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException(e);
        }
    }
}
