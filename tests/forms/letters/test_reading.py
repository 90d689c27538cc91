"""Letters as they come in, good ones and attacks."""

import hashlib
import zipfile
from contextlib import suppress
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forms.letters import LetterError, open_upload, read, read_zip
from forms.letters.letter import DocumentNumber, PartyKind, Secrecy, Speed, tidy

ATTACHED = "1150000123_ATTCH1.pdf"


@pytest.mark.rule("LTR-03")
def test_all_that_a_letter_says_is_read(a_parcel):
    letter = read(a_parcel())
    assert (letter.sender_name, letter.sender_code) == ("新竹縣政府", "376440000A")
    assert (letter.kind, letter.date, letter.speed, letter.secrecy) == (
        "函",
        date(2026, 11, 20),
        Speed.ORDINARY,
        None,
    )
    assert letter.number == DocumentNumber("府教字第1150000123號", "府教", "115", "0000123")
    assert letter.subject.endswith("附卡2張），隨文檢送申請書共3份，請查照。")
    assert letter.contact.person == "王小明"
    assert letter.contact.phone == "03-5518101#1234"
    assert letter.contact.email == "ming@example.gov.tw"
    assert letter.attachment_note == "如文"
    assert letter.signatures == ("縣長 楊○○",)
    assert letter.grammar == "104_2_utf8.dtd"


def test_receivers_come_from_the_exchange_list(a_parcel):
    letter = read(a_parcel())
    names = [(r.party.name, r.party.agency_code, r.copy) for r in letter.receivers]
    assert names == [("數位發展部", "A21000000I", "正本"), ("新竹縣竹東國民小學", "376447700Y", "副本")]
    assert letter.receivers[0].attachment_note == "含附件"
    assert letter.copies[0].party.kind is PartyKind.AGENCY
    assert letter.addressee is None


def test_a_letter_without_exchange_list_names_one_addressee(a_parcel):
    person = "<姓名>王大明</姓名><職稱>理事長</職稱><機關代碼>A00000000A</機關代碼><含附件>無</含附件>"
    files = a_parcel(lambda di: di.replace('<交換表 交換表單="表單">如正、副本</交換表>', person))
    del files["1150000123.sw"]
    letter = read(files)
    assert letter.addressee is not None
    assert (letter.addressee.party.title, letter.receivers[0].party.name) == ("理事長", "王大明")


def test_items_keep_their_nesting(a_parcel):
    (explanation,) = read(a_parcel()).paragraphs
    assert explanation.name == "說明："
    assert [item.number for item in explanation.items] == ["一、", "二、"]
    assert [item.number for item in explanation.items[1].items] == ["(一)", "(二)"]
    assert len(explanation.texts()) == 5


def test_an_attachment_carries_its_type_and_digest(a_parcel):
    (attachment,) = read(a_parcel()).attachments
    assert (attachment.name, attachment.media_type, attachment.declared) == (
        ATTACHED,
        "application/pdf",
        True,
    )
    assert attachment.sha256 == hashlib.sha256(attachment.content).hexdigest()


def test_a_file_that_the_letter_does_not_name_is_kept_apart(a_parcel):
    letter = read(a_parcel(more={"補充.txt": "資料".encode()}))
    assert [(a.name, a.declared) for a in letter.attachments] == [(ATTACHED, True), ("補充.txt", False)]


def test_a_number_in_one_piece_is_taken_apart(a_parcel):
    def whole(di):
        before, rest = di.split("<發文字號>")
        return f"{before}<發文字號><文字>臺教高(一)字第1120012345A號</文字></發文字號>{rest.split('</發文字號>')[1]}"

    number = read(a_parcel(whole)).number
    assert (number.word, number.year, number.serial, number.branch) == ("臺教高(一)", "112", "0012345", "A")
    assert DocumentNumber.parse("口頭通知") == DocumentNumber("口頭通知")


def test_speed_and_secrecy_are_read(a_parcel):
    letter = read(a_parcel(lambda di: di.replace("普通件", "最速件").replace("<密等/>", '<密等 代碼="密"/>')))
    assert (letter.speed, letter.secrecy) == (Speed.FASTEST, Secrecy.RESTRICTED)


def test_a_byte_order_mark_and_remarks_do_no_harm(a_parcel):
    files = a_parcel(lambda di: "\ufeff" + di.replace("<函>", "<!-- 匯出 --><?style x?><函>"))
    assert read(files).sender_name == "新竹縣政府"


def test_a_letter_of_version_99_may_be_big5(a_parcel):
    files = a_parcel()
    di = files["1150000123.di"].decode().replace("UTF-8", "big5").replace("104_2_utf8", "99_2_big5")
    letter = read({**files, "1150000123.di": di.encode("cp950")})
    assert (letter.sender_name, letter.grammar) == ("新竹縣政府", "99_2_big5.dtd")


