package dev.carpool.relay;

import dev.carpool.suspicion.SettingNames;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

class RequestedNamesTest {
    @Test
    void readsQueriesParsesAndBinds() {
        assertEquals(Set.of("app.x"), in(message('Q', "show app.x\0")).read());
        assertEquals(
                Set.of("app.x"),
                in(message('P', "s\0select current_setting('app.x')\0\0\0")).read());
        assertEquals(
                Set.of("app.kept"), in(message('B', "\0kept\0\0\0\0\0\0\0")).read());
        assertEquals(
                Set.of("app.kept"),
                in(message('P', "\0begin\0\0\0"), message('S', ""), message('B', "\0kept\0\0\0"))
                        .read());
    }

    @Test
    void whatIsMadeBeforeIsNotRead() {
        assertEquals(
                Set.of("app.no"),
                in(message('Q', "show app.no; set app.x = 1\0"), message('Q', "show app.x\0"))
                        .read());
    }

    @Test
    void findsSettingsOfLanguagesEvenIfNothingIsRead() {
        ByteBuf bytes = message('Q', " SET plpgsql.no_such = 1\0");
        assertEquals(
                Set.of("plpgsql.no_such"),
                RequestedNames.in(bytes, false, true, NONE).made());
        bytes.release();
    }

    @Test
    void readsNoFurtherThanWhatIsHere() {
        byte[] whole = {'Q', 0, 0, 0, 40, 's', 'h', 'o', 'w', ' ', 'a', '.', 'b'};
        for (int length = 0; length < whole.length; length++) {
            for (byte type : new byte[] {'Q', 'P', 'B', 'x'}) {
                ByteBuf part = Unpooled.copiedBuffer(whole, 0, length);
                if (length > 0) {
                    part.setByte(0, type);
                }
                RequestedNames.in(part, true, true, NONE);
                part.release();
            }
        }
        ByteBuf odd = Unpooled.wrappedBuffer(new byte[] {'Q', 0x7f, -1, -1, -1, 'x', 'P', -1, -1, -1, -1});
        assertTrue(RequestedNames.in(odd, true, true, NONE).isEmpty());
        odd.release();
    }

    private static final RequestedNames.Prepared NONE = (in, from, to) -> SettingNames.NONE;

    private static SettingNames in(ByteBuf... messages) {
        ByteBuf all = Unpooled.wrappedBuffer(messages);
        SettingNames names = RequestedNames.in(
                all,
                true,
                true,
                (in, from, to) -> in.toString(from, to - from, StandardCharsets.ISO_8859_1)
                                .equals("kept")
                        ? new SettingNames(Set.of(), Set.of("app.kept"), List.of(), Set.of())
                        : SettingNames.NONE);
        all.release();
        return names;
    }

    private static ByteBuf message(char type, String body) {
        byte[] bytes = body.getBytes(StandardCharsets.ISO_8859_1);
        ByteBuf out = Unpooled.buffer();
        out.writeByte(type).writeInt(4 + bytes.length).writeBytes(bytes);
        return out;
    }
}
