"""Which policy is in force for which entry: folded from the log's own adoptions, each judged as it was made.

Whoever can write the file can append an adoption, but not sign one: it counts only if an admin of that moment
signed it, for a request whose approvals held under the policy before. What does not count changes nothing here
and is named by `verify`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Protocol

from store.ledger import Ledger

if TYPE_CHECKING:  # whoever opens a workspace has a book; what is in it is imported by who reads it
    from store.domain.policy import Policy
    from store.domain.policy.in_force import InForce

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
        """Return the one policy, in force from the beginning."""
        from store.domain.policy.in_force import InForce

        return InForce(policy=self.policy)

    def at(self, _seq: int) -> InForce:
        """Return the one policy, whatever the entry."""
        return self.now()

    def known(self) -> tuple[Policy, ...]:
        """Return the one policy."""
        return (self.policy,)

    def judged(self) -> tuple[Judged, ...]:
        """Return nothing: nobody had to adopt it."""
        return ()


@dataclass(eq=False)
class Book:
    """The policies of one ledger. Each adoption is read and judged once; asking again costs one look-up."""

    ledger: Ledger
    _adopted: list[InForce] = field(default_factory=list)
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
        from store.domain.policy.in_force import at_entry

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
        from store.services.policy.adopting import adoption, built_in

        with self._lock:
            if not self._adopted:
                self._adopted.append(built_in())
            last = self._judged[-1].seq if self._judged else 0
            for entry in self.ledger.entries(kinds=[KIND], after=last):
                policy, problems, now = adoption(self.ledger, entry, self._adopted)
                if now is not None:
                    self._adopted.append(now)
                self._judged.append(Judged(seq=entry.seq, policy=policy, problems=problems))
