package dev.carpool.it;

import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import static org.junit.jupiter.api.Assertions.assertEquals;

/** What {@link TwinIT} has found once: steps whose answers were not PostgreSQL's. */
class TwinReplayIT {
    @BeforeAll
    static void prepare() throws Exception {
        TwinSide.prepare();
    }

    @ParameterizedTest
    @MethodSource("steps")
    void answersArePostgres(String steps) throws Exception {
        TwinDifference difference = TwinEpisode.again(0, TwinKind.all(), TwinScript.read(steps));
        assertEquals("", difference == null ? "" : difference.report());
    }

    static Stream<String> steps() {
        return Stream.of(
                """
                client 0: connect as trusty_twin [application_name, client 0]
                client 0: Query: select lastval()
                client 0: Close S n2 | Parse n2: select $1::int + 1 | Describe S n2 | Sync | Bind '' of n2 ('4') | Describe P '' | Execute '' | Sync (no pause)
                client 0: Query: select name, parameter_types, from_sql from pg_prepared_statements where from_sql order by 1 (no pause)
                client 0: Query: update t set s = 'u4' where i = 3
                client 0: Close S n2 | Parse n2: select $1::int + 1 | Sync | Bind '' of n2 ('2') | Describe P '' | Execute '' | Sync
                client 0: Describe S n0 | Sync | Parse '': call sets_in_transactions('2') | Bind '' of '' () | Execute '' max 1 | Sync
                """,
                """
                client 2: connect as trusty_twin [application_name, client 2]
                client 2: Query: select current_schema(); select interval '1 day 2 hours'; set session application_name = ''
                client 2: Query: discard all
                """,
                """
                client 2: connect as trusty_twin [TimeZone, Asia/Tokyo]
                client 2: Query: rollback; reset all
                """,
                """
                client 4: connect as trusty_twin [application_name, client 4]
                client 4: Query: listen news; begin; select pg_notify('news', 'f51'); reset all (no pause)
                client 4: Query: show application_name
                client 4: Query: set application_name to x; savepoint a; reset application_name
                client 4: Query: rollback to a
                client 4: Query: commit
                """,
                """
                client 1: connect as trusty_twin_boss [options, -c role=twin_worker]
                client 1: Parse '': discard all | Bind '' of '' () | Describe P '' | Execute '' | Sync
                client 1: Query: set role none
                client 1: Query: reset role
                """,
                """
                client 3: connect as trusty_twin [TimeZone, Asia/Tokyo]
                client 3: Query: commit; select current_setting('session_authorization'); reset all
                """,
                """
                client 4: connect as trusty_twin [application_name, client 4]
                client 4: Query: set application_name='' (no pause)
                client 4: Query: set time zone 3; reset default_transaction_read_only
                client 4: Query: rollback to b
                """,
                """
                client 4: connect as trusty_twin [TimeZone, Asia/Tokyo]
                client 4: Query: begin; set timezone to default; commit
                client 4: Query: begin
                client 4: Query: reset timezone
                client 4: Query: set timezone to 'Europe/Berlin'
                client 4: Query: commit
                client 4: Query: show timezone
                client 4: Query: begin; set timezone to default | Query: show timezone
                client 4: Query: set timezone to 'Europe/Berlin'
                client 4: Query: do $$ begin reset timezone; end $$
                client 4: Query: show timezone
                client 4: Query: commit
                client 4: Query: set timezone to 'Europe/Berlin'
                client 4: Query: do $$ begin reset timezone; end $$
                """,
                """
                client 1: connect as trusty_twin [application_name, client 1, TimeZone, Asia/Tokyo]
                client 1: Query: set application_name to ''
                client 1: Query: create temp table tmp1 (i serial)
                client 1: Parse '': reset all | Bind '' of '' () | Describe P '' | Execute '' | Sync
                """,
                """
                client 1: connect as trusty_twin [options, -c app.tenant=one\\ two --statement_timeout=77s]
                client 1: Parse '': reset all | Bind '' of '' () | Execute '' | Sync | Query: select 1 | Query: select 2 (no pause)
                client 1: Query: select nullif(current_setting('app.tenant', true), '')
                client 1: Query: show statement_timeout
                """,
                """
                client 1: connect as trusty_twin [options, -c app.tenant=one]
                client 1: Query: reset all (no pause)
                client 1: Query: select nullif(current_setting('app.tenant', true), '')
                """,
                """
                client 1: connect as trusty_twin_boss [options, -c role=twin_worker]
                client 1: Query: create temp table tmp2 as select 1 as i
                client 1: Parse '': discard all | Bind '' of '' () | Execute '' | Sync (no pause)
                """,
                """
                client 3: connect as trusty_twin [options, -c app.tenant=one\\ two --statement_timeout=77s]
                client 1: connect as trusty_twin []
                client 1: Close S n2 | Parse n2: select $1::int + 1 | Describe S n2 | Sync | Bind '' of n2 ('2') | Execute '' | Sync
                client 1: Close S n1 | Parse n1: select $1::int + 1 | Sync | Bind '' of n1 ('0') | Describe P '' | Execute '' | Sync
                client 1: Query: SET search_path to other, public
                client 3: Query: select name, parameter_types, from_sql from pg_prepared_statements where from_sql order by 1 (no pause)
                client 1: Parse n2: select nullif(current_setting('app.user_id', true), ''), $1 | Bind '' of n1 ('0') | Execute '' | Sync | Describe S n2 | Parse '': select generate_series(1, 5) | Bind portal1 of '' () | Execute portal1 max 2 | Close P portal1 | Sync
                """,
                """
                client 1: connect as trusty_twin [options, -c extra_float_digits=0 -c bytea_output=escape]
                client 1: Close S n2 | Parse n2: select $1::int + 1 | Describe S n2 | Sync | Bind '' of n2 ('4') | Execute '' | Sync (no pause)
                client 1: Query: begin read only
                client 1: Describe S n2 | Describe S n0 | Sync
                client 1: Query: rollback and chain; select pg_try_advisory_xact_lock(9001); rollback; prepare n2(int) as select $1 + 100 (no pause)
                client 1: Query: begin read only
                client 1: Query: select 1/0
                client 1: Query: commit and chain; show transaction_read_only; execute n2(1)
                client 1: Query: select 1/0
                client 1: Query: rollback and chain; execute n2(1)
                client 1: Query: show transaction_read_only
                """,
                """
                client 2: connect as trusty_twin []
                client 2: Query: select nextval('q2'::regclass)
                client 2: Parse n0: reset work_mem | Sync
                client 2: Query: select name, parameter_types, from_sql from pg_prepared_statements where from_sql order by 1 (no pause)
                client 2: Query: begin
                client 2: Parse '': set | Bind '' of '' () | Describe P '' | Execute '' | Sync
                client 2: Bind '' of n0 () | Execute '' | Bind '' of n0 () | Describe P '' | Execute '' | Parse n2: select set_config('app.user_id', $1, false) | Sync
                client 2: Parse '': rollback | Bind '' of '' () | Describe P '' | Execute '' | Sync
                client 2: Query: select currval('public.q2')
                """,
                """
                client 1: connect as trusty_twin_boss [application_name, client 1, TimeZone, Asia/Tokyo]
                client 1: Query: show transaction_read_only; begin read write; set session authorization default
                client 1: Query: begin isolation level repeatable read
                """,
                """
                client 5: connect as trusty_twin [TimeZone, Asia/Tokyo, options, -c work_mem=5MB -c app.user_id=start]
                client 5: Parse '': set TimeZone=e'America/New_York' | Bind '' of '' () | Execute '' | Sync
                client 5: Query: begin isolation level repeatable read
                client 5: Query: select 1; begin isolation level repeatable read; set session time zone interval '+02:00' hour to minute
                client 5: Parse '': discard all | Bind '' of '' () | Execute '' | Sync
                client 5: Query: rollback
                client 5: Query: set timezone to gmt
                client 5: Query: begin
                client 5: Query: set timezone to 'Europe/Berlin'
                client 5: Query: reset timezone; select 1/0
                """,
                """
                client 0: connect as trusty_twin []
                client 1: connect as trusty_twin []
                client 0: Parse n0: select 7 | Describe S n0 | Sync
                client 1: Query: begin
                client 0: Parse '': select set_config('standard_conforming_strings', 'on', true) | Bind '' of '' () | Execute '' | Bind '' of n0 () | Execute '' | Bind '' of n0 () | Execute '' | Sync
                """,
                """
                client 0: connect as trusty_twin []
                client 1: connect as trusty_twin []
                client 1: Query: listen news
                client 1: Query: set names 'LATIN1'
                client 1: Query: listen "Odd one"
                client 1: Query: unlisten news
                client 0: Query: notify news, 'p76'
                """,
                """
                client 1: connect as trusty_twin_boss [options, -c role=twin_worker]
                client 1: Query: begin isolation level repeatable read; set role to default
                client 1: Query: commit
                client 1: Query: begin; set role none; reset role; commit
                client 1: Query: begin; set role none; commit
                client 1: Query: select current_user
                client 1: Query: begin; reset role; rollback
                client 1: Query: select current_user
                """,
                """
                client 0: connect as trusty_twin [options, -c role=twin_worker]
                client 0: Query: set role none
                client 0: Query: do $$ begin reset work_mem; end $$
                client 0: Query: select current_user
                client 0: Parse n0: reset work_mem | Describe S n0 | Sync
                client 0: Bind '' of n0 () | Execute '' | Sync
                client 0: Query: select current_user
                """,
                """
                client 1: connect as trusty_twin [TimeZone, Asia/Tokyo, options, -c work_mem=5MB -c app.user_id=start]
                client 1: Query: begin
                client 1: Query: set local work_mem to default
                client 1: Query: show work_mem
                client 1: Query: set local timezone to default
                client 1: Query: set local app.user_id to default
                client 1: Query: select current_setting('app.user_id')
                client 1: Query: set local time zone default; select 1
                client 1: Query: commit
                client 1: Query: set work_mem to '6MB'
                client 1: Query: begin; set local work_mem to default
                client 1: Query: show work_mem
                client 1: Query: commit
                client 1: Query: show work_mem
                client 1: Query: begin
                client 1: Parse '': set local work_mem = default | Bind '' of '' () | Execute '' | Sync
                client 1: Query: show work_mem
                client 1: Parse '': set local work_mem to default | Bind '' of '' () | Execute '' | Parse '': set local work_mem to '7MB' | Bind '' of '' () | Execute '' | Sync
                client 1: Query: show work_mem
                client 1: Query: set local work_mem to default; set local work_mem to '9MB'
                client 1: Query: show work_mem
                client 1: Parse '': reset work_mem | Bind '' of '' () | Execute '' | Parse '': set work_mem to '8MB' | Bind '' of '' () | Execute '' | Sync
                client 1: Query: show work_mem
                client 1: Parse '': reset timezone | Bind '' of '' () | Execute '' | Parse '': select set_config('timezone', 'UTC', false) | Bind '' of '' () | Execute '' | Sync
                client 1: Parse '': reset work_mem | Bind '' of '' () | Execute '' | Parse '': reset timezone | Bind '' of '' () | Execute '' | Sync
                client 1: Query: show work_mem
                client 1: Query: commit
                client 1: Query: set local work_mem to default
                client 1: Query: show work_mem
                """,
                """
                client 1: connect as trusty_twin_boss [DateStyle, German]
                client 1: Parse n0: begin | Describe S n0 | Parse n2: select $1::int + 1 | Describe S n2 | Bind '' of n2 ('1') | Execute '' | Sync | Parse '': set DateStyle to 'Postgres' | Bind '' of '' () | Describe P '' | Execute '' | Sync (no pause)
                client 1: Bind '' of n0 () | Describe P '' | Execute '' | Sync
                client 1: Query: select 1; rollback; set
                client 1: Parse '': discard temporary | Bind '' of '' () | Execute '' | Sync
                client 1: Bind '' of n2 ('0') | Execute '' | Bind '' of n0 () | Execute '' | Parse '': select generate_series(1, 5) | Bind portal0 of '' () | Execute portal0 max 2 | Execute portal0 max 2 | Close P portal0 | Bind '' of n0 () | Execute '' | Bind '' of n1 ('0') | Execute '' | Sync
                """,
                """
                client 0: connect as trusty_twin []
                client 2: connect as trusty_twin [application_name, client 2]
                client 0: Close S n2 | Parse n2: select $1::int + 1 | Describe S n2 | Sync | Bind '' of n2 ('1') | Execute '' | Sync
                client 0: Query: prepare n1 as select 'sql'
                client 2: Query: abort
                client 0: Query: select nullif(current_setting('app.user_id', true), '') (no pause)
                client 0: Parse '': show session_authorization | Bind '' of '' () | Execute '' max 1 | Bind '' of n2 ('2') | Execute '' | Sync | Parse n1: select nullif(current_setting('app.user_id', true), ''), $1 | Describe S n1 | Sync
                client 0: Parse '': select set_config($1, $2, $3) | Bind '' of '' ('search_path', '', 't') | Execute '' | Bind '' of n1 ('2') | Execute '' | Bind '' of n2 ('3') | Execute '' | Parse '': select set_config($1, $2, $3) | Bind '' of '' ('statement_timeout', '2min', 't') | Execute '' | Sync
                """,
                """
                client 0: connect as trusty_twin []
                client 1: connect as trusty_twin []
                client 0: Query: prepare n1 as select 'sql'
                client 1: Query: begin
                client 0: Parse '': select set_config('search_path', '', true) | Bind '' of '' () | Execute '' | Bind '' of n1 () | Execute '' | Sync
                client 0: Parse '': select set_config($1, $2, $3) | Bind '' of '' ('search_path', '', 't') | Execute '' | Bind '' of n1 () | Execute '' | Sync
                client 0: Parse n1: select 1 | Describe S n1 | Sync
                client 0: Parse '': select set_config($1, $2, $3) | Bind '' of '' ('search_path', '', 't') | Execute '' | Bind '' of n1 () | Execute '' | Sync
                client 0: Query: execute n1
                """);
    }
}
