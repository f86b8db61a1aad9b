set -eu
rclone copy "/backups/$NAME" "$FOLDER"
# Every file that was made is there, with its content.
rclone check --one-way "/backups/$NAME" "$FOLDER"
# Old ones go only after a new one has come.
rclone delete --include '*.dump' --min-age "${RETENTION_DAYS}d" "$FOLDER"
echo "Uploaded to $FOLDER: $(ls "/backups/$NAME")"
