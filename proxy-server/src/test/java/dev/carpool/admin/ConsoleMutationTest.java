package dev.carpool.admin;

import dev.carpool.protocol.ProtocolViolation;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

import static dev.carpool.admin.ConsoleFixture.bind;
import static dev.carpool.admin.ConsoleFixture.describe;
import static dev.carpool.admin.ConsoleFixture.execute;
import static dev.carpool.admin.ConsoleFixture.parse;
import static dev.carpool.admin.ConsoleFixture.sync;
import static org.junit.jupiter.api.Assertions.assertTrue;

class ConsoleMutationTest {
    /** Whatever a client sends, the console answers it or calls it a violation, and keeps no buffer. */
    @Test
    void survivesMutatedConversations() {
        TestProxy proxy = new TestProxy();
        Random random = new Random(20_26);
        int violations = 0;
        for (int i = 0; i < 2_000; i++) {
            ConsoleFixture console = ConsoleFixture.operator(proxy);
            ByteBuf out = conversation();
            int changes = 1 + random.nextInt(4);
            for (int change = 0; change < changes; change++) {
                out.setByte(random.nextInt(out.writerIndex()), random.nextInt(256));
            }
            out.writerIndex(out.writerIndex() - random.nextInt(8));
            try {
                console.send(wellFramed(out));
            } catch (ProtocolViolation expected) {
                violations++;
            }
            console.close();
            proxy.pools().resume(null);
        }
        assertTrue(violations > 20, violations + " violations");
    }

    private static ByteBuf conversation() {
        ByteBuf out = Unpooled.buffer();
        dev.carpool.protocol.WireWriter.query(out, "SHOW STATE; select 1");
        parse(out, "s", "DISABLE $1");
        bind(out, "p", "s", List.of("shop"), 1);
        describe(out, 'P', "p");
        describe(out, 'S', "s");
        execute(out, "p", 1);
        ConsoleFixture.close(out, 'P', "p");
        sync(out);
        return out;
    }

    /** Cuts off what the session would never hand over: a message that is not whole. */
    private static ByteBuf wellFramed(ByteBuf all) {
        int at = 0;
        while (at + 5 <= all.writerIndex()) {
            int length = all.getInt(at + 1);
            if (length < 4 || length > all.writerIndex() - at - 1) {
                break;
            }
            at += length + 1;
        }
        return all.writerIndex(at);
    }
}
