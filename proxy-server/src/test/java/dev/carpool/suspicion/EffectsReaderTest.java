package dev.carpool.suspicion;

import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.StringJoiner;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

class EffectsReaderTest {
    private static final int UNCERTAIN = Suspicion.SET | Suspicion.SET_CONFIG | Suspicion.DISCARD;

    private static Effects read(String sql) {
        return read(sql, true);
    }

    private static Effects read(String sql, boolean standardStrings) {
        byte[] bytes = sql.getBytes(StandardCharsets.ISO_8859_1);
        SqlLexer lexer = new SqlLexer();
        lexer.begin(standardStrings ? SqlLexer.Backslash.PLAIN : SqlLexer.Backslash.ESCAPE);
        lexer.feed(Unpooled.wrappedBuffer(bytes), 0, bytes.length);
        return EffectsReader.read(sql, lexer.end(), standardStrings);
    }

    /** The changes that are certain; then the names of what may have changed besides, * for unknown ones. */
    private static String text(Effects effects) {
        StringJoiner changes = new StringJoiner("; ");
        changes.setEmptyValue("nothing");
        effects.changes()
                .forEach(change -> changes.add(
                        switch (change.kind()) {
                            case SET -> change.name() + "=" + change.value();
                            case RESET -> "reset " + change.name();
                            case RESET_LOCAL -> "local reset " + change.name();
                            case RESET_ALL -> "reset all";
                            case DISCARD_ALL -> "discard all";
                        }));
        StringJoiner names = new StringJoiner(" ");
        new TreeSet<>(effects.names()).forEach(names::add);
        effects.nameParameters().forEach(number -> names.add("$" + (number + 1)));
        if (!effects.namesKnown()) {
            names.add("*");
        }
        return names.length() == 0 ? changes.toString() : changes + " ask " + names;
    }

    @ParameterizedTest
    @CsvSource(delimiterString = " => ", quoteCharacter = '`', textBlock = """
                    set a.b to 1 => a.b=1
                    SET A.B = 'x' => a.b=x
                    set session work_mem = '1MB' => work_mem=1MB
                    set/**/work_mem/* a /* b */ ; */to/**/5 -- ; set x to 1 => work_mem=5
                    set "Work_Mem" to 5 => work_mem=5
                    set "App"."X" to 1 => app.x=1
                    set "App.X" to 1 => app.x=1
                    set a.b to on => a.b=on
                    set a.b to On => a.b=on
                    set a.b to "On" => a.b=On
                    set a.b to E'c' => a.b=c
                    set a.b to 'it''s; x' => a.b=it's; x
                    set a.b to $$c;d$$ => a.b=c;d
                    set a.b to $t$c$$d$t$ => a.b=c$$d
                    set a.b to '' => a.b=
                    set a.b to 'c\\' => a.b=c\\
                    set a.b to default => reset a.b
                    set a.b to "default" => a.b=default
                    set datestyle to iso, dmy => datestyle=iso, dmy
                    set time.x to 1 => time.x=1
                    set names.x to 1 => names.x=1
                    set role.x to 1 => role.x=1
                    set local.x to 1 => local.x=1
                    set session.x to 1 => session.x=1
                    set session local.x to 1 => local.x=1
                    set transaction.x to 1 => transaction.x=1
                    """)
    void settings(String sql, String expected) {
        assertEquals(expected, text(read(sql)));
    }

    /** PostgreSQL keeps an integer as a number and everything else as it was written. */
    @ParameterizedTest
    @CsvSource({
        "007, 7",
        "-0, 0",
        "- 07, -7",
        "+5, 5",
        "0, 0",
        "2147483647, 2147483647",
        "002147483647, 2147483647",
        "002147483648, 002147483648",
        "-002147483648, -002147483648",
        "1.50, 1.50",
        "01.5, 01.5",
        "-.5, -.5"
    })
    void numbers(String number, String expected) {
        assertEquals("a.b=" + expected, text(read("set a.b to " + number)));
    }

    @ParameterizedTest
    @CsvSource(delimiterString = " => ", quoteCharacter = '`', textBlock = """
                    set search_path to a, "B c", 'd' => search_path=a, "B c", d
                    set search_path = "$user", 'a"b' => search_path="$user", "a""b"
                    set search_path to '' => search_path=""
                    set search_path to 1 => search_path=1
                    set "SEARCH_PATH" to 'My Schema' => search_path="My Schema"
                    set schema 'My' => search_path="My"
                    set temp_tablespaces to 'A' => temp_tablespaces="A"
                    """)
    void listsOfNamesAreQuoted(String sql, String expected) {
        assertEquals(expected, text(read(sql)));
    }

