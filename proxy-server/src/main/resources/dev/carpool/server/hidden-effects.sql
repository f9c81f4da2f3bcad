-- Functions that change the state of their session where no statement names them: in triggers, themselves or by others that
-- they call, and in what rules, defaults, policies, constraints, operators, casts, types and relations refer to; and those
-- that have the name of one of PostgreSQL's own, which is taken to be harmless (row 'h').
-- PostgreSQL's own functions have no entries in pg_depend; views, defaults and the like name them by their numbers: 2078 is
-- set_config, 1599 setseed, 2880 to 2883 and 2886 to 2889 take advisory locks.
-- Functions that keep in the server process what no catalog shows, and those that call them (rows 'k').
-- Besides, the names of custom settings in the source of functions and in such views (rows 'x'). Calls of set_config that
-- are local to their transaction are cut out of sources first; prosqlbody is there since PostgreSQL 14. Numbers: 11
-- pg_catalog, 1255 pg_proc, 2618 pg_rewrite, 2604 pg_attrdef, 3256 pg_policy, 2606 pg_constraint, 2617 pg_operator, 2605
-- pg_cast, 1247 pg_type, 1259 pg_class.
WITH RECURSIVE own AS MATERIALIZED (
    SELECT p.oid, p.proname, pg_catalog.lower(p.proname::pg_catalog.text) AS called, l.lanname::pg_catalog.text AS language,
        pg_catalog.concat('(^|[^a-z0-9_$])', pg_catalog.regexp_replace(
            pg_catalog.lower(p.proname::pg_catalog.text), '[^a-z0-9_]', '.', 'g'), E'"?\\s*\\(') AS calls,
        pg_catalog.lower(CASE
            WHEN p.prosrc OPERATOR(pg_catalog.=) ''
                THEN pg_catalog.to_jsonb(p) OPERATOR(pg_catalog.->>) 'prosqlbody'
            ELSE p.prosrc END) AS source,
        p.prosrc OPERATOR(pg_catalog.=) '' OR p.prokind OPERATOR(pg_catalog.=) 'a'::pg_catalog."char" AS depends
    FROM pg_catalog.pg_proc p
    JOIN pg_catalog.pg_language l ON l.oid OPERATOR(pg_catalog.=) p.prolang
    WHERE (l.lanname OPERATOR(pg_catalog.<>) ALL ('{internal,c}'::pg_catalog.name[])
            OR p.prokind OPERATOR(pg_catalog.=) 'a'::pg_catalog."char")
        AND p.pronamespace OPERATOR(pg_catalog.<>) 11::pg_catalog.oid
        AND NOT EXISTS (
            SELECT FROM pg_catalog.pg_depend e
            WHERE e.classid OPERATOR(pg_catalog.=) 1255::pg_catalog.oid
                AND e.objid OPERATOR(pg_catalog.=) p.oid
                AND e.deptype OPERATOR(pg_catalog.=) 'e'::pg_catalog."char")),
telling AS (
    SELECT o.oid, o.proname, o.called, o.calls
    FROM own o
    WHERE pg_catalog.regexp_replace(o.source, E'set_config\\s*\\([^;]*?,\\s*true\\s*\\)', '', 'g')
        OPERATOR(pg_catalog.~) pg_catalog.concat(
            'set_config|pg_advisory_lock|pg_try_advisory_lock|setseed|pg_temp|:funcid (2078|1599|288[0-36-9]) ',
            E'|\\mtemp(orary)?\\s+(table|view|sequence)\\M|\\mlisten\\M|\\mprepare\\M|\\mwith\\s+hold\\M',
            E'|(^|[;$\']|\\m(begin|then|else|loop)\\M)\\s*(re)?set\\s+(?!local\\M|constraints\\M|transaction\\M)')
    UNION
    SELECT o.oid, o.proname, o.called, o.calls
    FROM telling t
    JOIN own o ON (pg_catalog.strpos(o.source, t.called) OPERATOR(pg_catalog.>) 0
            AND o.source OPERATOR(pg_catalog.~) t.calls)
        OR (o.depends AND EXISTS (
            SELECT FROM pg_catalog.pg_depend d
            WHERE d.classid OPERATOR(pg_catalog.=) 1255::pg_catalog.oid
                AND d.objid OPERATOR(pg_catalog.=) o.oid
                AND d.refclassid OPERATOR(pg_catalog.=) 1255::pg_catalog.oid
                AND d.refobjid OPERATOR(pg_catalog.=) t.oid))),
