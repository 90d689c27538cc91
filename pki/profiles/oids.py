"""Policy OIDs: who they belong to and whether we saw them in a real certificate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class PolicyOid:
    """A certificate policy; `confirmed` is False where the number is known from hearsay alone."""

    oid: str
    zh: str
    en: str
    confirmed: bool


# id-tw-gpki-certpolicy: 3 is class3Assurance, 0 is the assurance level for tests.
CLASS_3_ASSURANCE: Final = "2.16.886.101.0.3.3"
TEST_ASSURANCE: Final = "2.16.886.101.0.3.0"
# anyPolicy: a certificate of an authority that sets no limits to the policies under it (RFC 5280 §4.2.1.4).
ANY_POLICY: Final = "2.5.29.32.0"
# CA/Browser Forum: subject identity validated.
ORGANISATION_VALIDATED: Final = "2.23.140.1.2.2"

POLICIES: Final = (
    PolicyOid(TEST_ASSURANCE, "測試級", "test assurance", confirmed=True),
    PolicyOid("2.16.886.101.0.3.1", "第一級", "class 1 assurance", confirmed=False),
    PolicyOid("2.16.886.101.0.3.2", "第二級", "class 2 assurance", confirmed=False),
    PolicyOid(CLASS_3_ASSURANCE, "第三級", "class 3 assurance", confirmed=True),
    PolicyOid("2.16.886.101.0.3.4", "第四級", "class 4 assurance", confirmed=False),
    PolicyOid(ORGANISATION_VALIDATED, "組織驗證", "CA/B Forum organisation validated", confirmed=True),
)