@pytest.mark.parametrize("folder", ["", "公文/", "a\\b\\"])
def test_an_archive_reads_like_loose_files(a_parcel, an_archive, folder):
    archive = an_archive({folder + name: content for name, content in a_parcel().items()})
    assert open_upload({"letter.zip": archive}) == read(a_parcel()) == open_upload(a_parcel())


def test_names_in_big5_are_read_from_archives(a_parcel, an_archive):
    files = a_parcel(lambda di: di.replace(ATTACHED, "申請書.pdf"))
    files["申請書.pdf"] = files.pop(ATTACHED)
    archive = an_archive({name.replace("申請書", "XXXXXX"): content for name, content in files.items()})
    assert read_zip(archive.replace(b"XXXXXX", "申請書".encode("cp950"))).attachments[0].name == "申請書.pdf"


def refusal(action, *args):
    with pytest.raises(LetterError) as caught:
        action(*args)
    assert caught.value.zh
    assert caught.value.en
    return caught.value.code


def in_subset(declaration):
    return lambda di: di.replace("]>", f"{declaration}\n]>", 1)


@pytest.mark.parametrize(
    ("edit", "code"),
    [
        (in_subset('<!ENTITY a "x"><!ENTITY b "&a;&a;&a;">'), "entity"),
        (in_subset("<!ENTITY a 'x'>"), "entity"),
        (in_subset('<!ENTITY a SYSTEM "file:///etc/passwd">'), "entity"),
        (in_subset('<!ENTITY a PUBLIC "p" "http://127.0.0.1/x">'), "entity"),
        (in_subset('<!ENTITY % p SYSTEM "http://127.0.0.1/x.dtd"> %p;'), "entity"),
        (in_subset('<!ENTITY % p "x">'), "entity"),
        (in_subset("<!ELEMENT 函 ANY>"), "doctype"),
        (in_subset('<!ATTLIST 函 x CDATA "y">'), "doctype"),
        (in_subset("%p;"), "doctype"),
        (in_subset('<!ENTITY ATTCH1 SYSTEM "b.pdf" NDATA _X>'), "doctype"),
        (in_subset("<!-- " + "x" * 70_000 + " -->"), "doctype"),
        (lambda di: di.replace("104_2_utf8.dtd", "/etc/passwd"), "dtd_unknown"),
        (lambda di: di.replace("104_2_utf8.dtd", "http://127.0.0.1/104_2_utf8.dtd"), "dtd_unknown"),
        (lambda di: di.replace('SYSTEM "104_2_utf8.dtd"', 'PUBLIC "x" "104_2_utf8.dtd"'), "doctype"),
        (lambda di: di[di.index("<函>") :], "doctype"),
        (lambda di: di.replace("<!DOCTYPE 函", "<!DOCTYPE 簽"), "wrong_root"),
        (lambda di: di.replace("<函>", "<簽>").replace("</函>", "</簽>"), "invalid"),
        (lambda di: di.replace("<主旨>", "<主旨>&ATTCH1;"), "not_xml"),
        (lambda di: di.replace("<主旨>", "<主旨>&nothing;"), "not_xml"),
        (lambda di: di.replace("</函>", ""), "not_xml"),
        (lambda _: "hello", "not_xml"),
        (lambda _: "", "not_xml"),
        (lambda di: di.replace("<主旨>", "<主旨><!DOCTYPE x>"), "not_xml"),
        (lambda di: di.replace("<速別", "<時速").replace("速別>", "時速>"), "invalid"),
        (lambda di: di.replace("普通件", "光速件"), "invalid"),
        (lambda di: di.replace('附件名="ATTCH1"', '附件名="ATTCH9"'), "invalid"),
        (lambda di: di.replace('附件名="ATTCH1"', ""), "invalid"),
        (lambda di: di.replace("115年11月20日", "115年13月20日"), "date"),
        (lambda di: di.replace("UTF-8", "big5"), "encoding"),
        (lambda di: di.replace("UTF-8", "utf-7"), "encoding"),
        (lambda di: di.replace(ATTACHED, "missing.pdf"), "attachment_missing"),
        (lambda di: di.replace("1150000123.sw", "other.sw"), "roster_missing"),
        (lambda di: di.replace("請查照", "請查照" + "x" * 1_100_000), "letter_too_large"),
        (
            lambda di: di.replace("<條列", "<條列>" * 400 + "<條列", 1).replace(
                "</段落>", "</條列>" * 400 + "</段落>"
            ),
            "not_xml",
        ),
    ],
)
def test_each_attack_and_fault_in_a_letter_is_refused(a_parcel, edit, code):
    assert refusal(read, a_parcel(edit)) == code


