-- What the functions of a database do that no statement tells, by their sources.
-- Row 'h': some change the state of their session where no statement names them: in triggers, themselves or by others that
-- they call, and in what rules, defaults, policies, constraints, operators, casts, types and relations refer to; or have the
-- name of one of PostgreSQL's own, which is taken to be harmless.
-- Rows 'k': those that keep in the server process what no catalog shows. Rows 'd': those that make or change functions,
-- triggers and the like. Both with those that call them.
-- Rows 'f': those that change no settings for sure: neither they nor those that they call have a word in their sources that
-- does, or execute a text; they are written in SQL or PL/pgSQL, or are C functions of an extension.
-- Too many are as good as none.
-- Rows 'x': names of custom settings in the sources of functions and in views that call set_config.
-- PostgreSQL's own functions have no entries in pg_depend; views, defaults and the like name them by their numbers: 2078 is
-- set_config, 1599 setseed, 2880 to 2883 and 2886 to 2889 take advisory locks. Calls of set_config that are local to their
-- transaction are cut out of sources first. Sources are read as they are and without comments; prosqlbody is there since
-- PostgreSQL 14. Functions are told apart by the last word of their names alone. Numbers: 11 pg_catalog, 1255 pg_proc, 2618
-- pg_rewrite, 2604 pg_attrdef, 3256 pg_policy, 2606 pg_constraint, 2617 pg_operator, 2605 pg_cast, 1247 pg_type, 1259
-- pg_class.
WITH RECURSIVE extension AS MATERIALIZED (
    SELECT e.objid AS oid FROM pg_catalog.pg_depend e
    WHERE e.classid OPERATOR(pg_catalog.=) 1255::pg_catalog.oid
        AND e.deptype OPERATOR(pg_catalog.=) 'e'::pg_catalog."char"),
source AS MATERIALIZED (
    SELECT p.oid, p.proname, pg_catalog.lower(p.proname::pg_catalog.text) AS called,
        pg_catalog.lower(pg_catalog.substring(p.proname::pg_catalog.text, '[[:alnum:]_$]+$')) AS word,
        l.lanname::pg_catalog.text AS language,
        pg_catalog.lower(CASE
            WHEN p.prosrc OPERATOR(pg_catalog.=) ''
                THEN pg_catalog.to_jsonb(p) OPERATOR(pg_catalog.->>) 'prosqlbody'
            ELSE p.prosrc END) AS raw,
        NOT EXISTS (SELECT FROM extension e WHERE e.oid OPERATOR(pg_catalog.=) p.oid) AS own
    FROM pg_catalog.pg_proc p
    JOIN pg_catalog.pg_language l ON l.oid OPERATOR(pg_catalog.=) p.prolang
    WHERE (l.lanname OPERATOR(pg_catalog.<>) ALL ('{internal,c}'::pg_catalog.name[])
            OR p.prokind OPERATOR(pg_catalog.=) 'a'::pg_catalog."char")
        AND p.pronamespace OPERATOR(pg_catalog.<>) 11::pg_catalog.oid),
written AS MATERIALIZED (
    SELECT s.oid, s.proname, s.called, s.word, s.language, s.own, CASE
        WHEN s.raw OPERATOR(pg_catalog.~) E'--|/\\*' THEN pg_catalog.concat(s.raw, ';', pg_catalog.regexp_replace(
            pg_catalog.regexp_replace(s.raw, E'/\\*.*?\\*/', ' ', 'g'), E'--[^\\n]*', ' ', 'g'))
        ELSE s.raw END AS source
    FROM source s),
calls AS MATERIALIZED (
    SELECT DISTINCT w.oid, m[1] AS word
    FROM written w, pg_catalog.regexp_matches(w.source, E'([[:alnum:]_$]+)"?\\s*\\(', 'g') m
    UNION
    SELECT d.objid, w.word
    FROM pg_catalog.pg_depend d
    JOIN written w ON w.oid OPERATOR(pg_catalog.=) d.refobjid
    WHERE d.classid OPERATOR(pg_catalog.=) 1255::pg_catalog.oid
        AND d.refclassid OPERATOR(pg_catalog.=) 1255::pg_catalog.oid),
telling AS (
    SELECT w.oid, w.proname, w.word
    FROM written w
    WHERE w.own
        AND pg_catalog.regexp_replace(w.source, E'set_config\\s*\\(([^;()]|\\([^()]*\\))*?,\\s*true\\s*\\)', '', 'g')
            OPERATOR(pg_catalog.~) pg_catalog.concat(
                'set_config|pg_advisory_lock|pg_try_advisory_lock|setseed|pg_temp|:funcid (2078|1599|288[0-36-9]) ',
                E'|\\mtemp(orary)?\\s+(table|view|sequence)\\M|\\mlisten\\M|\\mprepare\\M|\\mwith\\s+hold\\M',
                E'|(^|[;$\'>]|\\m(begin|then|else|loop)\\M)\\s*(re)?set\\s+(?!local\\M|constraints\\M|transaction\\M)')
    UNION
    SELECT w.oid, w.proname, w.word
    FROM telling t
    JOIN calls c ON c.word OPERATOR(pg_catalog.=) t.word
    JOIN written w ON w.oid OPERATOR(pg_catalog.=) c.oid AND w.own),
