package dev.carpool.suspicion;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Which columns {@code pid} of a text are the process ids of PostgreSQL's views, as far as FROM and JOIN tell. In doubt
 * a column is none.
 */
final class ProcessIdColumns {
    private static final Set<String> VIEWS = Set.of(
            "pg_locks",
            "pg_stat_activity",
            "pg_stat_gssapi",
            "pg_stat_progress_analyze",
            "pg_stat_progress_basebackup",
            "pg_stat_progress_cluster",
            "pg_stat_progress_copy",
            "pg_stat_progress_create_index",
            "pg_stat_progress_vacuum",
            "pg_stat_replication",
            "pg_stat_ssl");

    /** Functions with FROM among their arguments. */
    private static final Set<String> WITH_FROM = Set.of("extract", "overlay", "substring", "trim");

    /** Behind a relation, what is no alias. */
    private static final Set<String> NO_ALIAS = Set.of(
            "cross",
            "except",
            "fetch",
            "for",
            "full",
            "group",
            "having",
            "inner",
            "intersect",
            "join",
            "left",
            "limit",
            "natural",
            "offset",
            "on",
            "order",
            "right",
            "tablesample",
            "union",
            "using",
            "where",
            "window");

    /** Statements that write may name columns of other tables. */
    private static final Set<String> WRITING = Set.of("delete", "insert", "merge", "update");

    private final List<PlacedToken> tokens;
    private final Set<String> views = new HashSet<>();
    private final Set<String> others = new HashSet<>();

    /** A column without a relation's name in front may be that of another relation. */
    private boolean unclear;

    ProcessIdColumns(List<PlacedToken> tokens) {
        this.tokens = tokens;
        for (int i = 0; i < tokens.size() - 1; i++) {
            PlacedToken token = tokens.get(i);
            if (token.isWord()
                    && WITH_FROM.contains(token.text())
                    && tokens.get(i + 1).is('(')) {
                i = tokens.get(i + 1).closing();
            } else if (token.isWord() && WRITING.contains(token.text())) {
                unclear = true;
            } else if (token.is("join")
                    || (token.is("from") && !(i > 0 && tokens.get(i - 1).is("distinct")))) {
                relations(i + 1);
            }
        }
    }

    /** Whether there are any. */
    boolean areThere() {
        return !views.isEmpty();
    }

    /** Whether the name at {@code at} is one. */
    boolean has(int at) {
        PlacedToken token = tokens.get(at);
        if (!token.isName() || !token.text().equals("pid") || tokens.get(at + 1).is('(')) {
            return false;
        }
        if (at < 2 || !tokens.get(at - 1).is('.')) {
            return !unclear && areThere();
        }
        String relation = tokens.get(at - 2).text();
        return views.contains(relation) && !others.contains(relation);
    }

    /** The relations of a FROM or JOIN. */
    private void relations(int from) {
        int at = from;
        do {
            at = relation(at);
        } while (at > 0 && tokens.get(at++).is(','));
    }

    /** The relation that begins at {@code from}; returns where it ends with its alias, 0 if that is not known. */
    private int relation(int from) {
        int at = from;
        while (tokens.get(at).is("only") || tokens.get(at).is("lateral")) {
            at++;
        }
        if (tokens.get(at).is('(')) {
            int behind = alias(tokens.get(at).closing() + 1, others, "");
            unclear |= tokens.get(Math.min(behind, tokens.size() - 1)).is(',');
            return 0; // what is inside is read like the rest
        }
        if (tokens.get(at).is("pg_catalog") && tokens.get(at + 1).is('.')) {
            at += 2;
        }
        PlacedToken name = tokens.get(at);
        if (!name.isName() || tokens.get(at + 1).is('.') || tokens.get(at + 1).is('(')) {
            unclear = true;
            return 0;
        }
        boolean view = VIEWS.contains(name.text());
        unclear |= !view && !name.text().startsWith("pg_");
        return alias(at + 1, view ? views : others, name.text());
    }

    /** Adds what a relation is called to one of the sets; returns what follows. */
    private int alias(int from, Set<String> names, String name) {
        int at = Math.min(from, tokens.size() - 1);
        if (tokens.get(at).is("as")) {
            at++;
        }
        PlacedToken alias = tokens.get(at);
        if (alias.isName() && !(alias.isWord() && NO_ALIAS.contains(alias.text()))) {
            names.add(alias.text());
            if (tokens.get(at + 1).is('(')) {
                unclear = true; // its columns are called otherwise
                views.remove(alias.text());
            }
            return at + 1;
        }
        names.add(name);
        return at;
    }
}
