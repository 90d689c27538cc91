"""Traces every rule of the sources to the code that enforces it and the tests that prove it.

`data.toml` holds the rules in our own words; `scan` finds where code cites them and which tests are marked with
them; `table` joins the two; `render` writes the result as JSON, Markdown or text.

The command line and the tests call it. It reads source files only: it never imports what it describes and never
opens a database.
"""
