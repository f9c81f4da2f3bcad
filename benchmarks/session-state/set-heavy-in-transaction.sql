\set aid random(1, 100000 * :scale)
\set tenant random(1, 1000)
BEGIN;
SET app.user_id = :tenant;
SET search_path = public, pg_catalog;
SELECT abalance FROM pgbench_accounts WHERE aid = :aid;
RESET app.user_id;
RESET search_path;
COMMIT;
