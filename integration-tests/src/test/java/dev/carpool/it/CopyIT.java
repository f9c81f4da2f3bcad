package dev.carpool.it;

import java.io.ByteArrayOutputStream;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyManager;

import static org.junit.jupiter.api.Assertions.assertEquals;

class CopyIT {
    private ProxyUnderTest proxy;
    private ScriptedClient client;
    private String table;

    @BeforeEach
    void start() throws Exception {
        proxy = ProxyUnderTest.start("default_pool_size=1");
        client = proxy.login();
        table = PostgresUnderTest.newName("copied");
        client.query("create table " + table + " (i int)");
    }

    @AfterEach
    void stop() throws Exception {
        client.close();
        proxy.close();
    }

    private String count() throws Exception {
        return client.value("select count(*) from " + table);
    }

    @Test
    void copiesIn() throws Exception {
        client.send(Wire.query("copy " + table + " from stdin"));
        client.expect('G');
        client.send(Wire.copyData("1\n2\n"), Wire.copyData("3\n"), Wire.copyDone());
        assertEquals("C:COPY_3 Z:I", client.replies());
        assertEquals("3", count());
    }

    @Test
    void copiesOut() throws Exception {
        client.query("insert into " + table + " select generate_series(1, 3)");
        assertEquals("H d:2 d:2 d:2 c C:COPY_3 Z:I", client.query("copy " + table + " to stdout"));
    }

    @Test
    void copiesInWithTheExtendedProtocol() throws Exception {
        client.send(
                Wire.parse("", "copy " + table + " from stdin"),
                Wire.bind("", ""),
                Wire.execute("", 0),
                Wire.copyData("7\n"),
                Wire.copyDone(),
                Wire.sync());
        assertEquals("1 2 G C:COPY_1 Z:I", client.replies());
        assertEquals("1", count());
    }

    @Test
    void ignoresASyncInsideCopyAsPostgresDoes() throws Exception {
        client.send(
                Wire.parse("", "copy " + table + " from stdin"),
                Wire.bind("", ""),
                Wire.execute("", 0),
                Wire.sync(),
                Wire.copyData("7\n"),
                Wire.copyDone(),
                Wire.sync());
        assertEquals("1 2 G C:COPY_1 Z:I", client.replies());
        assertEquals("1", count());
    }

    @Test
    void failsWhenTheClientGivesUp() throws Exception {
        client.send(Wire.query("copy " + table + " from stdin"));
        client.expect('G');
        client.send(Wire.copyData("1\n"), Wire.copyFail("no more"));
        assertEquals("E:57014 Z:I", client.replies());
        assertEquals("0", count());
    }

    @Test
    void failsInTheMiddleAndGoesOn() throws Exception {
        client.send(Wire.query("copy " + table + " from stdin"));
        client.expect('G');
        client.send(Wire.copyData("1\nnonsense\n"));
        for (int i = 0; i < 1000; i++) {
            client.send(Wire.copyData("2\n"));
        }
        client.send(Wire.copyDone());
        assertEquals("E:22P02 Z:I", client.replies());
        assertEquals("0", count());
    }

    @Test
    void failsInTheMiddleOfAnExtendedCopyAndGoesOn() throws Exception {
        client.send(
                Wire.parse("", "copy " + table + " from stdin"),
                Wire.bind("", ""),
                Wire.execute("", 0),
                Wire.copyData("nonsense\n"),
                Wire.copyData("2\n"),
                Wire.copyDone(),
                Wire.sync(),
                Wire.query("select 1"));
        assertEquals("1 2 G E:22P02 Z:I", client.replies());
        assertEquals("T D:1 C:SELECT_1 Z:I", client.replies());
    }

    @Test
    void sendsTheWholeCopyWithoutWaiting() throws Exception {
        client.send(
                Wire.query("copy " + table + " from stdin"),
                Wire.copyData("1\n"),
                Wire.copyDone(),
                Wire.query("select count(*) from " + table));
        assertEquals("G C:COPY_1 Z:I", client.replies());
        assertEquals("T D:1 C:SELECT_1 Z:I", client.replies());
    }

    @Test
    void keepsTheConnectionDuringCopy() throws Exception {
        try (ProxyUnderTest two = ProxyUnderTest.start("default_pool_size=2");
                ScriptedClient copier = two.login();
                ScriptedClient other = two.login()) {
            copier.send(Wire.query("copy " + table + " from stdin"));
            copier.expect('G');
            for (int i = 0; i < 50; i++) {
                copier.send(Wire.copyData(i + "\n"));
                assertEquals("T D:" + i + " C:SELECT_1 Z:I", other.query("select " + i));
            }
            copier.send(Wire.copyDone());
            assertEquals("C:COPY_50 Z:I", copier.replies());
        }
    }

    @Test
    void servesCopyManager() throws Exception {
        try (Connection connection = proxy.connect()) {
            CopyManager copies = connection.unwrap(PGConnection.class).getCopyAPI();
            StringBuilder rows = new StringBuilder();
            for (int i = 0; i < 100_000; i++) {
                rows.append(i).append('\n');
            }
            assertEquals(100_000, copies.copyIn("copy " + table + " from stdin", new StringReader(rows.toString())));
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            assertEquals(100_000, copies.copyOut("copy (select * from " + table + " order by i) to stdout", out));
            assertEquals(rows.toString(), out.toString(StandardCharsets.UTF_8));
        }
    }

    @Test
    void stopsReadingACopyThatIsCancelledFromTheOtherSide() throws Exception {
        client.send(Wire.query("copy (select repeat('x', 1000) from generate_series(1, 1000000)) to stdout"));
        client.expect('H');
        List<Reply> first = List.of(client.next(), client.next());
        assertEquals("d:1001 d:1001", ScriptedClient.summary(first));
        try (ScriptedClient cancel = proxy.client()) {
            cancel.send(Wire.cancelRequest(client.processId(), client.key())).expectClosed();
        }
        Reply last = client.next();
        while (last.type() == 'd') {
            last = client.next();
        }
        assertEquals("E:57014", last.summary());
        assertEquals("Z:I", client.replies());
        assertEquals("0", count());
    }
}
