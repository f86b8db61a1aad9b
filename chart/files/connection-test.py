"""Does the release work? Every check is made, each says its name first, and what failed is said again at the end."""
import json
import os
import sys
import urllib.error
import urllib.request

import redis
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

engine = create_engine(os.environ["DATABASE_URL"], poolclass=NullPool)
failed = []


def check(name, success):
    """Runs the function below it at once; whatever goes wrong there is the check's failure."""

    def run(attempt):
        print(f"Testing {name}...")
        try:
            attempt()
            print(success)
        except Exception as error:
            failed.append(name)
            print(f"FAILED {name}: {type(error).__name__}: {str(error).strip()}")

    return run


@check("PostgreSQL connection", "PostgreSQL connection successful!")
def postgresql():
    with engine.connect() as connection:
        assert connection.execute(text("SELECT 1")).scalar() == 1


if json.loads(os.environ["CHECK_SCHEMA"]):

    @check("the schema", "Schema present!")
    def schema():
        with engine.connect() as connection:
            assert connection.execute(text("SELECT version_num FROM alembic_version")).first(), "no migration applied"


@check("Redis connection", "Redis connection successful!")
def cache():
    client = redis.from_url(os.environ["REDIS_URL"], socket_connect_timeout=5, socket_timeout=5)
    client.ping()
    # A replica would refuse this, and a full one too.
    client.set("task-api:connection-test", "1", ex=60)
    assert client.get("task-api:connection-test") == b"1"


@check("the agent's Service", "Agent ready!")
def agent():
    try:
        with urllib.request.urlopen(os.environ["AGENT_URL"] + "/ready", timeout=10) as answer:
            assert answer.status == 200, f"/ready answered {answer.status}"
    except urllib.error.HTTPError as error:
        said = error.read(1000).decode(errors="replace")
        raise RuntimeError(f"/ready answered {error.code}: {said}") from error


if failed:
    sys.exit(f"Connectivity tests failed: {', '.join(failed)}")
print("All connectivity tests passed!")
