"""${message}

Rules of a migration; take this paragraph away when they are kept.
- Expand, then contract: the code before and the code after both run on this schema. A column that goes is first no longer
  read, in a release of its own.
- Written out by hand and read by a second person; nothing is imported from `workflow`, whose tables will change.
- A table that is large is filled in batches; an index on it is made concurrently, outside the transaction.
- Lock and statement time-outs hold (4 s, 60 s); who needs more sets them here and says why.
- `downgrade` gives back the former schema. tests/migrations has a tester for it with awkward rows.
- The file is named after its number and sentence, and migrations/HEAD holds the number: two heads conflict in git.

Revision ${up_revision}, after ${down_revision | comma,n}.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade() -> None:
    """Bring the schema forwards."""
    ${upgrades if upgrades else "raise NotImplementedError"}


def downgrade() -> None:
    """Bring the schema back."""
    ${downgrades if downgrades else "raise NotImplementedError"}
