#!/bin/bash
# PostgreSQL as Bitnami's image runs it: configured by POSTGRES_* variables, data below /bitnami/postgresql, any
# user (1001 in the charts). Passwords are read from the environment, never put into an argument, which `ps` shows.
set -euo pipefail
umask 077

port=${POSTGRESQL_PORT_NUMBER:-5432}
volume=${POSTGRESQL_VOLUME_DIR:-/bitnami/postgresql}
export PGDATA=${PGDATA:-$volume/data}
user=${POSTGRES_USER:-postgres}
database=${POSTGRES_DATABASE:-${POSTGRES_DB:-}}
mode=${POSTGRES_REPLICATION_MODE:-master}
PATH=/usr/lib/postgresql/15/bin:$PATH
sockets=/tmp

say() { printf 'postgresql: %s\n' "$*"; }

# Made beside its place and moved there when whole: a pod killed half-way begins anew.
make_primary() {
  local new=$PGDATA.new
  rm -rf "$new"
  say 'making a new database cluster'
  initdb --pgdata="$new" --username=postgres --encoding=UTF8 --locale=C.UTF-8 --auth=trust >/dev/null
  pg_ctl --pgdata="$new" --options="-c listen_addresses= -c unix_socket_directories=$sockets -p $port" --wait --silent --log="$new/first.log" start ||
    { cat "$new/first.log"; exit 1; }
  # psql takes the values from its environment and quotes them itself.
  export CHARTSHIP_USER=$user CHARTSHIP_DATABASE=$database
  psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --host="$sockets" --port="$port" --username=postgres --dbname=postgres <<'SQL'
\getenv user CHARTSHIP_USER
\getenv password POSTGRES_PASSWORD
\getenv admin POSTGRES_POSTGRES_PASSWORD
\getenv database CHARTSHIP_DATABASE
\getenv replicator POSTGRES_REPLICATION_USER
\getenv replication POSTGRES_REPLICATION_PASSWORD
SELECT :'user' <> 'postgres' AS custom, :'database' NOT IN ('', 'postgres') AS wants_database \gset
\if :custom
  CREATE ROLE :"user" LOGIN CREATEDB PASSWORD :'password';
  \if :{?admin}
    ALTER ROLE postgres PASSWORD :'admin';
  \endif
\elif :{?password}
  ALTER ROLE postgres PASSWORD :'password';
\endif
\if :wants_database
  CREATE DATABASE :"database" OWNER :"user";
  \connect :"database"
  ALTER SCHEMA public OWNER TO :"user";
\endif
\if :{?replicator}
  CREATE ROLE :"replicator" LOGIN REPLICATION PASSWORD :'replication';
\endif
SQL
  pg_ctl --pgdata="$new" --wait --silent --mode=fast stop
  rm -f "$new/first.log"
  mv "$new" "$PGDATA"
}

make_replica() {
  local new=$PGDATA.new
  say "waiting for $POSTGRES_MASTER_HOST"
  until pg_isready --quiet --host="$POSTGRES_MASTER_HOST" --port="${POSTGRES_MASTER_PORT_NUMBER:-5432}" --timeout=3; do sleep 1; done
  rm -rf "$new"
  say "copying $POSTGRES_MASTER_HOST"
  PGPASSWORD=$POSTGRES_REPLICATION_PASSWORD pg_basebackup --pgdata="$new" --host="$POSTGRES_MASTER_HOST" \
    --port="${POSTGRES_MASTER_PORT_NUMBER:-5432}" --username="$POSTGRES_REPLICATION_USER" --no-password --checkpoint=fast --wal-method=stream
  mv "$new" "$PGDATA"
}

options=()
mkdir -p "$volume"
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  # A volume that was used before may keep a folder that nothing was ever moved to.
  rmdir "$PGDATA" 2>/dev/null || true
  if [ "$mode" = slave ]; then make_replica; else make_primary; fi
fi
chmod 0700 "$PGDATA"
printf 'local all all scram-sha-256\nhost all all all scram-sha-256\nhost replication all all scram-sha-256\n' >"$PGDATA/pg_hba.conf"
if [ "$mode" = slave ]; then
  # Written at each start: a rotated password must reach it.
  escaped=${POSTGRES_REPLICATION_PASSWORD//\\/\\\\}
  printf '*:*:*:*:%s\n' "${escaped//:/\\:}" >"$PGDATA/primary.pgpass"
  options+=(-c "primary_conninfo=host=$POSTGRES_MASTER_HOST port=${POSTGRES_MASTER_PORT_NUMBER:-5432} user=$POSTGRES_REPLICATION_USER passfile=$PGDATA/primary.pgpass application_name=$HOSTNAME")
  touch "$PGDATA/standby.signal"
else
  rm -f "$PGDATA/standby.signal"
fi
touch "$volume/.initialized"
say "starting as $mode on port $port"
exec postgres -c listen_addresses='*' -c unix_socket_directories="$sockets" -p "$port" "${options[@]}"
