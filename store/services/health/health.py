"""The health of a workspace: everything that is owed, the most pressing first."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from store.domain.duties import Duty, State, ranked
from store.services.context import Context, Source
from store.services.health import evidence, expiring, waiting
from store.services.health import reviews as looking_again
from store.services.health.findings_due import open_findings
from store.services.health.look import Check, Look
from store.services.identity.people import principals
from store.services.policy import files

REVIEWS: Final[tuple[Check, ...]] = (
    looking_again.glass_reviews,
    looking_again.policy_review,
    looking_again.connector_review,
)
"""What people have to look at again: also shown where they begin their day."""
CHECKS: Final[tuple[Check, ...]] = (
    *REVIEWS,
    waiting.approvals,
    waiting.rehearsals,
    expiring.exceptions,
    expiring.grants,
    evidence.witnesses,
    evidence.verification,
    evidence.backup,
    evidence.notices,
)
"""One line a check. Open findings are added to what these find: they know which of it is overdue."""


@dataclass(frozen=True, kw_only=True)
class Health:
    """Everything that is owed at one instant."""

    at: str
    duties: tuple[Duty, ...]
    remarks: tuple[str, ...] = ()
    """What is worth knowing and nobody owes."""

    @property
    def overdue(self) -> tuple[Duty, ...]:
        """Return what should have been done by now."""
        return tuple(one for one in self.duties if one.state is State.OVERDUE)

    def count(self, state: State) -> int:
        """Return how many duties are in a state."""
        return sum(one.state is state for one in self.duties)


def health(context: Context, *, checks: tuple[Check, ...] = CHECKS) -> Health:
    """Return everything that is owed now.

    Raises:
        IntegrityFailure, StorageFailure: something cannot be read; nothing is said to be well then.
    """
    found = seen(context, context.ledger, context.now, checks=checks)
    return replace(found, remarks=(files.on_disk(context).words, *waiting.rehearsed(context)))


def reviews(context: Context, at: str) -> tuple[Duty, ...]:
    """Return only the reviews that are owed at the instant `at`."""
    look = Look(context=context, source=context.ledger, at=at, people=principals(context.ledger))
    return ranked(duty for check in REVIEWS for duty in check(look))


def seen(context: Context, source: Source, at: str, *, checks: tuple[Check, ...] = CHECKS) -> Health:
    """Return everything that was owed at the instant `at`, from entries of `source`."""
    look = Look(context=context, source=source, at=at, people=principals(source))
    found = [duty for check in checks for duty in check(look)]
    pressing = {duty.mark for duty in found if duty.state is State.OVERDUE}
    return Health(at=at, duties=ranked([*found, *open_findings(look, pressing)]))