unsure AS (
    SELECT w.oid, w.called, w.word
    FROM written w
    WHERE w.language OPERATOR(pg_catalog.!~) '^(sql|plpgsql)$'
        OR EXISTS (SELECT FROM telling t WHERE t.oid OPERATOR(pg_catalog.=) w.oid)
        OR w.source OPERATOR(pg_catalog.~) E'\\m(execute|set_config|set_limit|reset|discard|load)\\M'
    UNION
    SELECT w.oid, w.called, w.word
    FROM unsure t
    JOIN calls c ON c.word OPERATOR(pg_catalog.=) t.word
    JOIN written w ON w.oid OPERATOR(pg_catalog.=) c.oid),
settled AS MATERIALIZED (
    SELECT w.called FROM written w
    UNION
    SELECT pg_catalog.lower(p.proname::pg_catalog.text)
    FROM extension e
    JOIN pg_catalog.pg_proc p ON p.oid OPERATOR(pg_catalog.=) e.oid
    WHERE p.proname OPERATOR(pg_catalog.<>) 'set_limit'
    EXCEPT SELECT u.called FROM unsure u
    EXCEPT
    SELECT pg_catalog.lower(p.proname::pg_catalog.text)
    FROM pg_catalog.pg_proc p
    WHERE p.pronamespace OPERATOR(pg_catalog.<>) 11::pg_catalog.oid
        AND NOT EXISTS (SELECT FROM written w WHERE w.oid OPERATOR(pg_catalog.=) p.oid)
        AND NOT EXISTS (SELECT FROM extension e WHERE e.oid OPERATOR(pg_catalog.=) p.oid)),
keeping AS (
    SELECT w.oid, w.called, w.word
    FROM written w
    WHERE w.own
        AND (CASE
                WHEN w.language OPERATOR(pg_catalog.~) '^(sql|plpgsql|internal)$' THEN false
                WHEN w.language OPERATOR(pg_catalog.~) '^plperl' THEN w.source OPERATOR(pg_catalog.~) E'_shared\\M|\\mour\\M'
                WHEN w.language OPERATOR(pg_catalog.~) '^plpython' THEN w.source OPERATOR(pg_catalog.~) E'\\m(gd|sd|global)\\M'
                WHEN w.language OPERATOR(pg_catalog.~) '^pltcl' THEN w.source OPERATOR(pg_catalog.~) E'\\m(gd|global|upvar)\\M'
                ELSE true END
            OR w.source OPERATOR(pg_catalog.~) E'\\msetseed\\M|\\mdblink_connect(_u)?\\M|\\mpgv_(set|insert)|:funcid 1599 ')
    UNION
    SELECT w.oid, w.called, w.word
    FROM keeping k
    JOIN calls c ON c.word OPERATOR(pg_catalog.=) k.word
    JOIN written w ON w.oid OPERATOR(pg_catalog.=) c.oid AND w.own),
defining AS (
    SELECT w.oid, w.called, w.word
    FROM written w
    WHERE w.own
        AND w.source OPERATOR(pg_catalog.~) pg_catalog.concat(
            E'\\m(create|alter)\\s+(or\\s+replace\\s+)?(table|foreign|function|procedure|routine|aggregate|trigger|constraint',
            '|event|view|materialized|recursive|rule|policy|operator|cast|domain|type|extension|language|trusted|schema)')
    UNION
    SELECT w.oid, w.called, w.word
    FROM defining k
    JOIN calls c ON c.word OPERATOR(pg_catalog.=) k.word
    JOIN written w ON w.oid OPERATOR(pg_catalog.=) c.oid AND w.own),
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
UNION ALL SELECT DISTINCT 'd', d.called, NULL::pg_catalog.text FROM defining d
UNION ALL
SELECT 'f', f.called, NULL::pg_catalog.text FROM settled f
WHERE (SELECT pg_catalog.count(*) FROM settled) OPERATOR(pg_catalog.<) 10000
UNION ALL
SELECT DISTINCT 'x', m[1], NULL::pg_catalog.text
FROM written w, pg_catalog.regexp_matches(w.source, E'set_config\\s*\\(\\s*\'([a-z_][a-z0-9_]*\\.[a-z0-9_.]+)\'', 'g') m
WHERE w.own
UNION ALL
SELECT DISTINCT 'x', pg_catalog.lower(m[1]), NULL::pg_catalog.text
FROM direct d
JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) d.relation
    AND c.relkind OPERATOR(pg_catalog.=) ANY ('{v,m}'::pg_catalog."char"[]),
    pg_catalog.regexp_matches(
        pg_catalog.pg_get_viewdef(c.oid), E'set_config\\s*\\(\\s*\'([a-z_][a-z0-9_]*\\.[a-z0-9_.]+)\'', 'gi') m
