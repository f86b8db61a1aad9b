"""A task has a priority. Version 1 goes on beside it: the column has a default, which its INSERT needn't give."""
from alembic import op

revision = "0002_priority"
down_revision = "0001_tasks"


def upgrade():
    # An index would be made with CONCURRENTLY; adding a column with a constant default rewrites nothing.
    op.execute("ALTER TABLE tasks ADD COLUMN priority integer NOT NULL DEFAULT 0")


def downgrade():
    op.execute("ALTER TABLE tasks DROP COLUMN priority")
