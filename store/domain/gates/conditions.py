"""The gates that a policy brings itself: conditions in CEL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from store.domain.component import Json
from store.domain.gates.verdict import Verdict, bad, good
from store.domain.policy.expressions import compiled

if TYPE_CHECKING:  # the rules' own types are slow to import
    from store.domain.policy.conditions import Condition


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """A condition and what it may speak of."""

    condition: Condition
    values: dict[str, Json]


def holds(seen: Asked) -> Verdict:
    """Let it pass where the condition holds.

    Raises:
        Refusal: the condition breaks or says neither yes nor no.
    """
    one = seen.condition
    if compiled(one.require)(seen.values):
        return good(f"it holds: {one.require}"[:300])
    return bad(one.because, one.unblock or "change what the condition speaks of, or have the policy change it")
