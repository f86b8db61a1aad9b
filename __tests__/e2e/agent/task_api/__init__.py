"""The agent's API: tasks, kept in PostgreSQL and cached in Redis."""
