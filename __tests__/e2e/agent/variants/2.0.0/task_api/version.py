"""What one version of the image has and another hasn't."""
VERSION = "2.0.0"
# Columns of a task that may be given and are returned, with their defaults.
COLUMNS = {"title": None, "done": False, "priority": 0}
