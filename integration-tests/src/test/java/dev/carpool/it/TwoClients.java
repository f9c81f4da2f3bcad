package dev.carpool.it;

import org.junit.jupiter.api.AfterEach;

/** What tests with two clients of one proxy have in common. */
abstract class TwoClients {
    ProxyUnderTest proxy;
    ScriptedClient a;
    ScriptedClient b;

    /** Logs both in; {@code settings} are those that the first one starts with, names and values. */
    final void login(ProxyUnderTest started, String... settings) throws Exception {
        proxy = started;
        a = proxy.login(settings);
        b = proxy.login();
    }

    @AfterEach
    void stop() throws Exception {
        a.close();
        b.close();
        proxy.close();
    }
}