keeping AS (
    SELECT o.oid, o.called, o.calls
    FROM own o
    WHERE CASE
            WHEN o.language OPERATOR(pg_catalog.~) '^(sql|plpgsql|internal)$' THEN false
            WHEN o.language OPERATOR(pg_catalog.~) '^plperl' THEN o.source OPERATOR(pg_catalog.~) E'_shared\\M|\\mour\\M'
            WHEN o.language OPERATOR(pg_catalog.~) '^plpython' THEN o.source OPERATOR(pg_catalog.~) E'\\m(gd|sd|global)\\M'
            WHEN o.language OPERATOR(pg_catalog.~) '^pltcl' THEN o.source OPERATOR(pg_catalog.~) E'\\m(gd|global|upvar)\\M'
            ELSE true END
        OR o.source OPERATOR(pg_catalog.~) E'\\msetseed\\M|\\mdblink_connect(_u)?\\M|:funcid 1599 '
    UNION
    SELECT o.oid, o.called, o.calls
    FROM keeping k
    JOIN own o ON (pg_catalog.strpos(o.source, k.called) OPERATOR(pg_catalog.>) 0
            AND o.source OPERATOR(pg_catalog.~) k.calls)
        OR (o.depends AND EXISTS (
            SELECT FROM pg_catalog.pg_depend d
            WHERE d.classid OPERATOR(pg_catalog.=) 1255::pg_catalog.oid
                AND d.objid OPERATOR(pg_catalog.=) o.oid
                AND d.refclassid OPERATOR(pg_catalog.=) 1255::pg_catalog.oid
                AND d.refobjid OPERATOR(pg_catalog.=) k.oid))),
expressions AS MATERIALIZED (
    SELECT r.ev_class AS relation, r.ev_action::pg_catalog.text AS tree FROM pg_catalog.pg_rewrite r
    WHERE r.oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid
    UNION ALL SELECT d.adrelid, d.adbin::pg_catalog.text FROM pg_catalog.pg_attrdef d
    UNION ALL SELECT p.polrelid, pg_catalog.concat(p.polqual, p.polwithcheck) FROM pg_catalog.pg_policy p
    UNION ALL SELECT c.conrelid, c.conbin::pg_catalog.text FROM pg_catalog.pg_constraint c
    UNION ALL SELECT g.tgrelid, g.tgqual::pg_catalog.text FROM pg_catalog.pg_trigger g
    UNION ALL SELECT y.typrelid, y.typdefaultbin::pg_catalog.text FROM pg_catalog.pg_type y),
direct AS MATERIALIZED (
    SELECT e.relation FROM expressions e
    WHERE e.tree OPERATOR(pg_catalog.~) ':funcid (2078|1599|288[0-36-9]) ')
SELECT 'h'::pg_catalog.text, ''::pg_catalog.text, NULL::pg_catalog.text
WHERE EXISTS (SELECT FROM direct)
    OR EXISTS (
        SELECT FROM telling t
        WHERE EXISTS (SELECT FROM pg_catalog.pg_trigger g WHERE g.tgfoid OPERATOR(pg_catalog.=) t.oid)
            OR EXISTS (SELECT FROM pg_catalog.pg_event_trigger v WHERE v.evtfoid OPERATOR(pg_catalog.=) t.oid)
            OR EXISTS (
                SELECT FROM pg_catalog.pg_proc b
                WHERE b.proname OPERATOR(pg_catalog.=) t.proname
                    AND b.pronamespace OPERATOR(pg_catalog.=) 11::pg_catalog.oid))
    OR EXISTS (
        SELECT FROM telling t
        JOIN pg_catalog.pg_depend x
            ON x.refclassid OPERATOR(pg_catalog.=) 1255::pg_catalog.oid
                AND x.refobjid OPERATOR(pg_catalog.=) t.oid
        WHERE x.classid OPERATOR(pg_catalog.=)
            ANY ('{2618,2604,3256,2606,2617,2605,1247,1259}'::pg_catalog.oid[]))
UNION ALL SELECT DISTINCT 'k', k.called, NULL::pg_catalog.text FROM keeping k
UNION ALL
SELECT DISTINCT 'x', pg_catalog.lower(m[1]), NULL::pg_catalog.text
FROM own o, pg_catalog.regexp_matches(o.source, E'set_config\\s*\\(\\s*\'([a-z_][a-z0-9_]*\\.[a-z0-9_.]+)\'', 'gi') m
UNION ALL
SELECT DISTINCT 'x', pg_catalog.lower(m[1]), NULL::pg_catalog.text
FROM direct d
JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) d.relation
    AND c.relkind OPERATOR(pg_catalog.=) ANY ('{v,m}'::pg_catalog."char"[]),
    pg_catalog.regexp_matches(
        pg_catalog.pg_get_viewdef(c.oid), E'set_config\\s*\\(\\s*\'([a-z_][a-z0-9_]*\\.[a-z0-9_.]+)\'', 'gi') m
