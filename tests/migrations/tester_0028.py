"""Say which keys were left: every row stays, and of tasks before it nothing is said."""

from tests.migrations import awkward_rows

Upgrade, Downgrade = awkward_rows.of_one_last_column("key_task")
