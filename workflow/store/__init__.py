"""Tables and the one place that writes them: schema, unit of work, outbox, deadlines, audit.

Only `workflow.handlers`, `workflow.acts`, the performers and the worker's claims come here. Screens read through `workflow.views`.
This package decides nothing: it locks, loads and writes what the machine has decided.
"""
