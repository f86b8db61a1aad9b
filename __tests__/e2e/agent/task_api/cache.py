"""Tasks in Redis. A cache: without it the agent is slower and says so, and goes on."""
import json
import logging

import redis

from . import settings
from .version import VERSION

log = logging.getLogger("task_api.cache")
client = redis.from_url(
    settings.REDIS_URL,
    socket_connect_timeout=0.5,
    socket_timeout=0.5,
    health_check_interval=30,
)


def key(number):
    # Versions have different columns, and run side by side during an upgrade.
    return f"task:{VERSION}:{number}"


def check():
    """Why the cache can't be used, or None."""
    try:
        client.ping()
        return None
    except redis.RedisError as error:
        return str(error)


def get(number):
    """The task, or None; and whether the cache could be asked."""
    try:
        found = client.get(key(number))
        return (json.loads(found) if found else None), True
    except redis.RedisError as error:
        log.warning("the cache can't be read: %s", error)
        return None, False


def put(task):
    try:
        client.setex(key(task["id"]), settings.CACHE_SECONDS, json.dumps(task))
    except redis.RedisError as error:
        log.warning("the cache can't be written: %s", error)
