package dev.carpool.suspicion;

import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.junit.jupiter.api.Assertions.assertEquals;

/** Where a text names server processes. */
class ProcessIdsTest {
    /** The ids of a text and what follows them, "!" for a signal: {@code 12! $1}. */
    private static String read(String sql) {
        ProcessIds ids = ProcessIds.read(sql, true);
        String constants = ids.constants().stream()
                .map(each -> sql.substring(each.from(), each.to()) + (each.signalled() ? "!" : ""))
                .collect(Collectors.joining(" "));
        String parameters = ids.parameters().stream()
                .map(each -> "$" + (each.number() + 1) + (each.signalled() ? "!" : ""))
                .collect(Collectors.joining(" "));
        assertEquals(
                ids.constants().stream()
                        .map(each -> sql.substring(each.from(), each.to()))
                        .toList(),
                ids.constants().stream()
                        .map(each -> Integer.toString(each.processId()))
                        .toList());
        return (constants + " " + parameters).trim();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "select pg_terminate_backend(1734736120)",
                "SELECT pg_catalog.PG_CANCEL_BACKEND ( /* it */ 1734736120 ), 1",
                "select pg_terminate_backend('1734736120', 10)",
                "select pg_terminate_backend(('1734736120'::int4))",
                "select pg_terminate_backend(cast (1734736120 as int))",
                "select pg_terminate_backend(pid => 1734736120, timeout := 5000000)",
                "select \"pg_terminate_backend\"(pid := 1734736120)",
                "select 'pg_cancel_backend(1)', pg_terminate_backend(1734736120::int)",
                "create table t (a int); select pg_terminate_backend(1734736120)",
                "explain analyze select pg_terminate_backend(1734736120)",
            })
    void signalled(String sql) {
        assertEquals("1734736120!", read(sql));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            select pg_blocking_pids(11)                                              | 11
            select pg_safe_snapshot_blocking_pids(11), pg_log_backend_memory_contexts('12') | 11 12
            select * from pg_stat_get_activity(11) as a, pg_cancel_backend($2::int)  | 11 $2!
            select pg_isolation_test_session_is_blocked($1, '{11,12}')               | 11 12 $1
            select pg_isolation_test_session_is_blocked(11, '{ 12, 13 }'::int[])     | 11 12 13
            select pg_isolation_test_session_is_blocked($2, array[12, $1, 13])       | 12 13 $2 $1
            select pg_isolation_test_session_is_blocked($1, $2) where 1 = any ('{11}') | $1 $2
            select pg_terminate_backend($2), pg_cancel_backend($1::int)              | $2! $1!
            select pg_terminate_backend(n) from unnest($1::int[]) n                  | $1!
            select pg_cancel_backend(n) from unnest('{11,12}'::int[]) as n           | 11! 12!
            """)
    void seenAndParameters(String sql, String ids) {
        assertEquals(ids, read(sql));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
            select * from pg_stat_activity where pid = 11                              | 11
            select * from pg_stat_activity where pid = $1 and state = 'idle'           | $1
            select * from pg_catalog.pg_locks l where l.pid in (11, '12', $1)          | 11 12 $1
            select 1 from pg_stat_activity a join pg_locks as l on (a.pid = l.pid) where 11 = a.pid | 11
            select pid = 11, pid from pg_stat_activity order by pid = 12 desc          | 11 12
            select extract(epoch from now()) from pg_stat_activity where pid = any('{11,12}'::int[]) | 11 12
            select * from pg_stat_activity where pid <> 11 and pid != $2               | 11 $2
            select pg_terminate_backend(pid) from pg_stat_activity where pid = 11      | 11!
            select pg_terminate_backend(pid) from pg_stat_activity where pid <> 11     | 11
            select * from t, pg_stat_activity a where a.pid = 11 and t.pid = 12        | 11
            with x as (select * from pg_stat_activity) select 1 from pg_locks l, x where l.pid = 11 | 11
            explain select * from pg_stat_activity where (pid) = 12 or pid = 11;       | 11
            select pid from pg_stat_activity where 11 = any (pg_blocking_pids(pid))    | 11
            select pid from pg_stat_activity where 11 = any (pg_catalog.pg_blocking_pids($1)) | 11 $1
            delete from t using pg_stat_activity a where a.pid = 11 and pid = 12       |
            """)
    void compared(String sql, String ids) {
        assertEquals(String.valueOf(ids).replace("null", ""), read(sql));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "select * from t where pid = 11",
                "select * from t, pg_stat_activity where pid = 11",
                "select * from pg_stat_activity, t where pid = 11",
                "select * from pg_stat_activity a join t on t.pid = 11",
                "select * from (select 1) x, t, pg_locks where pid = 11",
                "select * from pg_stat_activity a, (select * from t a where a.pid = 11) x",
                "select * from f() where pid = 11 and exists (select from pg_locks)",
                "select * from s.pg_locks where pid = 11",
                "select * from pg_locks as l(pid) where pid = 11",
                "select * from pg_stat_activity where query_id = 11",
                "select * from pg_stat_activity where pid = 11 + 1",
                "select * from pg_stat_activity where pid > 11",
                "select * from pg_stat_activity where 1 + 11 = pid",
                "select * from pg_stat_activity where pid =",
                "select * from pg_stat_activity where pid",
                "select * from pg_stat_activity where pid = any (",
                "select * from pg_stat_activity where pid = any",
                "pid",
                "pid from pg_locks",
                "11 = any(pg_blocking_pids(",
                "11 = any",
                "select pid from",
                "select pid from (",
                "update t set pid = 11 from pg_stat_activity",
                "create view v as select * from pg_stat_activity where pid = 11",
            })
    void comparedWithSomethingElse(String sql) {
        assertEquals("", read(sql));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "select pg_terminate_backend",
                "select pg_terminate_backend(pid) from pg_stat_activity",
                "select pg_terminate_backend(12345678901234567890)",
                "select pg_terminate_backend(9999999999)",
                "select pg_terminate_backend('9999999999')",
                "select pg_terminate_backend($9999999999)",
                "select pg_terminate_backend(-1)",
                "select pg_terminate_backend(1.5)",
                "select pg_terminate_backend(",
                "select pg_terminate_backend(1734736120 + 1)",
                "select pg_terminate_backend(f(1734736120))",
                "select pg_terminate_backend((select pid from t where n in (1734736120)))",
                "select pg_terminate_backend(pid, 1734736120) from pg_stat_activity",
                "select pg_blocking_pids('17347''36120'), pg_blocking_pids('a1734736120')",
                "select pg_backend_pid(1734736120)",
                "select n from unnest(array[1734736120]) n",
                // What is kept runs when the id may be somebody else's.
                "prepare p as select pg_terminate_backend(1734736120)",
                "create view v as select pg_blocking_pids(1734736120)",
                "create rule r as on insert to t do (delete from u; select pg_blocking_pids(1734736120))",
                "create function f() begin atomic select 1; select pg_blocking_pids(1734736120); end",
            })
    void others(String sql) {
        assertEquals(new ProcessIds(List.of(), List.of()), ProcessIds.read(sql, true));
    }

    @Test
    void stringsWithBackslashes() {
        assertEquals(
                List.of(),
                ProcessIds.read("select '\\', pg_blocking_pids(1734736120) --'", false)
                        .constants());
    }
}
