import io
import subprocess
from functools import cache
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont
from reportlab.pdfgen.canvas import Canvas

from forms.fonts import FontsMissing, FontUnusable, KaiFonts, UncoveredCharacter
from forms.fonts.embedded import register, to_unicode
from forms.fonts.program import font_program

RARE_NAME = "堃喆峯𤧟𡍼𠮷龘"


@cache
def fonts() -> KaiFonts:
    return KaiFonts.find()


def written(text: str) -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out, invariant=1, initialFontName=register(fonts()))
    canvas.setFont(register(fonts()), 14)
    canvas.drawString(60, 700, text)
    canvas.save()
    return out.getvalue()


def test_rare_characters_of_names_are_covered():
    assert fonts().uncovered(RARE_NAME) == ""


@pytest.mark.parametrize(
    "char",
    [
        pytest.param("😀", id="an emoji"),
        pytest.param("\ufffd", id="the mark of a character already lost"),
        pytest.param("\u200b", id="a space of no width"),
        pytest.param("\ufe00", id="a variation selector"),
        pytest.param("\t", id="a control character"),
        pytest.param("\ud800", id="half a surrogate pair"),
        pytest.param("\U000fb625", id="a code that the Plus font leaves blank"),
        pytest.param("\u02c9", id="a code that the basic font leaves blank"),
    ],
)
def test_a_character_that_would_print_as_nothing_is_refused(char):
    with pytest.raises(UncoveredCharacter) as refusal:
        fonts().require(f"王{char}明", "全名")
    assert (refusal.value.char, refusal.value.codepoint, refusal.value.where) == (char, ord(char), "全名")


def test_a_name_that_mixes_font_files_is_found_as_one_word(tmp_path):
    (tmp_path / "name.pdf").write_bytes(written(f"負責人 {RARE_NAME} 先生"))
    for options in ([], ["-layout"], ["-raw"]):
        read = subprocess.run(
            ["pdftotext", *options, "name.pdf", "-"], cwd=tmp_path, capture_output=True, check=True
        )
        assert read.stdout.decode().split() == ["負責人", RARE_NAME, "先生"]


def test_unicode_values_beyond_the_bmp_are_surrogate_pairs():
    lines = to_unicode("王𠮷").decode().splitlines()
    assert "<0001> <738B>" in lines
    assert "<0002> <D842DFB7>" in lines


def test_characters_that_share_an_outline_keep_their_own_unicode_values(tmp_path):
    (tmp_path / "twins.pdf").write_bytes(written("一⼀"))
    read = subprocess.run(["pdftotext", "twins.pdf", "-"], cwd=tmp_path, capture_output=True, check=True)
    assert read.stdout.decode().strip() == "一⼀"


def test_the_embedded_program_is_a_sound_font_with_the_original_outlines():
    glyphs = [fonts().missing_glyph(), *map(fonts().glyph, RARE_NAME)]
    with (
        TTFont(io.BytesIO(font_program(glyphs, fonts().metrics)), checkChecksums=2) as font,
        TTFont(fonts().paths[0], lazy=True) as original,
    ):
        ours, theirs = font.getGlyphOrder()[1], original.getBestCmap()[ord("堃")]
        assert font["maxp"].numGlyphs == len(glyphs)
        assert list(font["glyf"][ours].coordinates) == list(original["glyf"][theirs].coordinates)
        assert font["hmtx"].metrics[ours] == original["hmtx"].metrics[theirs]


def test_widths_are_those_of_the_font():
    assert fonts().width("關防", 12) == 24
    assert fonts().width("A", 1024) == 546


def test_a_missing_font_is_named_with_the_package_that_brings_it(tmp_path):
    with pytest.raises(FontsMissing, match="fonts-cns11643-kai"):
        KaiFonts.find(tmp_path)


def test_a_damaged_font_file_is_refused(tmp_path):
    (tmp_path / "TW-Kai-1.ttf").write_bytes(b"\0\1\0\0 and then nothing of use")
    with pytest.raises(FontUnusable, match=r"TW-Kai-1\.ttf"):
        KaiFonts.find(tmp_path)


def test_without_its_companions_the_basic_font_refuses_what_only_they_draw(tmp_path):
    basic = fonts().paths[0]
    (tmp_path / basic.name).symlink_to(Path(basic))
    alone = KaiFonts.find(tmp_path)
    assert alone.uncovered(RARE_NAME) == "𤧟𡍼𠮷"
