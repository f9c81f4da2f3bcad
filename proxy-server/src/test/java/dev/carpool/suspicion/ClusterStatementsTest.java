package dev.carpool.suspicion;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.junit.jupiter.api.Assertions.assertEquals;

/** What statements about roles and databases change. */
class ClusterStatementsTest {
    /** Kind, role and database of each change; {@code *} for any. */
    private static String changes(String sql) {
        return ClusterStatements.read(sql, true).stream()
                .map(change -> change.kind().name().toLowerCase(java.util.Locale.ROOT) + " "
                        + (change.role() == null ? "*" : change.role()) + "@"
                        + (change.database() == null ? "*" : change.database()))
                .collect(Collectors.joining(", "));
    }

    private static boolean isSeen(String sql) {
        SqlLexer lexer = new SqlLexer();
        ByteBuf text = Unpooled.copiedBuffer(sql, StandardCharsets.ISO_8859_1);
        lexer.begin();
        lexer.feed(text, 0, text.writerIndex());
        return (lexer.end() & Suspicion.OTHERS) != 0;
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "create role joe login password 'x'            | role joe@*",
                "CREATE USER \"Joe \"\" Q\"                    | role Joe \" Q@*",
                "create group staff                            | role staff@*",
                "drop role joe                                 | role joe@*",
                "drop user if exists joe, \"Ann\" , bob        | role joe@*, role Ann@*, role bob@*",
                "alter role joe password 'x'                   | login joe@*",
                "alter user joe with nologin                   | login joe@*",
                "alter role joe rename to ann                  | login joe@*, role ann@*",
                "alter role joe set work_mem = '1MB'           | defaults joe@*",
                "alter role joe in database shop set a.b to 1  | defaults joe@shop",
                "alter role all reset all                      | defaults *@*",
                "alter role current_user set work_mem to '1MB' | defaults *@*",
                "alter role all in database shop reset work_mem | defaults *@shop",
                "alter group staff add user joe                | login staff@*",
                "alter database shop set work_mem to '1MB'     | defaults *@shop",
                "alter database \"Shop\" reset all             | defaults *@Shop",
                "alter database shop set tablespace fast       | empty_database *@shop",
                "alter database shop rename to store           | empty_database *@shop, database *@shop, database *@store",
                "drop database if exists shop                  | empty_database *@shop, database *@shop",
                "drop database shop with (force)               | database *@shop",
                "create database shop                          | database *@shop, empty_database *@template1",
                "create database shop with owner joe template = store | database *@shop, empty_database *@store",
                "create database shop template \"Store\"       | database *@shop, empty_database *@Store",
                "create database shop template default         | database *@shop, empty_database *@template1",
                "/* a */ create role joe; select 1; drop role ann | role joe@*, role ann@*",
                "create role \u00fc                            | role *@*",
                "drop role U&\"joe\"                           | role *@*",
            })
    void changesOfRolesAndDatabases(String sql, String expected) {
        assertEquals(expected, changes(sql));
        assertEquals(true, isSeen(sql), sql);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "select 'drop role joe'",
                "create table role (database int)",
                "drop table \"role\"",
                "set role joe",
                "grant staff to joe",
                "alter table database add column \"user\" int",
                "insert into role values (1)",
            })
    void otherStatements(String sql) {
        assertEquals("", changes(sql));
        assertEquals(false, isSeen(sql), sql);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "alter user mapping for joe server s options (set a 'b')",
                "drop user mapping if exists for joe server s",
                "alter database shop owner to joe",
                "alter database shop connection limit 3",
                "create",
                "alter role",
            })
    void nothingThatSessionsHold(String sql) {
        List<ClusterChange> changes = ClusterStatements.read(sql, true);
        assertEquals(
                List.of(),
                changes.stream()
                        .filter(change -> change.role() != null || change.database() != null)
                        .toList());
    }

    @Test
    void longNamesAreCut() {
        assertEquals("role " + "x".repeat(63) + "@*", changes("drop role " + "x".repeat(64)));
    }
}