    @ParameterizedTest
    @CsvSource(delimiterString = " => ", quoteCharacter = '`', textBlock = """
                    set role joe => role=joe
                    set role "Joe" => role=Joe
                    set role = 'Joe' => role=Joe
                    set session role none => role=none
                    set role to default => reset role
                    reset role => reset role
                    set session authorization joe => role=none
                    set session authorization default => reset role; reset session_authorization; reset role
                    reset session authorization => reset role; reset session_authorization; reset role
                    set session_authorization to joe => session_authorization=joe; role=none
                    """)
    void identity(String sql, String expected) {
        assertEquals(expected, text(read(sql)));
    }

    @ParameterizedTest
    @CsvSource(delimiterString = " => ", quoteCharacter = '`', textBlock = """
                    reset work_mem => reset work_mem
                    reset "Work_Mem" => reset work_mem
                    reset a.b => reset a.b
                    reset all => reset all
                    RESET ALL; => reset all
                    reset time zone => reset timezone
                    reset transaction.x => reset transaction.x
                    reset time.x => reset time.x
                    reset session.x => reset session.x
                    reset transaction isolation level => nothing
                    discard all => discard all
                    discard plans => nothing
                    discard temp => nothing
                    """)
    void reset(String sql, String expected) {
        assertEquals(expected, text(read(sql)));
    }

    @ParameterizedTest
    @CsvSource(delimiterString = " => ", quoteCharacter = '`', textBlock = """
                    set session characteristics as transaction read only => default_transaction_read_only=on
                    set session characteristics as transaction read write => default_transaction_read_only=off
                    set session characteristics as transaction isolation level serializable => default_transaction_isolation=serializable
                    set session characteristics as transaction isolation level read uncommitted, not deferrable => default_transaction_isolation=read uncommitted; default_transaction_deferrable=off
                    set session characteristics as transaction deferrable isolation level repeatable read => default_transaction_deferrable=on; default_transaction_isolation=repeatable read
                    """)
    void characteristics(String sql, String expected) {
        assertEquals(expected, text(read(sql)));
    }

    @ParameterizedTest
    @CsvSource(delimiterString = " => ", quoteCharacter = '`', textBlock = """
                    set local work_mem to 5 => nothing
                    set local role joe => nothing
                    set local role to default => local reset role
                    set local Work_Mem = default => local reset work_mem
                    set local time zone default => local reset timezone
                    set local session authorization default => nothing
                    set local work_mem to default; set local work_mem to 5 => nothing
                    set local work_mem to default; select set_config('work_mem', '5', true) => nothing ask work_mem
                    set local session characteristics as transaction read only => nothing
                    set transaction read only => nothing
                    set transaction_isolation to serializable => nothing
                    set "Transaction_Isolation" to serializable => nothing
                    set constraints all deferred => nothing
                    """)
    void ofTheTransactionAlone(String sql, String expected) {
        Effects effects = read(sql);
        assertEquals(expected, text(effects));
        assertEquals(0, effects.bits() & UNCERTAIN);
    }

    /** PostgreSQL reports what becomes of it. */
    @ParameterizedTest
    @CsvSource({"set time zone 'UTC', timezone", "set names 'utf8', client_encoding"})
    void reported(String sql, String name) {
        assertEquals("nothing ask " + name, text(read(sql)));
    }

    @ParameterizedTest
    @CsvSource(delimiterString = " => ", quoteCharacter = '`', textBlock = """
                    set a.b to 1; set a.c to 2 => a.b=1; a.c=2
                    select 1; set a.b to 1;; select ';' => a.b=1
                    set a.b to 1; reset all => a.b=1; reset all
                    begin; set a.b to 1 => a.b=1
                    start transaction; set a.b to 1; reset all; commit => a.b=1; reset all
                    set a.b to 1; rollback => a.b=1
                    set a.b to 1; begin => nothing ask a.b
                    begin; set a.b to 1; commit; select 1 => nothing ask a.b
                    commit; set a.b to 1; reset all => nothing ask a.b *
                    savepoint s; set a.b to 1; rollback to s => nothing ask a.b
                    set a.b to 1; select set_config('c.d', '2', false) => nothing ask a.b c.d
                    """)
    void severalStatements(String sql, String expected) {
        assertEquals(expected, text(read(sql)));
    }

