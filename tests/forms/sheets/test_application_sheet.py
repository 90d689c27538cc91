from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forms.fonts import KaiFonts, UncoveredCharacter
from forms.sheets import ApplicationForm, Field, SealBox, Section, application_form

RARE_NAME = "堃喆峯𤧟𡍼𠮷龘"
TYPED = st.text(
    st.one_of(
        st.characters(min_codepoint=0x21, max_codepoint=0x7E),
        st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5),
        st.characters(min_codepoint=0x20000, max_codepoint=0x2A6D6),
        st.sampled_from("，。、；：？！（）「」『』—…．・㊣①"),
    ),
    min_size=1,
    max_size=100,
)


def with_value(form: ApplicationForm, value: str) -> ApplicationForm:
    return replace(form, copies=("",), seals=(), sections=(Section("資料", (Field("全名", value),)),))


@pytest.mark.parametrize("options", [(), ("-layout",), ("-raw",)])
def test_a_rare_name_is_found_whole_in_the_printed_form(fonts, reader, a_form, options):
    text = reader.text(application_form(a_form(), fonts), *options)
    assert f"財團法人{RARE_NAME}文教基金會" in text
    assert "林𠮷峯" in text


@pytest.mark.rule("APP-09")
def test_two_marked_copies_carry_the_seal_boxes(fonts, reader, a_form):
    pages = reader.pages(application_form(a_form(), fonts))
    assert ["送件" in page for page in pages] == [True, False]
    assert ["自存" in page for page in pages] == [False, True]
    assert all("設立登記印鑑（圖記）" in page and "負責人印鑑" in page for page in pages)


@pytest.mark.rule("APP-09")
def test_a_form_without_seals_prints_no_boxes(fonts, reader, a_form):
    assert "印鑑" not in reader.text(application_form(a_form(seals=()), fonts))


@pytest.mark.rule("APP-10")
@pytest.mark.parametrize(
    "kind", ["學校", "財團法人", "社團法人", "行政法人", "自由職業事務所", "其他組織或團體"]
)
def test_each_kind_of_subscriber_has_its_own_title(fonts, reader, a_form, kind):
    assert f"{kind}正卡憑證申請書" in reader.text(
        application_form(a_form(title=f"{kind}正卡憑證申請書"), fonts)
    )


def test_the_scanner_reads_the_case_number_from_both_codes(fonts, reader, a_form):
    form = a_form()
    marks = reader.marks(application_form(form, fonts))
    assert marks == [f"CODE-128:{form.case_number}", f"QR-Code:{form.case_number}"]


def test_revision_digest_rank_and_date_stand_on_every_page(fonts, reader, a_form):
    for page in reader.pages(application_form(a_form(), fonts)):
        assert "SHA-256 1f2e 3d4c 5b6a 7988" in page
        assert "第 3 版" in page
        assert "卡別：正卡 Primary card" in page
        assert "填寫日期：中華民國115年11月20日" in page


def test_the_same_form_gives_the_same_bytes_in_another_font_library(fonts, a_form):
    assert application_form(a_form(), fonts) == application_form(a_form(), KaiFonts.find())


def test_threads_do_not_mix_up_their_documents(fonts, a_form):
    forms = [
        a_form(name=chr(0x20000 + 40 * number) + "基金會", case_number=f"{number:025d}")
        for number in range(24)
    ]
    forms = [form for form in forms if not fonts.uncovered(form.sections[0].fields[0].value)]
    alone = [application_form(form, fonts) for form in forms]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda form: application_form(form, KaiFonts.find()), forms))
    assert together == alone


def test_a_case_number_that_no_scanner_could_read_is_refused(fonts, a_form):
    with pytest.raises(ValueError, match="ASCII"):
        application_form(a_form(case_number="案0001"), fonts)


def test_every_font_is_embedded_and_searchable(fonts, reader, a_form):
    found = reader.fonts(application_form(a_form(), fonts))
    assert [row[-5:-2] for row in found] == [["yes", "yes", "yes"]]


def test_an_uncovered_character_names_the_field_it_stands_in(fonts, a_form):
    with pytest.raises(UncoveredCharacter) as refusal:
        application_form(a_form(name="王\u200b明"), fonts)
    assert refusal.value.where == "全名"


def test_a_form_has_no_place_for_a_user_code():
    names = {field.name for kind in (ApplicationForm, Section, Field, SealBox) for field in fields(kind)}
    assert not any("code" in name for name in names)


def test_a_long_form_runs_over_pages_that_are_numbered_by_copy(fonts, reader, a_form):
    rows = tuple(Field(f"欄位{number}", "內容" * 40) for number in range(30))
    pages = reader.pages(application_form(a_form(sections=(Section("資料", rows),)), fonts))
    half = len(pages) // 2
    assert half > 1
    assert all(
        f"第 {at % half + 1} 頁 共 {half} 頁" in " ".join(page.split()) for at, page in enumerate(pages)
    )


def test_a_value_longer_than_a_page_is_printed_to_its_end(fonts, reader, a_form):
    value = "".join(chr(0x4E00 + place) for place in range(3000))
    raw = reader.squeezed(application_form(with_value(a_form(), value), fonts), "-raw")
    assert not Counter(value) - Counter(raw)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=TYPED)
def test_whatever_was_typed_is_on_the_paper_in_full(fonts, reader, a_form, value):
    value = "".join(char for char in value if char not in fonts.uncovered(value))
    printed = reader.squeezed(application_form(with_value(a_form(), value), fonts), "-raw")
    blank = reader.squeezed(application_form(with_value(a_form(), ""), fonts), "-raw")
    assert value in printed
    assert Counter(printed) - Counter(blank) == Counter(value)
