"""The migrations, numbered sentences, oldest first."""
