"""Bring the database to the schema this image was built for, or wait until that has been done.

`migrate` is what the migration Job runs, `wait` what the agent's pods wait with.

What an image needs is that its newest revision has been applied. A rolled back image meets a schema that is newer
and whose revision it doesn't know; so every revision that was ever applied is kept in a table, where an older image
finds its own.
"""
import os
import sys
import time
import traceback

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

TABLE = "task_api_applied_revisions"
LOCK = 7_203_411  # of all migrations of this chart in one database
FAULTY = 3  # exit code of a migration that would fail again; the Job isn't repeated then

deadline = time.monotonic() + float(os.environ["MIGRATION_TIMEOUT"])
config = Config(os.environ.get("ALEMBIC_CONFIG", "alembic.ini"))
script = ScriptDirectory.from_config(config)
needed = set(script.get_heads())
engine = create_engine(os.environ["DATABASE_URL"], isolation_level="AUTOCOMMIT", poolclass=NullPool)


def until(attempt, waiting_for):
    """The first true answer of an attempt; says once what it waits for, and why it gave up."""
    said = None
    while True:
        try:
            answer, why = attempt(), ""
        except OperationalError as error:
            answer, why = None, f": {str(error.orig).strip()}"
        if answer:
            return answer
        if time.monotonic() > deadline:
            sys.exit(f"Gave up waiting for {waiting_for}{why}")
        if said != why:
            said = why
            print(f"Waiting for {waiting_for}{why}")
        time.sleep(1)


def applied(connection):
    """The revisions this database has had, as far as this image needs to know."""
    revisions = set()
    try:
        for head in MigrationContext.configure(connection).get_current_heads():
            revisions |= {step.revision for step in script.walk_revisions("base", head)}
    except CommandError:  # the revision of a newer image: only the table can tell
        if connection.execute(text("SELECT to_regclass(:name)"), {"name": TABLE}).scalar():
            revisions |= set(connection.execute(text(f"SELECT revision FROM {TABLE}")).scalars())
    return revisions


def record(connection, revisions):
    connection.execute(text(f"CREATE TABLE IF NOT EXISTS {TABLE} (revision text PRIMARY KEY)"))
    for revision in sorted(revisions):
        connection.execute(
            text(f"INSERT INTO {TABLE} (revision) VALUES (:revision) ON CONFLICT DO NOTHING"), {"revision": revision}
        )


def upgrade():
    print("Running database migrations...")
    try:
        command.upgrade(config, "heads")
    except OperationalError:  # the connection, or a lock: it may go better next time
        raise
    except Exception:
        traceback.print_exc()
        sys.exit(FAULTY)


def migrate():
    connection = until(engine.connect, "the database")
    with connection:
        until(
            lambda: connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": LOCK}).scalar(),
            "another migration to end",
        )
        if needed <= applied(connection):
            print(f"Nothing to do: the schema has {', '.join(sorted(needed)) or 'no revision to have'}.")
        else:
            upgrade()
        record(connection, applied(connection))
    print("Migration completed successfully")


def wait():
    def ready():
        with engine.connect() as connection:
            return needed <= applied(connection)

    until(ready, "the schema (the migration Job's log says how far it is)")
    print(f"The schema has {', '.join(sorted(needed))}.")


{"migrate": migrate, "wait": wait}[sys.argv[1]]()
