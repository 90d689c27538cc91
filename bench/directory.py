"""Looking certificates up among a million on PostgreSQL, by a rare and a common part of the name, OID and serial.

The peer is the same question put to the subject's text as it stands, with LIKE and no table of character pairs.
"""

from __future__ import annotations

import statistics
import sys
import time
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from registry import an_office, fresh_url, report

from workflow.store import schema as t
from workflow.views.directory import SearchBy, find

if TYPE_CHECKING:
    from collections.abc import Callable

    from workflow.office import Office

CERTIFICATES = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
ROUNDS = 15
KNOWN = 777
COUNTIES = (
    "臺北市",
    "新北市",
    "桃園市",
    "臺中市",
    "臺南市",
    "高雄市",
    "金門縣",
    "新竹縣",
    "花蓮縣",
    "屏東縣",
)
KINDS = ("國民小學", "國民中學", "基金會", "農會", "協會", "工會", "診所", "事務所")
SYLLABLES = "大同建成明德仁愛信義和平中正光復文山景美竹東埔里龍潭安樂永寧福壽康泰新興民生復國"
RARE = "龘龘"


# Laid down by the database itself, which is quick; `n` spreads the picks without chance.
_STATEMENTS = (
    """
    INSERT INTO certificate (id, ca, authority, serial, purpose, status, status_version, tbs, tbs_sha256, der, spki_sha256,
        subject, not_before, not_after, status_at, published_at, created_at)
    SELECT n, 'xca', 'xca', lpad(to_hex(n), 32, '0'), 'signature', 'valid', 1, '', n::text, 'x', n::text, '',
        now(), now() + interval '5 years', now(), now(), now()
    FROM generate_series(1, :count) AS n
    """,
    """
    INSERT INTO certificate_part (certificate_id, position, kind, value)
    SELECT n, 0, 'L', (CAST(:counties AS text[]))[1 + n % 10] FROM generate_series(1, :count) AS n
    UNION ALL
    SELECT n, 1, 'O', CASE WHEN n % 100000 = 0 THEN :rare ELSE (
            SELECT string_agg(substr(:syllables, 1 + abs(hashint8(n * 7 + k)) % length(:syllables), 1), '')
            FROM generate_series(1, 4) AS k) END || (CAST(:kinds AS text[]))[1 + (n / 10) % 8]
    FROM generate_series(1, :count) AS n
    UNION ALL
    SELECT n, 2, 'oid', '2.16.886.111.' || n FROM generate_series(1, :count) AS n
    """,
    """
    UPDATE certificate SET subject = 'C=TW,L=' || l.value || ',O=' || o.value
    FROM certificate_part AS l, certificate_part AS o
    WHERE l.certificate_id = id AND l.position = 0 AND o.certificate_id = id AND o.position = 1
    """,
    """
    INSERT INTO certificate_gram (gram, certificate_id)
    SELECT DISTINCT substr(value, at, 2), certificate_id
    FROM certificate_part CROSS JOIN LATERAL generate_series(1, length(value) - 1) AS at WHERE kind <> 'oid'
    """,
)


def lay_down(office: Office) -> None:
    """Write published certificates and their terms straight into the tables; one in 100,000 has a rare name."""
    values = {
        "count": CERTIFICATES, "counties": list(COUNTIES), "kinds": list(KINDS), "syllables": SYLLABLES, "rare": RARE,
    }  # fmt: skip
    with office.engine.begin() as connection:
        for statement in _STATEMENTS:
            connection.execute(sa.text(statement), values)
    with office.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("VACUUM ANALYZE"))


def median_ms(ask: Callable[[], object]) -> float:
    """Return the median time of a question in milliseconds."""
    spent = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        ask()
        spent.append((time.perf_counter() - began) * 1000)
    return statistics.median(spent)


def _all(connection: sa.Connection, query: sa.Select[Any]) -> object:
    return connection.execute(query).all()


def main() -> None:
    """Lay a register down and ask it."""
    c = t.certificate.c
    with fresh_url("postgresql") as url:
        office = an_office(url)
        lay_down(office)
        now = datetime.now(UTC)
        asked = (
            ("rare_name", SearchBy.NAME, RARE),
            ("common_name", SearchBy.NAME, "國民小學"),
            ("two_common_parts", SearchBy.NAME, "O=農會, L=金門縣"),
            ("no_such_name", SearchBy.NAME, "和平國民信義農會"),
            ("oid", SearchBy.OID, f"2.16.886.111.{KNOWN}"),
            ("serial", SearchBy.SERIAL, f"{KNOWN:x}"),
        )
        with office.reading() as connection:
            for name, by, text in asked:
                mine = median_ms(partial(find, connection, by, text, now))
                if by is SearchBy.NAME:
                    sought, against = (
                        c.subject.contains(text.split("=")[-1]),
                        "subject LIKE on the text itself",
                    )
                else:
                    sought, against = c.id == KNOWN, "a row by its key"
                query = sa.select(c.id, c.subject).where(sought).order_by(c.id.desc()).limit(21)
                peer = median_ms(partial(_all, connection, query))
                report(f"directory_{name}", mine, "ms", peer / mine, against)
        office.engine.dispose()


if __name__ == "__main__":
    main()
