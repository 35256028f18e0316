#!/bin/sh
# Fills secrets/ beside this file, once; what is there stays. Keep copies of token_keys and audit_keys somewhere
# else.
set -eu
umask 022
cd "$(dirname "$0")"
# Only root looks into the folder; in it, each container reads the files that it is given.
mkdir -p -m 700 secrets

random() { openssl rand -hex 32; }
keep() { [ -e "secrets/$1" ] || printf '%s\n' "$2" >"secrets/$1"; }

keep secret_key "$(openssl rand -base64 48)"
keep token_keys "k1:$(openssl rand -base64 32)"
keep audit_keys "$(openssl rand -base64 48)"
# PostgreSQL's administrator, whom nothing here signs in as; who owns the tables; what serves pages.
keep postgres_password "$(random)"
keep owner_url "postgres://image_dashboard_owner:$(random)@database:5432/image_dashboard"
keep database_url "postgres://image_dashboard:$(random)@database:5432/image_dashboard"
valkey() {
    printf 'requirepass %s\nsave ""\nappendonly no\nmaxmemory %s\nmaxmemory-policy %s\n' "$(random)" "$@"
}
address() { printf 'redis://:%s@%s:6379/0' "$(sed -n 's/^requirepass //p' "secrets/$1")" "$2"; }
keep valkey_conf "$(valkey 128mb noeviction)"
keep valkey_lists_conf "$(valkey 512mb allkeys-lru)"
keep cache_url "$(address valkey_conf cache)"
keep cache_lists_url "$(address valkey_lists_conf lists)"
