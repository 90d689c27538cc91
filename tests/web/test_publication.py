from __future__ import annotations

from workflow.store import schema as t

CODE = "Kod3-7x"


def test_the_page_carries_the_choice_out(visitor, house):
    hashed = house.office.hasher.hash(CODE)
    now = house.office.clock.now()
    case = house.insert(
        t.case, number="0800100000000000000000001", ca="moica", kind="card_application", state="activated", version=1,
        policy_version="moica-2.0", subject_name="王小明", snapshot_sha256="", contact_name="", contact_email="", data={},
        opened_at=now, queued_at=now, state_since=now, user_code_hash=hashed,
    )  # fmt: skip
    serial = house.published(ca="moica", case_id=case)
    sent = {"number": "08001 00000 00000 00000 00001", "published": "no"}
    assert visitor.post("/publication/", **sent).status_code == 400
    assert visitor.post("/publication/", **sent, user_code="wrong").status_code == 403
    assert "已自儲存庫撤下" in visitor.post("/publication/", **sent, user_code=CODE).text
    assert visitor.get(f"/certificates/moica/{serial}/").status_code == 404
