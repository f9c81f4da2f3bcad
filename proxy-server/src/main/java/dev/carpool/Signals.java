package dev.carpool;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What signals do: TERM and INT end the proxy when its transactions have ended, and at once when repeated; HUP reloads the
 * configuration. {@code sun.misc.Signal} is reached by reflection, because it is no part of the Java SE API; without it,
 * a shutdown hook does the ending.
 */
final class Signals {
    private static final Logger log = LoggerFactory.getLogger(Signals.class);

    private Signals() {}

    static void install(CarpoolProxy proxy) {
        handle("TERM", () -> stop(proxy));
        handle("INT", () -> stop(proxy));
        handle("HUP", proxy::reload);
        Runtime.getRuntime().addShutdownHook(new Thread(proxy::close, "carpool-shutdown"));
    }

    private static void stop(CarpoolProxy proxy) {
        if (!proxy.beginStop()) {
            log.info("stopping at once");
            new Thread(proxy::close, "carpool-stop-at-once").start();
        } else {
            log.info("stopping: waiting for transactions to end");
            new Thread(() -> proxy.stop(proxy.config().timeouts().shutdownGrace()), "carpool-stop").start();
        }
    }

    private static void handle(String name, Runnable action) {
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            Object ours = Proxy.newProxyInstance(
                    Signals.class.getClassLoader(), new Class<?>[] {handler}, (self, method, arguments) -> {
                        if (method.getName().equals("handle")) {
                            action.run();
                        }
                        return null;
                    });
            signal.getMethod("handle", signal, handler)
                    .invoke(null, signal.getConstructor(String.class).newInstance(name), ours);
        } catch (ReflectiveOperationException | IllegalArgumentException unavailable) {
            Throwable cause =
                    unavailable instanceof InvocationTargetException wrapped ? wrapped.getCause() : unavailable;
            log.debug("signal {} keeps its default: {}", name, String.valueOf(cause));
        }
    }
}
