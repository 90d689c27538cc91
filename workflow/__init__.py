"""The registry's mind: what may happen to a case, who may do it, by when, and what follows.

The pure core (errors, vocabulary, policy, commands, facts, guards, cases, machine) knows no database, clock,
network or screen; the shell around it (handlers, acts, store, performers, views) does. Whoever wants to change
anything, a screen, the command line, the worker or a deadline, calls `workflow.handlers.handle` and nothing else.
This room never draws a screen or a sheet, never signs and never speaks to a card by itself.
"""
