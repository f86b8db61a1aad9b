"""The table of tasks."""
from alembic import op

revision = "0001_tasks"
down_revision = None


def upgrade():
    op.execute(
        """
        CREATE TABLE tasks (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            title text NOT NULL,
            done boolean NOT NULL DEFAULT false,
            created_at timestamptz NOT NULL DEFAULT now()
        )
        """
    )


def downgrade():
    op.execute("DROP TABLE tasks")
