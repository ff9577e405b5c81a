"""The policy as a person reads it: what is in force and since when, its files, and what is proposed to change it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from store import archive
from store.domain import events as ev
from store.domain.policy.compare import Changed, changes
from store.domain.policy.in_force import PLACE, InForce
from store.domain.policy.presets import PRESETS
from store.domain.policy.reading import from_canonical, preset_policy
from store.errors import NotFound
from store.ledger import Ledger
from store.projections import requests
from store.projections.requests import RequestRow
from store.services import rights
from store.services.context import Context, recorded
from store.services.history import history
from store.services.identity.people import principals
from store.services.policy.files import OnDisk, on_disk
from store.services.policy.proposing import proposal

if TYPE_CHECKING:  # the rules' own types are slow to import
    from store.domain.policy import Policy

REVIEW = "review the policy"


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A request that would change the policy."""

    row: RequestRow
    changes: tuple[Changed, ...]
    loosens: tuple[str, ...]
    """What becomes easier than it was, in words."""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A policy with what is known of it."""

    rules: InForce
    adopted_by: str | None
    """Who brought it into force; None for the built-in one."""
    files: Mapping[str, str]
    """Name → text of the files it was adopted from; empty for the built-in one."""
    preset: str | None
    """The built-in policy that says the very same."""
    asked: str | None = None
    """The instant, entry or id whose policy this is; None: the one in force now."""


@dataclass(frozen=True, kw_only=True)
class Book:
    """The policy in force, what lies on disk, and what is proposed."""

    standing: Standing
    disk: OnDisk
    proposals: tuple[Proposal, ...]
    blocked: tuple[str, ...]
    """Why the caller may not review the policy, then `→` what would unblock it; empty when they may."""


def book(context: Context, handle: str | None) -> Book:
    """Return the policy in force and what is about to change it."""
    people = principals(context.ledger)
    return Book(
        standing=_standing(context, context.rules),
        disk=on_disk(context),
        proposals=tuple(_proposals(context)),
        blocked=rights.against(context, people, handle, REVIEW, project="*", environment="*"),
    )


def at(context: Context, when: str) -> Standing:
    """Return the policy as it was at a time, an entry number or an id.

    Raises:
        BadInput: `when` names nothing.
        NotFound: there is no such entry or id.
    """
    return _standing(context, context.policies.at(history.resolve(context, when).seq + 1), asked=when)


def _standing(context: Context, rules: InForce, *, asked: str | None = None) -> Standing:
    by, files = _adoption(context.ledger, rules.seq)
    preset = next((name for name in PRESETS if preset_policy(name).digest == rules.policy.digest), None)
    return Standing(rules=rules, adopted_by=by, files=files, preset=preset, asked=asked)


def _adoption(ledger: Ledger, seq: int) -> tuple[str | None, dict[str, str]]:
    """Return who adopted a policy by entry `seq`, and the texts it was adopted from as far as they are kept."""
    for record in recorded(ledger.entries(after=seq - 1, until=seq)) if seq else ():
        if isinstance(record.event, ev.PolicyAdopted):
            texts: dict[str, str] = {}
            with ledger.reading() as connection:
                for one in record.event.files:
                    try:
                        texts[one.name] = archive.get(connection, one.artifact).decode(errors="replace")
                    except NotFound:
                        texts[one.name] = "# its bytes are not in the archive: quarterdeck verify"
            return record.actor, texts
    return None, {}


def _proposals(context: Context) -> list[Proposal]:
    with context.ledger.reading() as connection:
        rows = [row for row in requests.listing(connection, states=("in review", "approved")) if _is_policy(row)]
    found = []
    for row in rows:
        proposed = proposal(context.ledger, row.id)
        with context.ledger.reading() as connection:
            policy: Policy = from_canonical(archive.get(connection, proposed.policy))
        found.append(Proposal(row=row, changes=changes(context.policy, policy), loosens=proposed.loosens))
    return found


def _is_policy(row: RequestRow) -> bool:
    return row.environment == PLACE and row.project == PLACE