@pytest.mark.parametrize(
    "name", ["../../etc/1150000123_ATTCH1.pdf", "C:\\temp\\1150000123_ATTCH1.PDF", "/1150000123_ATTCH1.pdf"]
)
def test_paths_in_names_are_cut_off(a_parcel, name):
    files = a_parcel(lambda di: di.replace(ATTACHED, name))
    assert read({**files}).attachments[0].name == ATTACHED
    files[name] = files.pop(ATTACHED)
    assert "/" not in read(files).attachments[0].name


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"..": b""}, "file_name"),
        ({"a/": b""}, "file_name"),
        ({"a\x00.txt": b""}, "file_name"),
        ({"a\u202etxt.pdf": b""}, "file_name"),
        ({"a.txt:hidden": b""}, "file_name"),
        ({"x" * 300: b""}, "file_name"),
        ({"other/1150000123.SW": b""}, "duplicate_name"),
        ({"second.di": b""}, "two_letters"),
        ({"run.exe": b"MZ"}, "file_type"),
        ({"inner.zip": b"PK\x03\x04"}, "file_type"),
        ({"page.html": b"<script>"}, "file_type"),
        ({"noextension": b"x"}, "file_type"),
        ({"fake.pdf": b"MZ\x90\x00"}, "disguised"),
        ({"fake.txt": b"MZ\x90\x00"}, "disguised"),
        ({"fake.docx": b"%PDF-1.7"}, "disguised"),
        ({f"{n}.txt": b"" for n in range(60)}, "too_many_files"),
        ({"big.txt": b"x" * (20 * 1024 * 1024 + 1)}, "too_large"),
        ({"1150000123.sw": b"<x/>"}, "doctype"),
    ],
)
def test_each_bad_file_beside_a_letter_is_refused(a_parcel, more, code):
    assert refusal(read, a_parcel(more=more)) == code


def test_without_files_or_without_a_letter_nothing_is_read(a_parcel):
    assert refusal(read, {}) == "no_files"
    assert refusal(read, {"a.pdf": b"%PDF-"}) == "no_letter"


def test_bytes_that_are_not_of_the_encoding_are_refused(a_parcel):
    assert (
        refusal(read, a_parcel(more={"1150000123.di": b'<?xml version="1.0"?><!DOCTYPE \xff\xfe'}))
        == "encoding"
    )
    assert (
        refusal(read, a_parcel(more={"1150000123.di": a_parcel()["1150000123.di"].decode().encode("utf-16")}))
        == "not_xml"
    )


def test_bombs_in_archives_are_refused(an_archive, a_parcel):
    assert refusal(read_zip, an_archive({"a.di": b"0" * 19_000_000})) == "zip_bomb"
    inner = {f"{n}.txt": bytes(range(256)) * 8192 for n in range(12)}
    assert refusal(read_zip, an_archive(inner)) == "zip_bomb"
    assert refusal(read_zip, an_archive({f"{n}.txt": b"" for n in range(51)})) == "too_many_files"
    nested = an_archive(a_parcel(more={"inner.zip": an_archive({"x.txt": b"x" * 1000})}))
    assert refusal(read_zip, nested) == "file_type"
    assert refusal(read_zip, b"PK\x03\x04" + b"x" * (20 * 1024 * 1024)) == "too_large"


def test_an_archive_that_lies_about_its_sizes_is_refused(an_archive):
    honest = an_archive({"a.di": b"0" * 900_000})
    size = (900_000).to_bytes(4, "little")
    assert refusal(read_zip, honest.replace(size, (10).to_bytes(4, "little"))) == "zip_unreadable"


def test_encrypted_damaged_and_odd_archives_are_refused(an_archive, a_parcel):
    good = an_archive(a_parcel())
    marked = bytearray(good)
    central = marked.rindex(b"PK\x01\x02")
    marked[central + 8] |= 1
    assert refusal(read_zip, bytes(marked)) == "zip_encrypted"
    assert refusal(read_zip, good[: len(good) // 2]) == "zip_unreadable"
    assert refusal(read_zip, an_archive(a_parcel(), zipfile.ZIP_LZMA)) == "zip_unreadable"
    assert refusal(open_upload, {"a.zip": b"no archive"}) == "zip_unreadable"


@given(st.binary(max_size=400))
def test_random_bytes_bring_out_only_coded_refusals(data):
    for action, files in (
        (read, {"a.di": data}),
        (open_upload, {"a.zip": data}),
        (read, {"a.di": data, "a.sw": data}),
    ):
        with pytest.raises(LetterError):
            action(files)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_mutated_letter_is_read_or_refused_and_nothing_else(a_parcel, an_archive, data):
    files = a_parcel()
    name = data.draw(st.sampled_from(sorted(files)))
    content = bytearray(files[name])
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content)))
        content[at : at + data.draw(st.integers(0, 30))] = data.draw(st.binary(max_size=12))
    with suppress(LetterError):
        read({**files, name: bytes(content)})
    archive = bytearray(an_archive(files))
    archive[data.draw(st.integers(0, len(archive) - 1))] ^= data.draw(st.integers(1, 255))
    with suppress(LetterError):
        read_zip(bytes(archive))


@given(st.text(max_size=40))
def test_tidying_twice_is_tidying_once(text):
    assert tidy(tidy(text)) == tidy(text)


def test_tidying_joins_chinese_lines_and_keeps_english_words_apart():
    assert tidy("  擬申請\n    憑證 XCA\r\n  card ") == "擬申請憑證 XCA card"
