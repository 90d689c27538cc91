"""The keys under several people's control, from the command line: split, waited for, activated, deactivated."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import replace

import pytest

from ops import key_secrets, wiring
from ops.activation import KeeperClient
from ops.settings import Settings
from pki.errors import KeyRefusedError
from pki.keys import KeyKind
from pki.shares import SplitPlan, seal, split
from pki.token import Token
from tests import softhsm
from tests.activations import KeeperProcess, until
from tests.ops.test_cli import guanfang
from tests.workflow import batches
from tests.workflow.batches import Batches, items
from tests.workflow.people import key_workers
from tests.workflow.registry import PASSWORD, Registry
from workflow.store import schema as t
from workflow.vocabulary import Role

__all__ = ["guanfang"]
OWN = "the passphrase of {}"


class House:
    """A registry on the command line, with its officers, a controller and those who split the secret."""

    def __init__(self, url, guanfang, monkeypatch, folder) -> None:
        self.registry = Registry(url)
        # The programs go on with what the registry began: the same keys, and the same seals of the log.
        own = {"key_passphrase": b"p" * 40, "checkpoints": wiring.checkpoint_key(Settings.read())}
        self.registry.office = replace(self.registry.office, **own)
        self.keepers = key_workers(self.registry)
        self.officers = [self.registry.account(Role.SECOND_REVIEWER) for _ in range(3)]
        self.controller = self.registry.account(Role.CONTROLLER)
        self.url, self._guanfang, self._monkeypatch = url, guanfang, monkeypatch
        self.socket = folder / "activation.sock"
        monkeypatch.setenv("GUANFANG_ACTIVATION_SOCKET", str(self.socket))
        monkeypatch.setenv("GUANFANG_DATABASE_URL", url)

    def call(self, *words, people=(), then=()):
        given = [word for one in people for word in ("--with", one.name)]
        stdin = "".join(f"{line}\n" for line in (*(PASSWORD for _ in people), *then))
        options = ("--password-stdin",) if people else ()
        return self._guanfang("ca", *words, *given, *options, url=self.url, stdin=stdin)

    def split(self, *more, verb="make", then=(), yes=True):
        holders = [word for one in self.officers for word in ("--holder", one.name)]
        own = [line for one in self.officers for line in (PASSWORD, OWN.format(one.name))]
        ordered = (*holders, *more, *(("--yes",) if yes else ()))
        return self.call("shares", verb, *ordered, people=self.keepers, then=(*then, *own))

    def share(self) -> None:
        """Set the programs to shares, from here on."""
        self._monkeypatch.setenv("GUANFANG_ACTIVATION", "shares")

    def activate(self, *officers, words=(), people=None):
        said = [OWN.format(one.name) for one in officers]
        return self.call("activate", *words, people=people or (*officers, self.controller), then=said)

    def deactivate(self, *more):
        people = (*self.officers[:2], self.controller)
        return self.call("deactivate", "--reason", "a drill", *more, people=people)

    def client(self) -> KeeperClient:
        return KeeperClient(self.socket)


@pytest.fixture
def house(migrated_sqlite_url, guanfang, monkeypatch, tmp_path):
    house = House(migrated_sqlite_url, guanfang, monkeypatch, tmp_path)
    yield house
    house.registry.close()


@pytest.fixture
def keeper(house):
    keeper = KeeperProcess(house.socket)
    yield keeper
    keeper.kill()


def good(said):
    assert said.exit_code == 0, said.output
    return said.output


def test_splitting_says_first_what_it_would_do(house):
    said = good(house.split(yes=False))
    assert "2 × Administrator" in said
    assert "--yes" in said
    assert not house.registry.rows(t.share_set)


@pytest.mark.rule("ROL-08")
def test_two_officers_and_a_controller_activate_and_three_deactivate(house, keeper):
    batches.establish(house.registry.office)
    before = house.registry.rows(t.authority)
    good(house.split())
    assert all(
        old.sealed_key != new.sealed_key
        for old, new in zip(before, house.registry.rows(t.authority), strict=True)
    )
    assert house.officers[2].name in good(house.call("shares", "list"))
    assert "Automatic" in good(house.call("status"))
    house.share()
    assert "Not activated" in house.call("status").output
    first, second, third = house.officers
    assert "are activated" in good(house.activate(second, third))
    assert "Activated with set" in good(house.call("status"))
    office = wiring.build_office(Settings.read())
    row = house.registry.rows(t.authority)[0]
    signer = office.keystore.open(row.sealed_key, None)
    assert signer.sign(b"data")
    assert "dry run" in good(house.deactivate())
    assert house.client().active()
    good(house.deactivate("--yes"))
    with pytest.raises(KeyRefusedError, match="not_activated"):
        signer.sign(b"data")
    assert house.call("status").exit_code == 1
    office.engine.dispose()
    assert first


def test_too_few_or_wrong_people_activate_nothing(house, keeper):
    batches.establish(house.registry.office)
    good(house.split())
    house.share()
    first, second, third = house.officers
    twin = house.registry.account(Role.SECOND_REVIEWER, person=first.person_id)
    wrong = (
        (house.activate(first), "2 shares are needed"),
        (house.activate(first, people=(first, twin, house.controller)), "2 shares are needed"),
        (house.activate(first, second, people=(first, second)), "takes 2"),
        (house.activate(first, second, third, people=(first, second, third)), "takes 2"),
        (
            house.activate(first, first, people=(first, first, house.controller)),
            "given already|handed in already",
        ),
    )
    for said, words in wrong:
        assert said.exit_code == 1, said.output
        assert any(word in said.output for word in words.split("|")), said.output
    bad = house.call(
        "activate", people=(first, second, house.controller), then=(OWN.format(first.name), "another one")
    )
    assert "does not open share 2" in bad.output
    assert not house.client().active()
    assert OWN.format(first.name) not in "".join(row.body for row in house.registry.rows(t.audit_entry))


def test_shares_on_media_are_named_when_they_are_wrong(house, keeper, tmp_path):
    batches.establish(house.registry.office)
    good(house.split("--out", str(tmp_path / "media")))
    files = sorted((tmp_path / "media").iterdir())
    assert [file.stat().st_mode & 0o777 for file in files] == [0o600] * 3
    assert not any(row.sealed for row in house.registry.rows(t.key_share))
    house.share()
    first, second, _third = house.officers
    assert "2 shares are needed" not in house.activate(first, second).output
    named = [word for file in files[:2] for word in ("--share", str(file))]
    good(house.activate(first, second, words=named))
    house.client().forget()
    # A new set makes the old media worthless, and a changed file is no share at all.
    old = [word for one in (first, second) for word in ("--old", one.name)]
    given = [PASSWORD, PASSWORD, OWN.format(first.name), OWN.format(second.name)]
    good(house.split(*old, *named, verb="replace", then=given))
    assert "was replaced" in house.activate(first, second, words=named).output
    good(house.activate(first, second))
    files[0].write_text(files[0].read_text().replace('"index": 1', '"index": 2'))
    assert "damaged" in house.activate(first, second, words=named).output


def test_a_share_that_is_nobodys_here_or_one_of_two_is_named(house, keeper, tmp_path):
    batches.establish(house.registry.office)
    good(house.split("--out", str(tmp_path / "media")))
    house.share()
    first, second, third = house.officers
    files = sorted((tmp_path / "media").iterdir())
    twice = tmp_path / "twice.json"
    twice.write_text(files[0].read_text())
    cases = (
        ([files[0], files[2]], f"is a share of {third.name}, whom no --with names"),
        ([files[0], twice, files[1]], f"are both of {first.name}"),
    )
    for given, words in cases:
        said = house.activate(first, second, words=[word for one in given for word in ("--share", str(one))])
        assert said.exit_code == 2
        assert words in said.output
    stranger = seal(split(b"x", SplitPlan("activation"))[0], first.name, OWN.format(first.name))
    twice.write_text(stranger.to_text())
    named = [word for one in (twice, files[1]) for word in ("--share", str(one))]
    assert "of no set that is known here" in house.activate(first, second, words=named).output
    assert not house.client().active()


def test_a_keeper_that_stops_meanwhile_is_told_in_words(house, keeper, monkeypatch):
    batches.establish(house.registry.office)
    good(house.split())
    house.share()
    whole = key_secrets.require_opening

    def then_it_stops(*given):
        whole(*given)
        keeper.kill()

    with monkeypatch.context() as patched:
        patched.setattr(key_secrets, "require_opening", then_it_stops)
        said = house.activate(*house.officers[:2])
    assert said.exit_code == 1
    assert "Start `guanfang ca keeper` and run it again" in said.output


def test_without_a_keeper_or_a_set_an_activation_says_what_is_missing(house):
    assert "nothing to activate" in house.activate(*house.officers[:2]).output
    house.share()
    assert "guanfang ca keeper" in house.activate(*house.officers[:2]).output
    keeper = KeeperProcess(house.socket)
    assert "shares make" in house.activate(*house.officers[:2]).output
    keeper.kill()


def test_the_pin_is_in_no_setting_once_it_is_shared(house, monkeypatch):
    monkeypatch.setenv("GUANFANG_PKCS11_PIN", softhsm.PIN)
    house.share()
    assert "must be in no setting" in house.call("status").output


@pytest.fixture
def token(monkeypatch, token_label):
    for name, value in (
        ("KEYSTORE", "pkcs11"), ("PKCS11_MODULE", softhsm.MODULE), ("PKCS11_TOKEN", token_label),
        ("PKCS11_PIN", softhsm.PIN),
    ):  # fmt: skip
        monkeypatch.setenv(f"GUANFANG_{name}", str(value))
    return monkeypatch


@pytest.mark.rule("ROL-08")
def test_a_tokens_pin_lives_in_shares(house, keeper, token):
    good(house.split())
    token.delenv("GUANFANG_PKCS11_PIN")
    house.share()
    office = wiring.build_office(Settings.read())
    with pytest.raises(KeyRefusedError, match="not_activated"):
        office.keystore.make("gca", KeyKind.P256)
    good(house.activate(*house.officers[:2]))
    kept = office.keystore.make("gca", KeyKind.P256)
    assert kept.signer.sign(b"data")
    keeper.kill()
    assert until(lambda: not office.keys_activated())
    with pytest.raises(KeyRefusedError, match="not_activated"):
        office.keystore.open(None, kept.reference)
    with pytest.raises(KeyRefusedError, match="not_activated"):
        kept.signer.sign(b"data")
    office.engine.dispose()


@pytest.fixture
def changing(house, keeper, token, spare):
    """A house whose keys lie in a token of its own, with the PIN in shares; back to the tests' PIN afterwards."""
    spare.close()
    token.setenv("GUANFANG_PKCS11_TOKEN", "changing")
    good(house.split())
    token.delenv("GUANFANG_PKCS11_PIN")
    house.share()
    pins = [softhsm.PIN]
    whole = Token.change_pin

    def noting(own, new):
        whole(own, new)
        pins.append(new)

    token.setattr(Token, "change_pin", noting)
    yield house, pins
    token.undo()
    Token(softhsm.MODULE, "changing", lambda: pins[-1]).change_pin(softhsm.PIN)


