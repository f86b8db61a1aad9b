# All or nothing: the schema is dropped and made anew from the backup in one transaction.
set -eu
backup="${BACKUP:-$(cd /backups && ls -1 -- "$NAME"-*.dump 2> /dev/null | sort | tail -n 1)}"
[ -n "$backup" ] && [ -f "/backups/$backup" ] || { echo "There is no backup ${BACKUP:-of $NAME}. There are:"; ls -1 /backups; exit 1; }
echo "Restoring $backup into $PGDATABASE at $PGHOST..."
{
  echo "SET lock_timeout = '60s';"
  echo 'DROP SCHEMA public CASCADE;'
  echo 'CREATE SCHEMA public;'
  pg_restore --no-owner --no-privileges --file=- "/backups/$backup" || echo 'SELECT 1/0 AS "the backup is not readable";'
} | psql --no-psqlrc --quiet --single-transaction --set=ON_ERROR_STOP=1 --output=/dev/null
echo "Restored $backup"
