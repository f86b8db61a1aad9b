"""The configuration, read once."""
import os
from pathlib import Path

# A mounted Secret is preferred: it is where a rotated password arrives without a new pod template.
FOLDER = Path(os.environ.get("SECRETS_FOLDER", "/etc/task-api/secrets"))


def secret(name):
    file = FOLDER / name.lower().replace("_", "-")
    try:
        return file.read_text().strip()
    except OSError:
        return os.environ[name]


DATABASE_URL = secret("DATABASE_URL")
REDIS_URL = secret("REDIS_URL")
LOG_LEVEL = os.environ.get("LOG_LEVEL", "info").lower()
WORKER_THREADS = int(os.environ.get("WORKER_THREADS", "4"))
# Shorter than the probes' own limit, so that /ready says what is wrong instead of not answering.
STORE_SECONDS = 2
CACHE_SECONDS = 60
