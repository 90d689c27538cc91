"""A set of shares in force, as the people of ROL-02 make it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pki.shares import Cost, SealedShare, Share, SplitPlan, seal, split
from tests.activations import SECRET
from tests.workflow.people import hands, key_workers
from workflow.commands_of_shares import ActivateKeys, DeactivateKeys, HandInShare, KeepShares, NewShare
from workflow.vocabulary import Role

if TYPE_CHECKING:
    from tests.workflow.registry import Registry
    from workflow.facts import Actor

PASSPHRASE = "an officer's own words"
QUICK = Cost(memory=64, passes=1, lanes=1)


@dataclass
class Sharing:
    """Three officers who hold shares, a controller, and those who split."""

    registry: Registry

    def __post_init__(self) -> None:
        self.officers = [self.registry.account(Role.SECOND_REVIEWER) for _ in range(3)]
        self.controller = self.registry.account(Role.CONTROLLER)
        self.keepers = key_workers(self.registry)

    def split(self) -> list[SealedShare]:
        return [self.seal(one) for one in split(SECRET, SplitPlan("activation"))]

    def seal(self, share: Share) -> SealedShare:
        return seal(share, self.officers[share.index - 1].name, PASSPHRASE, QUICK)

    def keep(self, sealed: list[SealedShare], *people: Actor, **more) -> str:
        present = people or self.keepers
        holders = more.pop("holders", self.officers)
        command = KeepShares(
            hands=hands(*present), set_id=sealed[0].set.id, purpose="activation", threshold=2,
            shares=tuple(
                NewShare(one.index, holder.account_id, one.to_text())
                for one, holder in zip(sealed, holders, strict=True)
            ),
            **more,
        )  # fmt: skip
        self.registry.do(command, present[0])
        return sealed[0].set.id

    def give(
        self, sealed: SealedShare, officer: Actor, passphrase: str = PASSPHRASE, *, medium: bool = False
    ):
        text = sealed.to_text() if medium else None
        command = HandInShare(set_id=sealed.set.id, number=sealed.index, passphrase=passphrase, sealed=text)
        return self.registry.do(command, officer)

    def activate(self, set_id: str, *numbers: int, people: tuple[Actor, ...] = ()):
        present = people or (*self.officers[:2], self.controller)
        command = ActivateKeys(hands=hands(*present), set_id=set_id, numbers=numbers)
        return self.registry.do(command, present[0])

    def deactivate(self, *people: Actor):
        return self.registry.do(DeactivateKeys(hands=hands(*people), reason="a drill"), people[0])
