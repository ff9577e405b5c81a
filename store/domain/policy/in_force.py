"""Which policy was in force when: a fold over adoptions, in the order of the log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from store.clock import parse_timestamp, timestamp
from store.domain.place import OF_THE_POLICY

if TYPE_CHECKING:  # the rules' own types are slow to import
    from store.domain.policy.model import Policy

PLACE: Final = OF_THE_POLICY


@dataclass(frozen=True, kw_only=True, slots=True)
class InForce:
    """A policy with the entry that brought it into force."""

    policy: Policy
    seq: int = 0
    """It counts for every later entry; 0: the built-in one, from the beginning."""
    since: str | None = None
    """When, as that entry claims; None for the built-in one."""
    request: str | None = None
    editors: tuple[str, ...] = ()
    """Who wrote it: opened or edited the request that was adopted."""
    cooling_hours: int = 0
    """For so long its editors cannot approve under it: what it says itself, or the policy before it if longer."""
    lapses: bool = False
    """It was adopted while approvals were asked whether they lapsed; whatever is adopted after it is asked, too."""

    def cools_until(self, handle: str, at: str) -> str | None:
        """Return when `handle` may approve under this policy, None when that is already so at the instant `at`."""
        if handle not in self.editors or self.since is None or not self.cooling_hours:
            return None
        end = parse_timestamp(self.since) + timedelta(hours=self.cooling_hours)
        return timestamp(end) if parse_timestamp(at) < end else None


def at_entry(adopted: Sequence[InForce], seq: int) -> InForce:
    """Return what was in force for entry `seq`; `adopted` is in the order of the log and not empty."""
    return next(one for one in reversed(adopted) if one.seq < seq or one.seq == 0)
