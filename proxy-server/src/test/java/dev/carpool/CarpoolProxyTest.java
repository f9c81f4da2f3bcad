package dev.carpool;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;

final class CarpoolProxyTest {
    @Test
    void addressesAreLoggedAsUrlsHaveThem() throws UnknownHostException {
        assertEquals("0.0.0.0:9432", CarpoolProxy.text(new InetSocketAddress("0.0.0.0", 9432)));
        InetAddress named = InetAddress.getByAddress("db", new byte[] {10, 0, 0, 1});
        assertEquals("10.0.0.1:6432", CarpoolProxy.text(new InetSocketAddress(named, 6432)));
        assertEquals("[::1]:6432", CarpoolProxy.text(new InetSocketAddress("::1", 6432)));
    }
}
