"""Letters that are sent, and read again as they were."""

from dataclasses import fields, replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forms.letters import LetterError, OutgoingLetter, read, write
from forms.letters.findings import find_case_numbers, read_counts
from forms.letters.letter import (
    Attachment,
    DocumentNumber,
    Item,
    Letter,
    Paragraph,
    Party,
    PartyKind,
    Receiver,
    Secrecy,
    Speed,
    tidy,
)  # fmt: skip
from forms.letters.models import CardsAskedFor, ForwardedLetter, application_letter, forwarding_letter
from forms.letters.writing import attachment_names

TEXT = st.text(st.characters(exclude_categories=["Cc", "Cs", "Cn"]), max_size=12).map(tidy)
NAME = TEXT.filter(bool)
CODE = st.from_regex(r"[0-9A-Z]{10}", fullmatch=True)
CODED = st.one_of(
    st.builds(Party, st.just(PartyKind.AGENCY), NAME, CODE),
    st.builds(Party, st.just(PartyKind.UNIT), NAME, CODE, TEXT),
)
PERSON = st.builds(Party, st.just(PartyKind.PERSON), NAME, CODE, TEXT, TEXT)
PRINTED = st.one_of(
    st.builds(Party, st.sampled_from([PartyKind.AGENCY, PartyKind.UNIT, PartyKind.COLLECTIVE]), NAME),
    st.builds(Party, st.just(PartyKind.PERSON), NAME, title=TEXT),
)
ITEMS = st.recursive(
    st.builds(Item, TEXT, TEXT),
    lambda inner: st.builds(Item, TEXT, TEXT, st.lists(inner, max_size=3).map(tuple)),
    max_leaves=5,
)
ATTACHMENTS = st.sampled_from(
    [
        Attachment("a.pdf", "application/pdf", b"%PDF-1"),
        Attachment("b.txt", "text/plain", "文".encode()),
        Attachment("c.png", "image/png", b"\x89PNG\r\n\x1a\n"),
    ]
)


def some(strategy, at_least=0):
    return st.lists(strategy, min_size=at_least, max_size=3).map(tuple)


NUMBERS = st.builds(
    DocumentNumber.of,
    st.sampled_from(["府教", "臺教高(一)"]),
    st.just("115"),
    st.from_regex(r"[0-9]{7}", fullmatch=True),
    st.sampled_from(["", "A"]),
)
LETTERS = st.builds(
    OutgoingLetter,
    senders=some(CODED, 1),
    date=st.dates(min_value=date(1900, 1, 1)),
    numbers=some(NUMBERS, 1),
    subject=TEXT,
    originals=some(st.builds(Receiver, PRINTED), 1),
    kind=st.sampled_from(["函", "書函", "移文單"]),
    address=TEXT,
    contact_lines=some(TEXT, 1),
    speed=st.none() | st.sampled_from(Speed),
    secrecy=st.none() | st.sampled_from(Secrecy),
    secrecy_condition=TEXT,
    attachment_note=TEXT,
    paragraphs=some(st.builds(Paragraph, TEXT, TEXT, some(ITEMS))),
    copies=some(st.builds(Receiver, PRINTED, attachment_note=TEXT)),
    signatures=some(TEXT),
    exchange=some(st.builds(Receiver, CODED | PERSON, st.sampled_from(["", "正本", "副本"]), TEXT), 1),
    attachments=some(ATTACHMENTS),
)


def same(one, other):
    return [f.name for f in fields(Letter) if getattr(one, f.name) != getattr(other, f.name)] == []


@settings(max_examples=60)
@given(LETTERS)
def test_a_letter_that_was_written_is_read_as_it_was(letter):
    sent = zip(attachment_names(letter), letter.attachments, strict=True)
    expected = replace(letter, attachments=tuple(replace(attachment, name=name) for name, attachment in sent))
    assert same(read(write(letter)), expected)


@pytest.mark.rule("APP-04", "LTR-03")
def test_the_letter_of_application_says_what_the_registry_looks_for(a_head, three_cards, a_form_sheet):
    letter = application_letter(a_head, "公文電子交換", three_cards, (a_form_sheet,) * 3)
    files = write(letter)
    assert sorted(files) == [
        "1150000045.di",
        "1150000045.sw",
        *(f"1150000045_ATTCH{n}.pdf" for n in (1, 2, 3)),
    ]
    received = read(files)
    assert tuple(found.number for found in find_case_numbers(received)) == three_cards.numbers
    counts = read_counts(received)
    assert (counts.primary, counts.secondary, counts.total, counts.contradictory) == (1, 2, 3, False)
    assert "公文電子交換" in received.subject
    assert len(received.paragraphs[0].items) == 2


@pytest.mark.rule("LTR-02")
def test_the_window_forwards_the_letter_with_its_own(a_head, three_cards):
    first = ForwardedLetter("新竹縣竹東國民小學", a_head.date, a_head.number)
    head = replace(
        a_head,
        number=DocumentNumber.of("府教資", "115", "0000200"),
        sender=Party(PartyKind.AGENCY, "新竹縣政府", "376440000A"),
    )
    received = read(write(forwarding_letter(head, first, three_cards, ())))
    assert received.number != first.number
    assert "竹國總字第1150000045號" in received.paragraphs[0].items[0].text
    assert {found.number for found in find_case_numbers(received)} == set(three_cards.numbers)
    assert read_counts(received).expected == 3


@pytest.mark.parametrize(
    ("primary", "secondary"),
    [((), ()), (("1",), ()), (("0000100000000000000044716",), ("0000100000000000000044716",))],
)
def test_cards_without_sound_case_numbers_cannot_be_asked_for(primary, secondary):
    with pytest.raises(LetterError):
        CardsAskedFor("組織或團體憑證", primary, secondary)


@pytest.fixture
def a_letter(a_head, three_cards):
    """A letter of application with parts changed."""
    return lambda **changed: replace(application_letter(a_head, "測試", three_cards, ()), **changed)


def test_a_letter_to_one_addressee_needs_no_exchange_list(a_letter):
    to = Receiver(Party(PartyKind.PERSON, "王大明", "A00000000A", title="理事長"), attachment_note="無")
    letter = a_letter(exchange=(), addressee=to)
    files = write(letter)
    assert list(files) == ["1150000045.di"]
    assert same(read(files), letter)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"exchange": ()}, "write"),
        ({"numbers": (DocumentNumber("口頭"),)}, "write"),
        ({"numbers": (DocumentNumber.of("府", "115", "../etc"),)}, "write"),
        ({"subject": "\x00"}, "write_character"),
        ({"subject": "\ud800"}, "write_character"),
        ({"kind": "情書"}, "invalid"),
        ({"originals": ()}, "invalid"),
        ({"senders": (Party(PartyKind.COLLECTIVE, "各機關"),)}, "invalid"),
        ({"attachments": (Attachment("a.exe", "application/pdf", b"MZ"),)}, "file_type"),
        ({"attachments": (Attachment("a.pdf", "application/pdf", b"MZ"),)}, "disguised"),
    ],
)
def test_a_letter_that_nobody_could_read_is_not_written(a_letter, changed, code):
    with pytest.raises(LetterError) as refusal:
        write(a_letter(**changed))
    assert refusal.value.code == code


def test_markup_in_texts_stays_text(a_letter):
    letter = a_letter(subject="<主旨>&amp;]]>", address="\"引號\" & '單'")
    assert same(read(write(letter)), letter)
