package dev.carpool.suspicion;

import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.junit.jupiter.api.Assertions.assertEquals;

/** Where a text names the process that it signals. */
class SignalCallsTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "select pg_terminate_backend(1734736120)",
                "SELECT pg_catalog.PG_CANCEL_BACKEND ( /* it */ 1734736120 ), 1",
                "select pg_terminate_backend('1734736120', 10)",
                "select pg_terminate_backend(('1734736120'::int4))",
                "select 'pg_cancel_backend(1)', pg_terminate_backend(1734736120::int)",
            })
    void constants(String sql) {
        SignalCalls calls = SignalCalls.read(sql, true);
        assertEquals(
                List.of("1734736120=1734736120"),
                calls.constants().stream()
                        .map(call -> sql.substring(call.from(), call.to()) + "=" + call.processId())
                        .collect(Collectors.toList()));
        assertEquals(List.of(), calls.parameters());
    }

    @Test
    void parameters() {
        assertEquals(
                List.of(1, 0),
                SignalCalls.read("select pg_terminate_backend($2), pg_cancel_backend($1::int)", true)
                        .parameters());
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
                "select pg_backend_pid(1734736120)",
            })
    void others(String sql) {
        assertEquals(new SignalCalls(List.of(), List.of()), SignalCalls.read(sql, true));
    }
}
