"""Tasks in PostgreSQL."""
from sqlalchemy import create_engine, text

from . import settings
from .version import COLUMNS

NAMES = ", ".join(["id", *COLUMNS])

engine = create_engine(
    settings.DATABASE_URL,
    pool_size=settings.WORKER_THREADS + 2,
    max_overflow=0,
    pool_timeout=settings.STORE_SECONDS,
    # A connection that the server or the network has closed is replaced, not handed to a request.
    pool_pre_ping=True,
    pool_recycle=300,
    connect_args={
        "connect_timeout": settings.STORE_SECONDS,
        # A network that swallows packets must end a query as surely as one that refuses them.
        "options": f"-c statement_timeout={settings.STORE_SECONDS}s",
        "tcp_user_timeout": settings.STORE_SECONDS * 1000,
        "application_name": "task-api",
    },
)


def check():
    """Raises unless the database answers and has the columns that this version uses."""
    with engine.connect() as connection:
        connection.execute(text(f"SELECT {NAMES} FROM tasks LIMIT 0"))


def create(task):
    values = ", ".join(f":{name}" for name in COLUMNS)
    statement = text(f"INSERT INTO tasks ({', '.join(COLUMNS)}) VALUES ({values}) RETURNING {NAMES}")
    with engine.begin() as connection:
        return dict(connection.execute(statement, task).mappings().one())


def get(number):
    with engine.connect() as connection:
        row = connection.execute(text(f"SELECT {NAMES} FROM tasks WHERE id = :id"), {"id": number}).mappings().first()
    return None if row is None else dict(row)


def newest(limit):
    with engine.connect() as connection:
        rows = connection.execute(text(f"SELECT {NAMES} FROM tasks ORDER BY id DESC LIMIT :limit"), {"limit": limit})
        return [dict(row) for row in rows.mappings()]
