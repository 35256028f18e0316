#!/bin/sh
# Run once by the database's container, while it is empty: makes the two roles of roles.sql.
set -eu
password_of() { sed 's|^[^:]*://[^:]*:\([^@]*\)@.*$|\1|' "/run/secrets/$1"; }

OWNER_PASSWORD=$(password_of owner_url)
PASSWORD=$(password_of database_url)
export OWNER_PASSWORD PASSWORD
psql --no-psqlrc --username "$POSTGRES_USER" --dbname postgres --file /roles.sql
