-- One role and one database for each service. A role owns its database and can enter no other.
--
--   psql --set ON_ERROR_STOP=1 --dbname postgres --file deploy/postgres/roles.sql
--   psql --dbname postgres --command '\password deltag_registration'      (and the other three)
--
-- Run it as a superuser, or as a role with CREATEDB and CREATEROLE. It may be repeated: what exists is left as it is.
-- No password is set here. `\password` asks for one and sends it hashed.

\set QUIET on

-- Roles belong to the whole server; databases cannot be created in a transaction, hence \gexec.
select format('create role %I login', role)
from unnest(array['deltag_registration', 'deltag_events', 'deltag_notifications', 'deltag_reporting']) as role
where not exists (select from pg_roles where rolname = role)
\gexec

-- To give a database to a role one must be able to become it (PostgreSQL 16 or newer).
select format('grant %I to current_user', role)
from unnest(array['deltag_registration', 'deltag_events', 'deltag_notifications', 'deltag_reporting']) as role
where not pg_has_role(current_user, role, 'set')
\gexec

select format('create database %I owner %I encoding ''UTF8'' template template0', name, name)
from unnest(array['deltag_registration', 'deltag_events', 'deltag_notifications', 'deltag_reporting']) as name
where not exists (select from pg_database where datname = name)
\gexec

-- Everyone may enter every database unless this is taken away.
revoke connect, temporary on database deltag_registration, deltag_events, deltag_notifications, deltag_reporting from public;

\echo 'Done: deltag_registration, deltag_events, deltag_notifications, deltag_reporting. Now set their passwords.'
