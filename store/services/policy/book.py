"""Which policy is in force for which entry: folded from the log's own adoptions, each judged as it was made.

Whoever can write the file can append an adoption, but not sign one: it counts only if an admin of that moment
signed it, for a request whose approvals held under the policy before. What does not count changes nothing here
and is named by `verify`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from threading import Lock
from typing import Protocol

from store import archive
from store.domain import events as ev
from store.domain import roles
from store.domain.approving import approvals_missing
from store.domain.change import Change, replay
from store.domain.policy import Policy, default_policy
from store.domain.policy.in_force import InForce, at_entry
from store.domain.policy.reading import from_canonical
from store.domain.signatures import problem_of, valid_lines
from store.errors import NotFound
from store.integrity.entry import Entry
from store.ledger import Ledger
from store.services.requests import vouching
from store.services.source import recorded

KIND = "policy.adopted"


@dataclass(frozen=True, kw_only=True, slots=True)
class Judged:
    """One adoption in the log, and what stands against it; empty where it counts."""

    seq: int
    policy: str
    problems: tuple[str, ...] = ()


class Policies(Protocol):
    """Answers which policy is or was in force."""

    def now(self) -> InForce:
        """Return the policy in force at the newest commit."""
        ...

    def at(self, seq: int, /) -> InForce:
        """Return the policy that was in force for entry `seq`."""
        ...

    def known(self) -> tuple[Policy, ...]:
        """Return every policy that ever was in force, the oldest first."""
        ...

    def judged(self) -> tuple[Judged, ...]:
        """Return every adoption in the log with what stands against it."""
        ...


@dataclass(frozen=True, slots=True)
class Fixed:
    """One policy, always: for what-if questions and tests."""

    policy: Policy

    def now(self) -> InForce:
        """Return it."""
        return InForce(policy=self.policy)

    def at(self, _seq: int) -> InForce:
        """Return it."""
        return InForce(policy=self.policy)

    def known(self) -> tuple[Policy, ...]:
        """Return it."""
        return (self.policy,)

    def judged(self) -> tuple[Judged, ...]:
        """Return nothing: nobody had to adopt it."""
        return ()


@dataclass(eq=False)
class Book:
    """The policies of one ledger. Each adoption is read and judged once; asking again costs one look-up."""

    ledger: Ledger
    _adopted: list[InForce] = field(default_factory=lambda: [InForce(policy=default_policy())])
    _judged: list[Judged] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def now(self) -> InForce:
        """Return the policy in force at the newest commit.

        Raises:
            NotFound, IntegrityFailure: an adopted policy cannot be read from the archive: nothing is decided then.
        """
        self._catch_up()
        return self._adopted[-1]

    def at(self, seq: int, /) -> InForce:
        """Return the policy that was in force for entry `seq`."""
        self._catch_up()
        return at_entry(self._adopted, seq)

    def known(self) -> tuple[Policy, ...]:
        """Return every policy that ever was in force, the oldest first."""
        self._catch_up()
        return tuple(one.policy for one in self._adopted)

    def judged(self) -> tuple[Judged, ...]:
        """Return every adoption in the log with what stands against it."""
        self._catch_up()
        return tuple(self._judged)

    def _catch_up(self) -> None:
        with self._lock:
            last = self._judged[-1].seq if self._judged else 0
            for entry in self.ledger.entries(kinds=[KIND], after=last):
                self._take(entry)

    def _take(self, entry: Entry) -> None:
        event = next(recorded([entry])).event
        assert isinstance(event, ev.PolicyAdopted)
        before = self._adopted[-1]
        problems = tuple(self._problems(entry, event, before))
        if not problems:
            with self.ledger.reading() as connection:
                policy = from_canonical(archive.get(connection, event.policy))
            change = self._change(event.request, entry.seq)
            hours = (before.policy.separation.policy_editor_hours, policy.separation.policy_editor_hours)
            adopted = InForce(
                policy=policy,
                seq=entry.seq,
                since=entry.statement.time,
                request=event.request,
                editors=tuple(dict.fromkeys(change.editors)),
                cooling_hours=max(hours),
            )
            self._adopted.append(adopted)
        self._judged.append(Judged(seq=entry.seq, policy=event.policy, problems=problems))

    def _problems(self, entry: Entry, event: ev.PolicyAdopted, before: InForce) -> Iterator[str]:
        """Yield what stands against an adoption: its signature, its approvals, what it follows."""
        actor, at = entry.statement.actor, entry.statement.time
        people = roles.fold(recorded(self.ledger.entries(kinds=roles.KINDS, until=entry.seq - 1)))
        wrong = problem_of(entry, valid_lines(people.by_handle.get(actor), entry.seq))
        if wrong is not None:
            yield wrong
        if not roles.may(people, actor, "adopt a policy", at=at):
            yield f"{actor} may not adopt a policy"
        if event.previous != before.policy.digest:
            yield f"it follows the policy {event.previous[:12]}, which was not in force"
        try:
            change = self._change(event.request, entry.seq - 1)
        except NotFound as missing:
            yield str(missing)
            return
        if (change.target.release, change.digest) != (event.policy, event.digest):
            yield f"{change.id} proposes another policy"
        if change.state not in {"in review", "approved"}:
            yield f"{change.id} was {change.state}"
        for what in approvals_missing(change, people=people, policy=before.policy, at=at):
            yield f"not approved: {what}"
        yield from vouching.doubts(self.ledger, self.ledger, change, lambda seq: at_entry(self._adopted, seq), at)

    def _change(self, request: str, until: int) -> Change:
        return replay(request, recorded(self.ledger.entries(on={"request": request}, until=until)))