    @ParameterizedTest
    @CsvSource(delimiterString = " => ", quoteCharacter = '`', textBlock = """
                    set a.b to U&'c' => nothing ask a.b
                    set a.b to E'c\\n' => nothing ask a.b
                    set a.b to 1e5 => nothing ask a.b
                    set a.b to 0x1F => nothing ask a.b
                    set a.b to 'c' 'd' => nothing ask a.b *
                    set role joe 'd' => nothing ask role *
                    set a.b to \u00e4 => nothing ask a.b
                    set U&"a" to 1 => nothing ask *
                    set xml option document => nothing ask *
                    set session session authorization joe => nothing ask *
                    reset a.b c => nothing ask a.b *
                    discard everything => nothing ask *
                    update pg_settings set setting = '1' where name = 'work_mem' => nothing ask *
                    """)
    void whatIsNotUnderstoodIsAsked(String sql, String expected) {
        Effects effects = read(sql);
        assertEquals(expected, text(effects));
        assertNotEquals(0, effects.bits() & UNCERTAIN);
    }

    @ParameterizedTest
    @CsvSource(delimiterString = " => ", quoteCharacter = '`', textBlock = """
                    select set_config('a.b', 'c', false) => nothing ask a.b
                    select pg_catalog."set_config" ( 'A.b'::text , 'c', false) => nothing ask A.b
                    select set_config($1, $2, false) => nothing ask $1
                    select set_config($2::text, $1, $3) => nothing ask $2
                    select set_config($$a.b$$, 'c', false), set_config($1, 'd', false) => nothing ask a.b $1
                    select set_config('a' || '.b', 'c', false) => nothing ask *
                    select set_config(E'a\\.b', 'c', false) => nothing ask *
                    select set_config(U&'a', 'c', false) => nothing ask *
                    select set_config(setting_name := 'a.b', new_value := 'c', is_local := false) => nothing ask *
                    select set_config('', 'c', false) => nothing ask *
                    select set_config(set_config('a.b', 'c', false), 'd', false) => nothing ask a.b *
                    select set_config($123456, 'd', false) => nothing ask *
                    """)
    void setConfig(String sql, String expected) {
        assertEquals(expected, text(read(sql)));
    }

    @ParameterizedTest
    @CsvSource(delimiterString = " => ", quoteCharacter = '`', textBlock = """
                    do $$ begin set work_mem to 5; perform set_config('c.d', 'x', false); end $$ => nothing ask c.d work_mem
                    do language plpgsql 'begin reset a.b; end' => nothing ask a.b
                    do $$ begin set local work_mem to 5; end $$ => nothing ask work_mem
                    do $$ begin execute 'set a.b to 1'; end $$ => nothing ask a.b
                    select my_function('a.b') => nothing ask a.b
                    """)
    void namesThatCodeMayUse(String sql, String expected) {
        assertEquals(expected, text(read(sql)));
    }

    @Test
    void stringsGoOnInTheNextLine() {
        assertEquals("nothing ask a.b *", text(read("set a.b to 'c'\n'd'")));
    }

    @Test
    void backslashesOfNonstandardStringsAreNotUnderstood() {
        assertEquals("nothing ask a.b", text(read("set a.b to 'c\\'; set d.e to 1'", false)));
        assertEquals("a.b=c", text(read("set a.b to 'c'", false)));
    }

    /** PostgreSQL cuts names off. */
    @Test
    void longNames() {
        String longest = "n".repeat(63);
        assertEquals("role=" + longest, text(read("set role " + longest)));
        assertEquals("nothing ask *", text(read("set role " + longest + "n")));
        assertEquals("nothing ask search_path", text(read("set search_path to " + longest + "n")));
        assertEquals("nothing ask *", text(read("set a." + longest + "n to 1")));
    }

    @Test
    void otherStateIsLeftToItsBits() {
        assertEquals(Suspicion.HIDDEN_STATE, read("set seed to 0.5").bits() & Suspicion.HIDDEN_STATE);
        assertEquals(Suspicion.HIDDEN_STATE, read("set \"SEED\" to 0.5").bits() & Suspicion.HIDDEN_STATE);
        assertEquals(Suspicion.TEMP, read("discard temp").bits() & Suspicion.TEMP);
        assertEquals(Suspicion.SEQUENCE, read("discard sequences").bits() & Suspicion.SEQUENCE);
    }

    /** What may send settings back although the text does not tell whether it does. */
    @ParameterizedTest
    @CsvSource(delimiterString = " => ", quoteCharacter = '`', textBlock = """
                    reset work_mem => false
                    begin; reset work_mem => false
                    end; reset work_mem => true
                    end; set work_mem to default => true
                    end; set work_mem to 1 => false
                    rollback; discard all => true
                    end; reset transaction_isolation => false
                    do $$ begin reset work_mem; end $$ => true
                    do $$ begin set timezone to default; end $$ => true
                    do $$ begin execute 'RESET ALL'; end $$ => true
                    do $$ begin set work_mem to 1; end $$ => false
                    """)
    void mayGoBack(String sql, boolean expected) {
        assertEquals(expected, !read(sql).doubtful().isEmpty());
    }
}