def anew(house, *more):
    """Replace the set by the first two holders, with the same holders again."""
    first, second, _third = house.officers
    old = [word for one in (first, second) for word in ("--old", one.name)]
    given = [PASSWORD, PASSWORD, OWN.format(first.name), OWN.format(second.name)]
    return house.split(*old, *more, verb="replace", then=given)


def confirm(house):
    holders = house.officers[:2]
    named = [word for one in holders for word in ("--holder", one.name)]
    given = [PASSWORD, PASSWORD, *(OWN.format(one.name) for one in holders)]
    return house.call("shares", "confirm", *named, "--password-stdin", then=given)


def states(house):
    return [row.state for row in house.registry.rows(t.share_set)]


def opens(pin):
    """Tell whether a PIN opens the token."""
    token = Token(softhsm.MODULE, "changing", lambda: pin)
    try:
        token.references("-")
    except KeyRefusedError:
        return False
    finally:
        token.close()
    return True


@pytest.mark.rule("ROL-08")
def test_an_old_quorum_does_not_open_the_token_any_more(changing, tmp_path):
    house, pins = changing
    good(house.activate(*house.officers[:2]))
    assert house.client().active()
    good(anew(house))
    assert not house.client().active()
    assert states(house) == ["replaced", "in_force"]
    assert len(pins) == 2
    assert not opens(softhsm.PIN)
    assert opens(pins[-1])
    good(house.activate(*house.officers[:2]))
    assert pins[-1] not in "".join(row.body for row in house.registry.rows(t.audit_entry))
    assert "No set of shares is pending" in confirm(house).output


