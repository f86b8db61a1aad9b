# All or nothing: in one transaction the schema is dropped and made anew from the backup.
set -eu
folder="/backups/$NAME"
backup="${BACKUP:-$(ls -1 "$folder" | grep '\.dump$' | sort | tail -n 1)}"
if [ ! -f "$folder/$backup" ]; then
  echo "There is no backup ${BACKUP:-of $NAME}. There are:"
  ls -1 "$folder" || true
  exit 1
fi
echo "Restoring $backup into $PGDATABASE at $PGHOST..."
{
  echo "SET client_min_messages = warning; SET lock_timeout = '60s';"
  echo 'DROP SCHEMA public CASCADE; CREATE SCHEMA public; GRANT USAGE ON SCHEMA public TO PUBLIC;'
  pg_restore --no-owner --no-privileges --file=- "$folder/$backup" ||
    echo "DO 'BEGIN RAISE EXCEPTION ''the backup can''''t be read: nothing is changed''; END';"
} | psql --no-psqlrc --quiet --single-transaction --set=ON_ERROR_STOP=1 --output=/dev/null
echo "Restored $backup"
