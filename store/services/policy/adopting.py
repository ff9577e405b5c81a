"""Whether an adoption of a policy counts, judged as it was made.

Whoever can write the file can append an adoption, but not sign one: it counts only if an admin of that moment
signed it, for a request whose approvals held under the policy before. What does not count changes nothing here
and is named by `verify`. Adoptions from before approvals could lapse are judged without that rule, or a later rule
would take back what was in force; the first adoption that was recorded under it ends that for all that follow, and
a ledger that was opened under it never had others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from store import archive
from store.domain import events as ev
from store.domain import roles
from store.domain.approving import approvals_missing
from store.domain.change import Change, outlived, replay
from store.domain.policy import default_policy
from store.domain.policy.in_force import InForce, at_entry
from store.domain.policy.reading import from_canonical
from store.domain.signatures import problem_of, valid_lines
from store.errors import NotFound
from store.integrity.entry import Entry
from store.ledger import Ledger
from store.services.requests import vouching
from store.services.requests.restores import newest_judged
from store.services.source import recorded


def built_in() -> InForce:
    """Return what is in force before any adoption."""
    return InForce(policy=default_policy())


def adoption(ledger: Ledger, entry: Entry, adopted: Sequence[InForce]) -> tuple[str, tuple[str, ...], InForce | None]:
    """Return the policy that an entry adopts, what stands against that, and what is in force from there on.

    `adopted` is what was in force before it, in the order of the log; None: it does not count.

    Raises:
        NotFound, IntegrityFailure: the policy cannot be read from the archive.
    """
    event = next(recorded([entry])).event
    assert isinstance(event, ev.PolicyAdopted)
    problems = tuple(_problems(ledger, entry, event, adopted))
    if problems:
        return event.policy, problems, None
    before = adopted[-1]
    with ledger.reading() as connection:
        policy = from_canonical(archive.get(connection, event.policy))
    change = _change(ledger, event.request, entry.seq)
    hours = (before.policy.separation.policy_editor_hours, policy.separation.policy_editor_hours)
    now = InForce(
        policy=policy,
        seq=entry.seq,
        since=entry.statement.time,
        request=event.request,
        editors=tuple(dict.fromkeys(change.editors)),
        cooling_hours=max(hours),
        lapses=_lapses(ledger, event, before),
    )
    return event.policy, (), now


def _problems(ledger: Ledger, entry: Entry, event: ev.PolicyAdopted, adopted: Sequence[InForce]) -> Iterator[str]:
    """Yield what stands against an adoption: its signature, its approvals, what it follows."""
    before, actor, at = adopted[-1], entry.statement.actor, entry.statement.time
    people = roles.fold(recorded(ledger.entries(kinds=roles.KINDS, until=entry.seq - 1)))
    wrong = problem_of(entry, valid_lines(people.by_handle.get(actor), entry.seq))
    if wrong is not None:
        yield wrong
    if not roles.may(people, actor, "adopt a policy", at=at):
        yield f"{actor} may not adopt a policy"
    if event.previous != before.policy.digest:
        yield f"it follows the policy {event.previous[:12]}, which was not in force"
    try:
        change = _change(ledger, event.request, entry.seq - 1)
    except NotFound as missing:
        yield str(missing)
        return
    if (change.target.release, change.digest) != (event.policy, event.digest):
        yield f"{change.id} proposes another policy"
    if change.state not in {"in review", "approved"}:
        yield f"{change.id} was {change.state}"
    change = outlived(change, newest_judged(ledger, until=entry.seq - 1))
    lapses = _lapses(ledger, event, before)
    for what in approvals_missing(change, people=people, policy=before.policy, at=at, lapses=lapses):
        yield f"not approved: {what}"
    yield from vouching.doubts(ledger, ledger, change, lambda seq: at_entry(adopted, seq), at)


def _lapses(ledger: Ledger, event: ev.PolicyAdopted, before: InForce) -> bool:
    """Say whether an adoption is asked whether its approvals lapsed. Only the first of a ledger depends on entry 1."""
    return event.lapses or before.lapses or (before.seq == 0 and _opened_under_it(ledger))


def _opened_under_it(ledger: Ledger) -> bool:
    first = next(recorded(ledger.entries(limit=1))).event
    return isinstance(first, ev.LedgerOpened) and first.lapses


def _change(ledger: Ledger, request: str, until: int) -> Change:
    return replay(request, recorded(ledger.entries(on={"request": request}, until=until)))
