"""Does the release work? Each check says its name first, and the first that fails ends the test."""
import json
import os
import urllib.request

import redis
from sqlalchemy import create_engine, text

print("Testing PostgreSQL connection...")
with create_engine(os.environ["DATABASE_URL"]).connect() as connection:
    assert connection.execute(text("SELECT 1")).scalar() == 1
    print("PostgreSQL connection successful!")
    if json.loads(os.environ["CHECK_SCHEMA"]):
        print("Testing the schema...")
        revisions = connection.execute(text("SELECT version_num FROM alembic_version")).fetchall()
        assert revisions, "no migration has been applied"
        print("Schema present!")

print("Testing Redis connection...")
redis.from_url(os.environ["REDIS_URL"], socket_connect_timeout=5, socket_timeout=5).ping()
print("Redis connection successful!")

print("Testing the agent's Service...")
with urllib.request.urlopen(os.environ["AGENT_URL"] + "/ready", timeout=10) as answer:
    assert answer.status == 200, f"/ready answered {answer.status}"
print("Agent ready!")

print("All connectivity tests passed!")
