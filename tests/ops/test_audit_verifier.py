"""The stand-alone verifier: it needs nothing of the project, and an export that was touched does not pass it."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ops.verifier.__main__ import main
from ops.verifier.files import verify_export
from ops.verifier.findings import Kind
from ops.verifier.tree import Tree, leaf_hash
from tests.audit_rig import Log
from workflow.store import merkle
from workflow.store.audit_export import export, export_checkpoints
from workflow.store.sealing import seal

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]
FILES = ("entries.jsonl", "checkpoints.jsonl")


class Export:
    """An export in a folder, with the checkpoints that were kept elsewhere."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "export"
        self.kept = folder / "kept.jsonl"

    def lines(self, name: str) -> list[str]:
        return (self.folder / name).read_text().splitlines(keepends=True)

    def write(self, name: str, lines: list[str]) -> None:
        (self.folder / name).write_text("".join(lines))

    def change(self, name: str, place: int, **values: Any) -> None:
        lines = self.lines(name)
        lines[place] = json.dumps(json.loads(lines[place]) | values) + "\n"
        self.write(name, lines)

    def found(self) -> set[Kind]:
        return {finding.kind for finding in verify_export(self.folder, self.kept)}


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pristine")
    log = Log(f"sqlite:///{folder / 'log.sqlite'}", folder)
    for count in (2, 3, 2):
        log.note(count)
        seal(log.office)
    assert export(log.office, folder / "export") == 7
    assert export_checkpoints(log.office, folder / "kept.jsonl") == 3
    log.office.engine.dispose()
    return folder


@pytest.fixture
def exported(pristine: Path, tmp_path: Path) -> Export:
    shutil.copytree(pristine / "export", tmp_path / "export")
    shutil.copy(pristine / "kept.jsonl", tmp_path)
    return Export(tmp_path)


@pytest.mark.rule("AUD-03")
def test_an_export_nobody_touched_verifies(exported, capsys):
    assert exported.found() == set()
    assert main([str(exported.folder), "--checkpoints", str(exported.kept)]) == 0
    assert capsys.readouterr().out == "The audit log verifies.\n"


def test_the_verifier_runs_away_from_the_project(exported, tmp_path):
    shutil.copytree(ROOT / "ops" / "verifier", tmp_path / "away" / "verifier")
    script = """
import sys
sys.path.insert(0, ".")
from verifier.__main__ import main
status = main(sys.argv[1:])
assert not {"workflow", "ops", "sqlalchemy"} & set(sys.modules)
sys.exit(status)
"""
    away = [sys.executable, "-I", "-c", script, str(exported.folder)]
    run = subprocess.run(away, cwd=tmp_path / "away", capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout, run.stderr) == (0, "The audit log verifies.\n", "")


def renumbered(lines: list[str]) -> list[str]:
    """Hide a reordering or a deletion: give the entries new numbers."""
    return [json.dumps(json.loads(line) | {"index": index}) + "\n" for index, line in enumerate(lines)]


def reseal(export: Export, place: int, body: str) -> None:
    export.change("entries.jsonl", place, body=body, leaf=leaf_hash(body).hex())


DEEDS: list[tuple[str, Callable[[Export], object], Kind]] = [
    ("edit", lambda e: e.change("entries.jsonl", 3, body="{}"), Kind.EDITED),
    ("edit with a new leaf", lambda e: reseal(e, 3, "{}"), Kind.ROOT),
    ("empty an entry", lambda e: e.change("entries.jsonl", 3, body=None), Kind.DELETED),
    ("delete", lambda e: e.write(FILES[0], e.lines(FILES[0])[:3] + e.lines(FILES[0])[4:]), Kind.DELETED),
    ("delete and renumber", lambda e: e.write(FILES[0], renumbered(e.lines(FILES[0])[1:])), Kind.ROOT),
    ("reorder", lambda e: e.write(FILES[0], e.lines(FILES[0])[::-1]), Kind.REORDERED),
    ("reorder and renumber", lambda e: e.write(FILES[0], renumbered(e.lines(FILES[0])[::-1])), Kind.ROOT),
    ("cut the tail", lambda e: e.write(FILES[0], e.lines(FILES[0])[:6]), Kind.TRUNCATED),
    ("empty", lambda e: e.write(FILES[0], []), Kind.TRUNCATED),
    ("add", lambda e: e.change(FILES[0], 6, index=7), Kind.DELETED),
    ("no entry", lambda e: e.write(FILES[0], ["rubbish\n", *e.lines(FILES[0])]), Kind.UNREADABLE),
    ("a bottomless entry", lambda e: e.write(FILES[0], ["[" * 100_000 + "\n", *e.lines(FILES[0])]), Kind.UNREADABLE),
    ("another root", lambda e: e.change(FILES[1], 1, root="00" * 32), Kind.SIGNATURE),
    ("another time", lambda e: e.change(FILES[1], 1, at="2026-01-01T00:00:00.000000+00:00"), Kind.SIGNATURE),
    ("another size", lambda e: e.change(FILES[1], 1, size=6), Kind.SIGNATURE),
    ("a forged promise", lambda e: e.change(FILES[1], 2, size=9), Kind.TRUNCATED),
    ("other subtrees", lambda e: e.change(FILES[1], 1, peaks="00" * 64), Kind.CHECKPOINT),
    ("too few subtrees", lambda e: e.change(FILES[1], 1, peaks="00" * 32), Kind.CHECKPOINT),
    ("no checkpoint", lambda e: e.change(FILES[1], 1, size="5"), Kind.UNREADABLE),
    ("checkpoints reordered", lambda e: e.write(FILES[1], e.lines(FILES[1])[::-1]), Kind.REORDERED),
    ("last checkpoint gone", lambda e: e.write(FILES[1], e.lines(FILES[1])[:2]), Kind.CHECKPOINT_MISSING),
    ("middle checkpoint gone", lambda e: e.write(FILES[1], e.lines(FILES[1])[::2]), Kind.CHECKPOINT_MISSING),
    ("two roots for one size", lambda e: e.write(FILES[1], [
        *e.lines(FILES[1]), json.dumps(json.loads(e.lines(FILES[1])[2]) | {"root": "00" * 32}) + "\n",
    ]), Kind.FORKED),
]  # fmt: skip


