package dev.carpool.suspicion;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

class DatabaseFunctionsTest {
    private final DatabaseFunctions functions =
            new DatabaseFunctions(Set.of("keep", "caf\u00e9"), Set.of("define"), Set.of("settled", "caf\u00e9"));

    @Test
    void whatKeepsIsFoundByName() {
        assertTrue(functions.mayKeep("select keep(1)", Suspicion.UNKNOWN_CALL));
        assertTrue(functions.mayKeep("select public.\"KEEP\"(1)", Suspicion.UNKNOWN_CALL));
        assertTrue(functions.mayKeep("call upkeep(); call keep()", Suspicion.DO_OR_CALL));
        assertTrue(functions.mayKeep("select caf\u00e9()", Suspicion.UNKNOWN_CALL));
        assertTrue(functions.mayKeep(Suspicion.UNCLEAR));
    }

    /** In UTF-8, in other encodings, and in capitals in any of them: who could tell. */
    @Test
    void whateverIsNotAsciiMayKeep() {
        assertTrue(functions.mayKeep("select CAF\u00c3\u0089()", Suspicion.UNKNOWN_CALL));
        assertFalse(functions.mayKeep("select tea()", Suspicion.UNKNOWN_CALL));
    }

    @Test
    void namesArePartsOfNoOthers() {
        assertFalse(functions.mayKeep("select keeper(1), upkeep(), _keep(), keep$()", Suspicion.UNKNOWN_CALL));
    }

    @Test
    void whatCallsNothingKeepsNothing() {
        assertFalse(functions.mayKeep("select keep from t", Suspicion.NONE));
        assertFalse(functions.mayKeep(Suspicion.SET));
        assertFalse(DatabaseFunctions.NONE.mayKeep("select keep()", Suspicion.UNKNOWN_CALL));
        assertFalse(DatabaseFunctions.NONE.mayKeep(Suspicion.UNKNOWN_CALL));
    }

    @Test
    void knowsWhatMayDefine() {
        assertTrue(functions.mayDefine("select define()", Suspicion.UNKNOWN_CALL));
        assertTrue(functions.mayDefine("do $$ begin CREATE view v as select 1; end $$", Suspicion.DO_OR_CALL));
        assertFalse(functions.mayDefine("do $$ begin perform settled(); end $$", Suspicion.DO_OR_CALL));
        assertFalse(functions.mayDefine("call settled()", Suspicion.DO_OR_CALL));
        assertFalse(functions.mayDefine("create view define as select 1", Suspicion.NONE));
        assertTrue(functions.mayDefine(Suspicion.UNKNOWN_CALL));
        assertTrue(DatabaseFunctions.NONE.mayDefine(Suspicion.DO_OR_CALL));
        assertFalse(DatabaseFunctions.NONE.mayDefine(Suspicion.UNKNOWN_CALL));
    }

    @Test
    void textsThatCallOnlySettledFunctions() {
        for (String sql : List.of(
                "select settled(1)",
                "select public.settled (a), lower(b), pg_catalog.upper(c) from t where (a) > (2)",
                "select Settled(count(*)) over (partition by x) from t where a in (1, 2)",
                "insert into public.t (a, b) values (settled($1), 2)",
                "select 1 where (select settled(2)) = 1")) {
            assertTrue(functions.areSettled(sql, Suspicion.UNKNOWN_CALL), sql);
        }
    }

    @Test
    void textsThatMayCallOthers() {
        for (String sql : List.of(
                "select settled(1), other()",
                "select \"Settled\"(1)",
                "select other /* ( */ (1)",
                "select settled(keep(1))",
                "select set_config('work_mem', '1MB', false), settled(1)",
                "select unsettled(1)",
                "select caf\u00e9()",
                "select settled$(1)")) {
            assertFalse(functions.areSettled(sql, Suspicion.UNKNOWN_CALL), sql);
        }
        assertFalse(DatabaseFunctions.NONE.areSettled("select lower('a')", Suspicion.UNKNOWN_CALL));
    }

    @Test
    void procedures() {
        int bits = Suspicion.DO_OR_CALL;
        assertTrue(functions.areSettled("call settled()", bits));
        assertTrue(functions.areSettled(" CALL public.settled($1, lower($2));", bits | Suspicion.UNKNOWN_CALL));
        assertFalse(functions.areSettled("call other()", bits));
        assertFalse(functions.areSettled("call settled(); do $$ begin set work_mem to '1MB'; end $$", bits));
        assertFalse(functions.areSettled("do $$ begin set work_mem to '1MB'; end $$", bits));
        assertFalse(functions.areSettled("call settled()", bits | Suspicion.UNCLEAR));
        assertFalse(functions.areSettled("select settled()", Suspicion.UNKNOWN_CALL | Suspicion.SET_CONFIG));
    }
}
