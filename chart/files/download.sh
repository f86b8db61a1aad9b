set -eu
backup="${BACKUP:-$(rclone lsf --files-only --include "$NAME-*.dump" "$FOLDER" | sort | tail -n 1)}"
[ -n "$backup" ] || { echo "There is no backup of $NAME in $FOLDER."; exit 1; }
rclone copyto "$FOLDER/$backup" "/backups/$backup"
echo "Downloaded $backup from $FOLDER"
