"""Fails half-way, as a migration does that was never tried on real data."""
from alembic import op

revision = "0003_broken"
down_revision = "0002_priority"


def upgrade():
    op.execute("ALTER TABLE tasks ADD COLUMN owner text")
    op.execute("ALTER TABLE tasks ALTER COLUMN title TYPE integer USING title::integer")
    op.execute("SELECT this_function_does_not_exist()")


def downgrade():
    pass
