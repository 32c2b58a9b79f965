"""Ways to reach people: one file per channel."""
