package dev.carpool.suspicion;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Every word the lexer knows something about: PostgreSQL's key words, harmless functions, and the names that mean
 * session state. One open-addressing table, filled once and then only read; a look-up allocates nothing.
 */
final class SqlWords {
    // What is known of a word is one int.
    /** Lowest byte: the number of the word's token if it is a key word of interest, else 0. */
    static final int TOKEN = 0xff;

    /** A key word that is never the name of a called function: reserved, column name, type or function name. */
    static final int KEYWORD = 1 << 8;
    /** A key word that may also be a name. */
    static final int UNRESERVED = 1 << 9;
    /** An unreserved key word that stands before a parenthesis without being a call: {@code over (}. */
    static final int BEFORE_PAREN = 1 << 10;
    /** A pg_catalog function that leaves nothing behind. */
    static final int HARMLESS = 1 << 11;
    /** The schema pg_catalog or information_schema. */
    static final int SYSTEM_SCHEMA = 1 << 12;

    static final int TEMP_SCHEMA = 1 << 13;
    static final int PG_SETTINGS = 1 << 14;
    /** A relation or function that shows what the session holds. */
    static final int SESSION_VIEW = 1 << 15;

    static final int SET_CONFIG = 1 << 16;
    static final int ADVISORY_LOCK = 1 << 17;
    static final int SEQUENCE = 1 << 18;
    static final int HIDDEN_STATE = 1 << 19;
    static final int NOTIFY = 1 << 20;
    static final int BACKEND_PID = 1 << 21;
    /** A language whose functions can keep something in the server process: C, and those with variables of the session. */
    static final int KEEPING_LANGUAGE = 1 << 22;

    /** A function that reads what the session has done to a sequence. */
    static final int SEQUENCE_READ = 1 << 23;

    /** A function of a process id. */
    static final int PROCESS_ID = 1 << 24;

    /** Stands for settings that decide what texts mean: behind SET, RESET or DISCARD. */
    static final int MEANING = 1 << 25;

    /** A view with a column {@code pid}. */
    static final int PROCESS_VIEW = 1 << 26;

    /** Names that mean something when called. */
    static final int TELLING_FUNCTION =
            SET_CONFIG | ADVISORY_LOCK | SEQUENCE | SEQUENCE_READ | HIDDEN_STATE | NOTIFY | BACKEND_PID | PROCESS_ID;
    /** Names that mean something wherever they stand. */
    static final int TELLING_NAME =
            TEMP_SCHEMA | PG_SETTINGS | SESSION_VIEW | KEEPING_LANGUAGE | MEANING | PROCESS_VIEW;

    /** PostgreSQL cuts names to 63 bytes (NAMEDATALEN - 1); longer words are none of ours. */
    static final int LONGEST = 63;

    private static final int SLOTS = 8192;
    private static final int[] HASHES = new int[SLOTS];
    private static final int[] FLAGS = new int[SLOTS];
    private static final byte[][] NAMES = new byte[SLOTS][];

