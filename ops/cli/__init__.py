"""The command line: `guanfang …`, one file a subject, each loaded only when it is asked for.

Errors are one clear sentence. The exit code is 2 when the request made no sense, 1 when something was found wrong,
0 otherwise. What is dangerous only says what it would do until it is given --yes.
"""

from ops.cli.group import main

__all__ = ["main"]
