"""The letter clerk logs, imports and ties letters."""

import io
from datetime import date

import pytest

from forms.letters import write
from forms.letters.letter import DocumentNumber, Party, PartyKind
from forms.letters.models import CardsAskedFor, LetterHead, application_letter
from workflow.store import schema as s
from workflow.vocabulary import Rank


def electronic_letter(*numbers):
    """Return the files of a DI letter that asks for primary cards, ready to be posted."""
    head = LetterHead(
        sender=Party(PartyKind.AGENCY, "臺北市立建成國民小學", "379100000A"), address="臺北市大同區長安西路37號",
        contact_lines=("承辦人：陳聯絡",), date=date(2026, 11, 20),
        number=DocumentNumber("北市建總字第1150000001號", "北市建總", "115", "0000001"),
        receiver=Party(PartyKind.AGENCY, "臺北市政府教育局", "379100000G"), signature="校長　王大同",
    )  # fmt: skip
    letter = application_letter(head, "公文電子交換", CardsAskedFor("學校憑證", numbers, ()), ())
    return [(io.BytesIO(content), name) for name, content in write(letter).items()]


@pytest.mark.rule("LTR-01", "APP-02")
def test_one_letter_brings_many_cases_to_the_first_review(counter):
    cases = [counter.applied(name) for name in ("甲國小", "乙國小")]
    letter = counter.log_letter(*cases, said_primary="2")
    page = counter.clerk.get(f"/letters/{letter}/").text
    assert "張數相符" in page
    answer = counter.clerk.post(f"/letters/{letter}/tie/", case_id=[str(case) for case in cases])
    assert "已將公文連結 2 案" in answer.text
    assert {counter.state(case) for case in cases} == {"first_review"}


def test_what_is_missing_is_said_beside_the_field_and_the_rest_is_kept(counter):
    answer = counter.clerk.post(
        "/letters/new/", sender_name="臺北市政府", number="第1號", dated="115/13/40", subject=""
    )
    assert answer.status_code == 400
    assert 'value="臺北市政府"' in answer.text
    assert 'href="#f-dated"' in answer.text
    assert 'id="e-subject"' in answer.text


@pytest.mark.rule("LTR-01")
def test_the_same_letter_is_not_logged_twice(counter):
    counter.log_letter(number="第9號")
    answer = counter.clerk.post(
        "/letters/new/", sender_name="臺北市政府教育局", number="第9號", dated="115/11/20", subject="x"
    )
    assert answer.status_code == 409
    assert "此公文已登錄" in answer.text
    assert counter.count(s.letter) == 1


@pytest.mark.rule("APP-03", "APP-04", "RV2-01")
def test_counts_that_differ_need_a_reason(counter):
    case = counter.applied(rank=Rank.SECONDARY)
    letter = counter.log_letter(case, said_primary="1")
    assert "張數不符" in counter.clerk.get(f"/letters/{letter}/").text
    answer = counter.clerk.post(f"/letters/{letter}/tie/", case_id=str(case))
    assert answer.status_code == 409
    assert "公文所載張數與案件不符" in answer.text
    counter.clerk.post(f"/letters/{letter}/tie/", case_id=str(case), difference_reason="來文誤植，已電話確認")
    assert counter.state(case) == "first_review"


def test_a_letter_that_matches_nothing_waits_and_is_tied_later(counter):
    letter = counter.log_letter()
    assert "沒有可連結的案件" in counter.clerk.get(f"/letters/{letter}/").text
    assert "未連結" in counter.clerk.get("/letters/").text
    case = counter.applied()
    page = counter.clerk.get(
        f"/letters/{letter}/", query_string={"number": [counter.number(case), "0" * 25]}
    ).text
    assert f'name="case_id" value="{case}"' in page
    assert "查無案件" in page


def test_tying_nothing_is_refused_beside_the_list(counter):
    letter = counter.log_letter(counter.applied())
    answer = counter.clerk.post(f"/letters/{letter}/tie/")
    assert answer.status_code == 409
    assert 'id="f-case_id"' in answer.text


def test_missing_letters_are_listed_until_they_come(counter):
    case = counter.applied()
    assert counter.number(case) in counter.clerk.get("/letters/missing/").text
    letter = counter.log_letter(case)
    counter.clerk.post(f"/letters/{letter}/tie/", case_id=str(case))
    assert counter.number(case) not in counter.clerk.get("/letters/missing/").text


@pytest.mark.rule("LTR-03")
@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("letter.di", b"not xml at all", "公文無法讀取"),
        ("letter.zip", b"PK\x03\x04broken", "公文無法讀取"),
        ("note.txt", b"hello", "找不到公文本文"),
    ],
)
def test_an_unreadable_letter_is_refused_in_words(counter, name, content, said):
    answer = counter.clerk.post("/letters/import/", files=(io.BytesIO(content), name))
    assert answer.status_code == 400
    assert said in answer.text
    assert 'id="e-files"' in answer.text
    assert counter.count(s.letter) == 0


def test_a_scan_is_kept_with_the_letter_and_handed_out_as_a_file(counter):
    letter = counter.log_letter(files=(io.BytesIO(b"%PDF-1.7 scan"), "scan.pdf"))
    (document,) = counter.house.rows(s.document, letter_id=letter)
    answer = counter.clerk.get(f"/staff/documents/{document.id}/")
    assert answer.data == b"%PDF-1.7 scan"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert counter.centre.get(f"/staff/documents/{document.id}/").status_code == 404


def test_of_two_files_with_one_name_none_is_lost_in_silence(counter):
    scans = [(io.BytesIO(b"%PDF-1.7 one"), "scan.pdf"), (io.BytesIO(b"%PDF-1.7 two"), "scan.pdf")]
    answer = counter.clerk.post("/letters/import/", files=scans)
    assert answer.status_code == 400
    assert "檔名相同：scan.pdf" in answer.text
    assert counter.count(s.letter) == 0


@pytest.mark.rule("RV1-05")
def test_a_windows_clerk_ties_only_the_windows_own_cases(counter):
    other = counter.applied(window=counter.house.window("高雄市政府教育局", county="高雄市"))
    own_clerk = counter.browser("letter_clerk", name="own", window_id=counter.window)
    counter.browsers["letter_clerk"] = own_clerk
    letter = counter.log_letter()
    assert own_clerk.post(f"/letters/{letter}/tie/", case_id=str(other)).status_code == 404
    assert counter.state(other) == "uploaded"


@pytest.mark.rule("LTR-01", "LTR-03")
def test_an_electronic_letter_brings_its_own_proposal(counter):
    case = counter.applied()
    answer = counter.clerk.post("/letters/import/", files=electronic_letter(counter.number(case)))
    assert "收文號" in answer.text
    assert f'name="case_id" value="{case}"' in answer.text
    again = counter.clerk.post("/letters/import/", files=electronic_letter(counter.number(case)))
    assert again.status_code == 409
    assert "此公文已登錄" in again.text
