set -eu
backup="${BACKUP:-$(rclone lsf --files-only --include '*.dump' "$FOLDER" | sort | tail -n 1)}"
if [ -z "$backup" ]; then
  echo "There is no backup in $FOLDER."
  exit 1
fi
mkdir -p "/backups/$NAME"
rclone copyto "$FOLDER/$backup" "/backups/$NAME/$backup"
echo "Downloaded $backup from $FOLDER"
