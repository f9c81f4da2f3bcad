package dev.carpool.config;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The table of settings that PgBouncer 1.25 has and Carpool has not. In a pgbouncer.ini most are accepted with a notice;
 * those that would make the proxy less safe than the operator means it to be are problems. PgBouncer's default needs no
 * word in either case.
 *
 * @param harmless the value that asks for nothing, mostly PgBouncer's default
 * @param sentence what happens instead
 */
record PgBouncerOnly(Scope scope, String key, String harmless, Verdict verdict, String sentence) {

    enum Verdict {
        NOTICE,
        PROBLEM,
        /** The process should become another user: a problem for root, pointless for anybody else. */
        BECOME_USER
    }

    private static final List<PgBouncerOnly> TABLE = new ArrayList<>();

    static {
        notice("application_name_add_host", "0", "application_name is passed on as the client sets it");
        problem("auth_ident_file", "", "user name maps are not supported, so logins could not be judged as meant");
        problem("auth_ldap_options", "", "LDAP is not supported");
        notice("client_tls_dheparams", "auto", "the TLS library chooses");
        notice("client_tls_ecdhcurve", "auto", "the TLS library chooses");
        notice("conffile", "", "a reload reads the file named at start");
        problem("disable_pqexec", "0", "the simple query protocol cannot be forbidden");
        notice("dns_max_ttl", "15", "names are looked up when a connection is opened, by Java's resolver");
        notice("dns_nxdomain_ttl", "15", "names are looked up when a connection is opened, by Java's resolver");
        notice("dns_zone_check_period", "0", "names are looked up when a connection is opened, by Java's resolver");
        notice("ignore_startup_parameters", "", "not needed: every startup parameter is accepted and honoured");
        notice("job_name", "pgbouncer", "not needed");
        notice("logfile", "", "the log goes to standard error");
        notice("login_notify_message", "", "no message is sent at login");
        notice(
                "peer_id",
                "0",
                "cancel requests are not passed on to other processes; one Carpool uses all cores, and see instance_id");
        notice("pidfile", "", "no such file is written");
        notice("pkt_buf", "4096", "see read_buffer_size");
        notice("pool_idle_timeout", "0", "pools of wildcard databases are forgotten after autodb_idle_timeout");
        notice("query_wait_notify", "5", "clients are not told that they wait");
        notice("resolv_conf", "", "names are looked up by Java's resolver");
        notice("sbuf_loopcnt", "5", "not needed");
        notice("service_name", "pgbouncer", "not needed");
        notice("suspend_timeout", "10", "there is no SUSPEND");
        notice("syslog", "0", "the log goes to standard error");
        notice("syslog_facility", "daemon", "the log goes to standard error");
        notice("syslog_ident", "pgbouncer", "the log goes to standard error");
        notice("track_extra_parameters", "IntervalStyle", "not needed: every parameter PostgreSQL reports is tracked");
        notice("unix_socket_dir", "", "Carpool listens on TCP only");
        notice("unix_socket_group", "", "Carpool listens on TCP only");
        notice("unix_socket_mode", "0777", "Carpool listens on TCP only");
        row(Scope.GLOBAL, "user", "", Verdict.BECOME_USER, "Carpool keeps the user it is started as");
        row(Scope.DATABASE, "load_balance_hosts", "", Verdict.NOTICE, "not needed: an entry has one host");
    }

    /** Every row, by key. */
    static List<PgBouncerOnly> all() {
        return Collections.unmodifiableList(TABLE);
    }

    static @Nullable PgBouncerOnly find(Scope scope, String key) {
        for (PgBouncerOnly row : TABLE) {
            if (row.scope == scope && row.key.equals(key)) {
                return row;
            }
        }
        return null;
    }

    void report(Given given, Problems problems) {
        report(given, problems, System.getProperty("user.name", ""));
    }

    void report(Given given, Problems problems, String processUser) {
        String path = given.path().toString();
        if (given.dialect() == Dialect.CARPOOL) {
            problems.add(given.origin(), path, "PgBouncer's, not Carpool's: %s", sentence);
        } else if (given.text().equals(harmless)) {
            return;
        } else if (verdict == Verdict.PROBLEM) {
            problems.add(given.origin(), path, "cannot be done safely: %s", sentence);
        } else if (verdict == Verdict.BECOME_USER && processUser.equals("root")) {
            problems.add(given.origin(), path, "%s: start it as %s, not as root", sentence, given.text());
        } else if (verdict == Verdict.NOTICE || !processUser.equals(given.text())) {
            problems.notice(given.origin(), path, "has no effect: %s", sentence);
        }
    }

    private static void notice(String key, String harmless, String sentence) {
        row(Scope.GLOBAL, key, harmless, Verdict.NOTICE, sentence);
    }

    private static void problem(String key, String harmless, String sentence) {
        row(Scope.GLOBAL, key, harmless, Verdict.PROBLEM, sentence);
    }

    private static void row(Scope scope, String key, String harmless, Verdict verdict, String sentence) {
        TABLE.add(new PgBouncerOnly(scope, key, harmless, verdict, sentence));
    }
}
