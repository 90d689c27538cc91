"""`python -m ops.cli` is `guanfang`, for programs that start each other."""

from ops.cli import main

main()
