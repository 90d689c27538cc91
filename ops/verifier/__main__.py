"""python -m ops.verifier DIR [--checkpoints FILE] [--key FILE]: exit 0 when the log verifies, 1 when not, 2 when it can't be read."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from .files import verify_export
from .findings import report

if TYPE_CHECKING:
    from collections.abc import Sequence

UNREADABLE = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Verify an export and print the report; return the exit status."""
    parser = argparse.ArgumentParser(prog="verifier", description="Verify an export of the audit log.")
    parser.add_argument(
        "directory", type=Path, help="the export: entries.jsonl, checkpoints.jsonl, public.pem"
    )
    parser.add_argument("--checkpoints", type=Path, help="checkpoints that were kept off the box")
    parser.add_argument(
        "--key", type=Path, help="the public key that was kept off the box, instead of public.pem"
    )
    asked = parser.parse_args(arguments)
    try:
        findings = verify_export(asked.directory, asked.checkpoints, asked.key)
    except (OSError, ValueError) as error:
        print(f"The export can't be read: {error}", file=sys.stderr)
        return UNREADABLE
    print(report(findings), end="")
    return int(any(not finding.is_note for finding in findings))


if __name__ == "__main__":
    sys.exit(main())