@pytest.mark.rule("AUD-03")
@pytest.mark.parametrize(("deed", "kind"), [deed[1:] for deed in DEEDS], ids=[deed[0] for deed in DEEDS])
def test_an_export_that_was_touched_does_not_pass(exported, deed, kind, capsys):
    deed(exported)
    assert kind in exported.found()
    assert main([str(exported.folder), "--checkpoints", str(exported.kept)]) == 1
    assert "does NOT verify" in capsys.readouterr().out


@pytest.mark.rule("AUD-03")
def test_a_tail_cut_off_everywhere_shows_only_by_what_was_kept_elsewhere(exported):
    exported.write(FILES[0], exported.lines(FILES[0])[:5])
    exported.write(FILES[1], exported.lines(FILES[1])[:2])
    assert verify_export(exported.folder) == []
    assert exported.found() == {Kind.TRUNCATED, Kind.CHECKPOINT_MISSING}


def test_a_log_signed_anew_is_a_fork_of_what_was_kept(exported, tmp_path):
    folder = tmp_path / "fork"
    folder.mkdir()
    shutil.copy(exported.folder.parent / "kept.jsonl", folder)
    fork = Log(f"sqlite:///{folder / 'log.sqlite'}", folder)
    for count in (2, 3):
        fork.note(count, kind="logged_out")
        seal(fork.office)
    export(fork.office, folder / "export")
    fork.office.engine.dispose()
    found = {finding.kind for finding in verify_export(folder / "export", exported.kept)}
    assert {Kind.FORKED, Kind.SIGNATURE, Kind.TRUNCATED} <= found


def test_the_place_of_an_edit_is_named(exported):
    exported.change("entries.jsonl", 3, body="{}")
    (finding,) = verify_export(exported.folder)
    assert finding.place == "leaf 3 (entry 4)"


def test_a_line_of_checkpoints_that_is_being_written_is_left_alone(exported):
    exported.kept.write_text(exported.kept.read_text()[:-20])
    assert exported.found() == set()


def test_what_cannot_be_read_is_said_so(exported, tmp_path, capsys):
    assert main([str(tmp_path / "nowhere")]) == 2
    (exported.folder / "public.pem").write_text("no key")
    assert main([str(exported.folder)]) == 2
    assert "can't be read" in capsys.readouterr().err


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data())
def test_no_changed_byte_that_changes_the_meaning_passes(exported, pristine, data):
    name = data.draw(st.sampled_from(FILES))
    before = (pristine / "export" / name).read_bytes()
    place = data.draw(st.integers(0, len(before) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda byte: byte != before[place]))
    after = before[:place] + bytes([byte]) + before[place + 1 :]
    (exported.folder / name).write_bytes(after)
    try:
        assert exported.found() or same_meaning(before, after)
    finally:
        (exported.folder / name).write_bytes(before)


def same_meaning(before: bytes, after: bytes) -> bool:
    """Tell whether two files differ only in how JSON, hexadecimal or base64 may be written."""

    def meaning(text: bytes) -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in text.decode().split("\n") if line]
        for line in lines:
            # The entry's number in the database is not sealed; subtrees have to give the root.
            line.pop("entry", None)
            line.pop("peaks", None)
            if "signature" in line:
                # The last letter of base64 has bits to spare.
                line["signature"] = base64.b64decode(line["signature"]).hex()
            line.update({name: line[name].lower() for name in ("root", "leaf") if name in line})
        return lines

    return meaning(before) == meaning(after)


@given(st.lists(st.binary(min_size=32, max_size=32), max_size=40), st.integers(0, 40))
def test_the_verifiers_tree_is_the_sealers(leaves, cut):
    old = merkle.Tree().extend(leaves[:cut])
    tree = Tree.resumed(old.size, old.packed())
    for leaf in leaves[cut:]:
        tree.append(leaf)
    assert tree.root() == merkle.root_of(leaves)
