# A dump appears under its name only when it is whole and readable.
set -eu
name="$NAME-$(date -u +%Y%m%dT%H%M%SZ).dump"
trap 'rm -f "/backups/.$name"' EXIT
pg_dump --format=custom --no-owner --no-privileges --file="/backups/.$name"
pg_restore --list "/backups/.$name" > /dev/null
mv "/backups/.$name" "/backups/$name"
# Old ones go only after a new one has come.
find /backups -maxdepth 1 -name "$NAME-*.dump" -mmin "+$((RETENTION_DAYS * 1440))" -exec rm -f {} +
echo "Backup $name: $(wc -c < "/backups/$name") bytes"
