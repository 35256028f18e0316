-- The database and its two roles, for psql, by an administrator of PostgreSQL; passwords come from
-- the environment. The owner makes and changes tables, and only `manage.py prepare` signs in as it.
-- What serves pages is the other: it can neither lift the triggers that have the audit log only
-- grow, nor change any table.
\set ON_ERROR_STOP on
\getenv owner_password OWNER_PASSWORD
\getenv password PASSWORD
\if :{?database} \else \set database image_dashboard \endif
\if :{?role} \else \set role image_dashboard \endif
\if :{?owner} \else \set owner image_dashboard_owner \endif

-- Roles are the server's, and may be there already where a database is made again.
SELECT format('CREATE ROLE %I LOGIN PASSWORD %L', name, password)
FROM (VALUES (:'owner', :'owner_password'), (:'role', :'password')) AS wanted (name, password)
WHERE name NOT IN (SELECT rolname FROM pg_roles) \gexec
CREATE DATABASE :"database" OWNER :"owner" TEMPLATE template0 ENCODING 'UTF8';
\connect :"database"

REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT ALL ON SCHEMA public TO :"owner";
-- What the owner makes later the other may use.
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO :"role";
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" IN SCHEMA public
    GRANT USAGE, SELECT ON SEQUENCES TO :"role";
