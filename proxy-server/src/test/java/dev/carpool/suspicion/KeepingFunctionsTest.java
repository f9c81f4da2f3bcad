package dev.carpool.suspicion;

import java.util.Set;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

class KeepingFunctionsTest {
    private final KeepingFunctions functions = KeepingFunctions.of(Set.of("keep", "caf\u00e9"));

    @Test
    void areFoundByName() {
        assertTrue(functions.mayBeCalled("select keep(1)", Suspicion.UNKNOWN_CALL));
        assertTrue(functions.mayBeCalled("select public.\"KEEP\"(1)", Suspicion.UNKNOWN_CALL));
        assertTrue(functions.mayBeCalled("call upkeep(); call keep()", Suspicion.DO_OR_CALL));
        assertTrue(functions.mayBeCalled("select caf\u00e9()", Suspicion.UNKNOWN_CALL));
    }

    /** In UTF-8, in other encodings, and in capitals in any of them: who could tell. */
    @Test
    void mayBeWhateverIsNotAscii() {
        assertTrue(functions.mayBeCalled("select CAF\u00c3\u0089()", Suspicion.UNKNOWN_CALL));
        assertFalse(functions.mayBeCalled("select tea()", Suspicion.UNKNOWN_CALL));
    }

    @Test
    void arePartsOfNoOtherNames() {
        assertFalse(functions.mayBeCalled("select keeper(1), upkeep(), _keep(), keep$()", Suspicion.UNKNOWN_CALL));
    }

    @Test
    void areNotCalledWhereNothingIs() {
        assertFalse(functions.mayBeCalled("select keep from t", Suspicion.NONE));
        assertFalse(functions.mayBeCalled(Suspicion.SET));
        assertTrue(functions.mayBeCalled(Suspicion.UNCLEAR));
        assertFalse(KeepingFunctions.NONE.mayBeCalled("select keep()", Suspicion.UNKNOWN_CALL));
        assertSame(KeepingFunctions.NONE, KeepingFunctions.of(Set.of()));
    }
}
