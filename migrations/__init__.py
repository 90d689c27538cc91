"""The steps by which a database comes to the newest schema: numbered sentences in `versions/`, run by `ops.database`.

A migration is written out by hand and imports nothing from `workflow`. `script.py.mako` holds the rules of writing
one; `HEAD` holds the newest number, so that two migrations written at once conflict in git.
"""