@pytest.mark.rule("ROL-08")
def test_a_change_that_was_killed_after_the_token_is_confirmed_by_the_new_holders(changing, token):
    house, pins = changing

    def killed(*_given):
        raise KeyboardInterrupt

    with token.context() as cut:
        cut.setattr(key_secrets, "confirm", killed)
        assert anew(house).exit_code != 0
    assert states(house) == ["in_force", "pending"]
    assert opens(pins[-1])
    assert "shares confirm" in house.activate(*house.officers[:2]).output
    assert "shares confirm" in anew(house).output
    good(confirm(house))
    assert states(house) == ["replaced", "in_force"]
    good(house.activate(*house.officers[:2]))


@pytest.mark.rule("ROL-08")
def test_without_its_token_no_waiting_set_is_put_in_force(changing, token):
    house, _pins = changing

    def killed(*_given):
        raise KeyboardInterrupt

    with token.context() as cut:
        cut.setattr(key_secrets, "confirm", killed)
        assert anew(house).exit_code != 0
    with token.context() as elsewhere:
        elsewhere.setenv("GUANFANG_KEYSTORE", "software")
        said = confirm(house)
    assert said.exit_code == 1
    assert "GUANFANG_KEYSTORE=pkcs11" in said.output
    assert states(house) == ["in_force", "pending"]