    static {
        Map<String, Integer> words = new HashMap<>(4096);
        read("keywords.txt", line -> {
            int space = line.indexOf(' ');
            add(words, line.substring(0, space), line.charAt(space + 1) == 'U' ? UNRESERVED : KEYWORD);
        });
        read("harmless-functions.txt", line -> add(words, line, HARMLESS));
        for (int number = 0; number < SqlToken.count(); number++) {
            if (SqlToken.of(number).isWord()) {
                add(words, SqlToken.of(number).word(), number);
            }
        }
        // Few on purpose: each of these would hide a function of the same name.
        addAll(
                words,
                BEFORE_PAREN,
                "over by set cube rollup insert conflict columns materialized operator zone varying stdin stdout");
        addAll(words, SYSTEM_SCHEMA, "pg_catalog information_schema");
        addAll(words, TEMP_SCHEMA, "pg_temp");
        addAll(
                words,
                KEEPING_LANGUAGE,
                "c plperl plperlu plpython3u plpythonu plpython2u pltcl pltclu plv8 plr pljava pljavau plluau pllua");
        addAll(words, PG_SETTINGS, "pg_settings");
        addAll(words, PROCESS_VIEW, """
                pg_locks pg_stat_activity pg_stat_gssapi pg_stat_progress_analyze pg_stat_progress_basebackup
                pg_stat_progress_cluster pg_stat_progress_copy pg_stat_progress_create_index pg_stat_progress_vacuum
                pg_stat_replication pg_stat_ssl""");
        addAll(words, SESSION_VIEW, "pg_prepared_statements pg_prepared_statement pg_listening_channels");
        addAll(words, HARMLESS, "pg_prepared_statement pg_listening_channels pg_notify");
        // Types in the place of a function: tsquery('x') is a cast.
        addAll(words, HARMLESS, """
                aclitem cid inet int2vector json jsonb jsonpath oidvector pg_lsn pg_snapshot refcursor regclass
                regcollation regconfig regdictionary regnamespace regoper regoperator regproc regprocedure regrole
                regtype tid tsquery tsvector txid_snapshot uuid xid xid8""");
        // Of extensions most applications have, by names that are hardly anybody else's. pg_trgm's set_limit is a
        // setting.
        addAll(words, HARMLESS, """
                uuid_generate_v1 uuid_generate_v1mc uuid_generate_v3 uuid_generate_v4 uuid_generate_v5 uuid_nil
                gen_salt gen_random_bytes pgp_sym_encrypt pgp_sym_encrypt_bytea pgp_sym_decrypt pgp_sym_decrypt_bytea
                pgp_pub_encrypt pgp_pub_encrypt_bytea pgp_pub_decrypt pgp_pub_decrypt_bytea pgp_key_id
                similarity word_similarity strict_word_similarity show_trgm unaccent levenshtein
                levenshtein_less_equal dmetaphone dmetaphone_alt hstore_to_json hstore_to_jsonb hstore_to_array
                nlevel subltree ltree2text text2ltree ll_to_earth earth_distance earth_box""");
        // Options of COPY with a list of columns.
        addAll(words, HARMLESS, "force_quote force_null force_not_null");
        // Of information_schema, which drivers call.
        addAll(words, HARMLESS, """
                _pg_expandarray _pg_index_position _pg_truetypid _pg_truetypmod _pg_char_max_length
                _pg_char_octet_length _pg_numeric_precision _pg_numeric_precision_radix _pg_numeric_scale
                _pg_datetime_precision _pg_interval_type""");
        addAll(words, NOTIFY, "pg_notify");
        addAll(words, BACKEND_PID | HARMLESS, "pg_backend_pid");
        addAll(words, PROCESS_ID | HARMLESS, """
                pg_terminate_backend pg_cancel_backend pg_blocking_pids pg_log_backend_memory_contexts
                pg_safe_snapshot_blocking_pids pg_stat_get_activity pg_stat_get_backend_io pg_stat_get_backend_wal
                pg_stat_reset_backend_stats pg_isolation_test_session_is_blocked""");
        addAll(words, SET_CONFIG | HARMLESS, "set_config");
        addAll(words, SEQUENCE | HARMLESS, "nextval setval");
        addAll(words, SEQUENCE_READ | HARMLESS, "currval lastval");
        addAll(words, ADVISORY_LOCK | HARMLESS, """
                pg_advisory_lock pg_advisory_lock_shared pg_try_advisory_lock pg_try_advisory_lock_shared
                pg_advisory_unlock pg_advisory_unlock_shared pg_advisory_unlock_all""");
        // What extensions keep in the server process: connections of dblink, variables of pg_variables, indexes of
        // hypopg.
        addAll(words, HIDDEN_STATE, """
                dblink_connect dblink_connect_u hypopg_create_index hypopg_hide_index
                pgv_set pgv_set_int pgv_set_text pgv_set_numeric pgv_set_timestamp pgv_set_timestamptz pgv_set_date
                pgv_set_jsonb pgv_insert""");
        addAll(words, HIDDEN_STATE | HARMLESS, """
                setseed pg_start_backup pg_stop_backup pg_backup_start pg_backup_stop
                pg_replication_origin_session_setup pg_replication_origin_session_reset
                pg_create_physical_replication_slot pg_create_logical_replication_slot
                pg_copy_physical_replication_slot pg_copy_logical_replication_slot""");
        addAll(words, MEANING, String.join(" ", SettingNames.meaningWords()));
        words.forEach(SqlWords::store);
    }

    private SqlWords() {}

    /** Start value of a word's hash. */
    static final int HASH_START = 0;

    /** The hash of a word so far and its next byte, already in lower case. */
    static int hash(int hash, byte next) {
        return hash * 31 + next;
    }

    /** What is known of the word in {@code name[0, length)}; 0 if nothing. */
    static int find(byte[] name, int length, int hash) {
        for (int slot = slot(hash); ; slot = (slot + 1) & (SLOTS - 1)) {
            byte[] candidate = NAMES[slot];
            if (candidate == null) {
                return 0;
            }
            if (HASHES[slot] == hash && same(candidate, name, length)) {
                return FLAGS[slot];
            }
        }
    }

    /** Whether a name, in lower case, is a key word that is never called or one of PostgreSQL's functions that leave nothing behind. */
    static boolean isNoUnknownCall(byte[] name) {
        int hash = HASH_START;
        for (byte next : name) {
            hash = hash(hash, next);
        }
        int flags = find(name, name.length, hash);
        return (flags & (KEYWORD | BEFORE_PAREN | HARMLESS)) != 0 && (flags & TELLING_FUNCTION) == 0;
    }

    private static boolean same(byte[] candidate, byte[] name, int length) {
        if (candidate.length != length) {
            return false;
        }
        for (int i = 0; i < length; i++) {
            if (candidate[i] != name[i]) {
                return false;
            }
        }
        return true;
    }

    private static int slot(int hash) {
        return (hash * 0x9E3779B9) >>> 19;
    }

    private static void add(Map<String, Integer> words, String word, int flags) {
        words.merge(word, flags, (a, b) -> a | b);
    }

    private static void addAll(Map<String, Integer> words, int flags, String list) {
        for (String word : list.strip().split("\\s+")) {
            add(words, word, flags);
        }
    }

    private static void store(String word, int flags) {
        byte[] name = word.getBytes(StandardCharsets.US_ASCII);
        int hash = HASH_START;
        for (byte next : name) {
            hash = hash(hash, next);
        }
        int slot = slot(hash);
        while (NAMES[slot] != null) {
            slot = (slot + 1) & (SLOTS - 1);
        }
        NAMES[slot] = name;
        HASHES[slot] = hash;
        FLAGS[slot] = flags;
    }

    private static void read(String resource, Consumer<String> lines) {
        try (InputStream stream = SqlWords.class.getResourceAsStream(resource)) {
            if (stream == null) {
                throw new IllegalStateException(resource + " is missing from the jar");
            }
            new BufferedReader(new InputStreamReader(stream, StandardCharsets.US_ASCII))
                    .lines()
                    .filter(line -> !line.isEmpty() && line.charAt(0) != '#')
                    .forEach(lines);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
