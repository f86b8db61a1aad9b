# A dump appears under its name only when it is whole and readable.
set -eu
folder="/backups/$NAME"
backup="$NAME-$(date -u +%Y%m%dT%H%M%SZ).dump"
mkdir -p "$folder"
trap 'rm -f "$folder/.$backup"' EXIT
pg_dump --format=custom --no-owner --no-privileges --file="$folder/.$backup"
pg_restore --list "$folder/.$backup" > /dev/null
mv "$folder/.$backup" "$folder/$backup"
# Old ones go only after a new one has come.
find "$folder/" -maxdepth 1 -name '*.dump' -mmin "+$((RETENTION_DAYS * 1440))" -exec rm -f {} +
echo "Backup $backup: $(wc -c < "$folder/$backup") bytes"
