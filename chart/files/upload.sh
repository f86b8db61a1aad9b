set -eu
rclone copy --include "$NAME-*.dump" /backups "$FOLDER"
rclone lsf --files-only "$FOLDER" | grep -q "^$(cd /backups && ls -1 -- "$NAME"-*.dump)$"
# Old ones go only after a new one has come.
rclone delete --include "$NAME-*.dump" --min-age "${RETENTION_DAYS}d" "$FOLDER"
echo "Uploaded to $FOLDER"
