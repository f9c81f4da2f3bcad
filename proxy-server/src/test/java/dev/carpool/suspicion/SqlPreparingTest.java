package dev.carpool.suspicion;

import dev.carpool.suspicion.SqlPreparing.Command;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

class SqlPreparingTest {
    private static SqlPreparing read(String sql) {
        return SqlPreparing.read(sql, true);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "prepare p as select 1",
                "PREPARE P AS select 1;",
                "/* a */ prepare p (int, text) as select ';'; -- b",
                "prepare \"p\"as select 1",
                "prepare p as insert into t values ($$;$$)",
            })
    void anOnlyPrepareIsTheWholeText(String sql) {
        assertEquals(new SqlPreparing(List.of(new Command("p", sql)), Set.of(), true), read(sql));
    }

    @Test
    void ofSeveralStatementsEachHasItsPart() {
        SqlPreparing read = read("select 1; prepare a as select (2;3); deallocate b;prepare \"C\" as select ';'");
        assertEquals(
                List.of(
                        new Command("a", "prepare a as select (2;3)"),
                        new Command("b", null),
                        new Command("C", "prepare \"C\" as select ';'")),
                read.commands());
        assertEquals(Set.of("a", "b", "C"), read.names());
        assertEquals("prepare a as select (2;3)", read.textOf("a"));
        assertNull(read.textOf("b"));
        assertTrue(read.prepares("a"));
        assertFalse(read.prepares("b"));
    }

    @Test
    void aNamePreparedTwiceHasNoText() {
        assertNull(read("prepare a as select 1; deallocate a; prepare a as select 2")
                .textOf("a"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"deallocate p", "DEALLOCATE PREPARE P", "deallocate\"p\""})
    void deallocate(String sql) {
        assertEquals(List.of(new Command("p", null)), read(sql).commands());
    }

    @Test
    void deallocateOfOddNames() {
        assertEquals(
                List.of(new Command("prepare", null)),
                read("deallocate prepare").commands());
        assertEquals(
                List.of(new Command("prepare", null)),
                read("deallocate prepare prepare").commands());
        assertEquals(
                List.of(new Command("all", null)), read("deallocate \"all\"").commands());
        assertEquals(List.of(), read("deallocate all").commands());
        assertEquals(List.of(), read("deallocate prepare all").commands());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "execute p",
                "Execute P(1, ';')",
                "explain execute p",
                "explain (analyze, costs off) execute p(1)",
                "explain analyze verbose execute p",
                "create temp table t as execute p(1)",
                "create table t (a, b) as execute p",
                "explain create table t as execute p",
                "begin; execute p; commit",
            })
    void executed(String sql) {
        assertEquals(new SqlPreparing(List.of(), Set.of("p"), true), read(sql));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "prepare transaction 'a'",
                "create trigger t before insert on t for each row execute function f()",
                "select 'prepare p as select 1'",
                "do 'execute p'",
            })
    void nothingOfTheKind(String sql) {
        assertEquals(new SqlPreparing(List.of(), Set.of(), true), read(sql));
    }

    @Test
    void aStatementMayBeCalledTransaction() {
        assertEquals(
                "transaction",
                read("prepare transaction as select 1").commands().get(0).name());
    }

    @ParameterizedTest
    @ValueSource(strings = {"execute U&\"p\"", "prepare \u00c3\u00a4 as select 1", "deallocate 'a'", "execute"})
    void strangeNames(String sql) {
        assertFalse(read(sql).isClear(), sql);
    }

    @Test
    void namesThatPostgresCutsOffAreStrange() {
        assertTrue(read("execute " + "x".repeat(63)).isClear());
        assertFalse(read("execute " + "x".repeat(64)).isClear());
    }
}
