"""Carrying out what transitions asked for: one file an effect, claimed from the outbox, reported through the same door.

Every performer may be killed at any moment and run again: each irreversible step records its intention first. A
performer never changes a table by itself; it sends a command with the system as its actor.
"""

from workflow.performers.perform import PERFORMERS, perform_next

__all__ = ["PERFORMERS", "perform_next"]