def test_a_token_that_takes_no_other_pin_leaves_the_old_set_in_force(changing, token):
    house, pins = changing

    def refused(*_given):
        raise KeyRefusedError("pki.token.failed", "FunctionNotSupported")

    with token.context() as deaf:
        deaf.setattr(Token, "change_pin", refused)
        assert "--keep-pin" in anew(house).output
    assert states(house) == ["in_force", "pending"]
    assert "do not open the keys" in confirm(house).output
    good(house.activate(*house.officers[:2]))
    good(anew(house, "--keep-pin"))
    assert states(house) == ["replaced", "pending", "in_force"]
    assert pins == [softhsm.PIN]
    good(house.activate(*house.officers[:2]))


@pytest.mark.rule("ROL-08")
def test_of_two_changes_at_once_the_tokens_own_set_is_in_force(changing, token):
    """The second begins, and fails, after the first wrote its set down and before it changed the PIN."""
    house, pins = changing
    whole, inner = Token.change_pin, []

    def overtaken(own, new):
        if not inner:
            inner.append(None)
            inner[0] = anew(house)
        whole(own, new)

    with token.context() as slow:
        slow.setattr(Token, "change_pin", overtaken)
        outer = anew(house)
    assert states(house) == ["replaced", "replaced", "in_force"]
    assert [outer.exit_code, inner[0].exit_code] == [1, 0]
    assert "did not take a new PIN" in outer.output
    assert opens(pins[-1])
    good(house.activate(*house.officers[:2]))


@pytest.fixture
def running():
    """Start programs as an operator does."""
    with ExitStack() as stack:

        def start(*words):
            process = subprocess.Popen(
                [sys.executable, "-m", "ops.cli", *words], env=dict(os.environ),
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            stack.callback(process.wait)
            stack.callback(process.kill)
            return process

        yield start


@pytest.mark.rule("ROL-08")
def test_a_worker_waits_for_the_people_and_then_issues(
    migrated_postgresql_url, guanfang, monkeypatch, tmp_path, running
):
    house = House(migrated_postgresql_url, guanfang, monkeypatch, tmp_path)
    approved = Batches(house.registry)
    case = approved.approved(*items(1))
    good(house.split())
    house.share()
    running("ca", "keeper")
    running("worker")

    def waiting():
        rows = [row for row in house.registry.rows(t.outbox) if row.effect == "issue_items"]
        return [(row.state, row.attempts) for row in rows if "尚未啟用" in (row.last_error or "")]

    assert until(lambda: house.client().state().running)
    assert until(waiting)
    assert waiting() == [("waiting", 0)]
    good(house.activate(*house.officers[:2]))
    assert until(lambda: house.registry.state(case) == "issued")
    house.registry.close()
