"""What a verification says: one word, and everything that led to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from store.errors import QuarterdeckError


class Verdict(StrEnum):
    """The ladder of docs/integrity.md, worst first; only the last three are good news."""

    INVALID = "INVALID"
    """Bytes, links, tree or a known signature fail."""
    DIVERGED = "DIVERGED"
    """Consistent in itself, but it contradicts a head that somebody kept."""
    SHORTER = "SHORTER"
    """A kept head is larger than this file: a restore, a loss or a cut."""
    UNSIGNED = "UNSIGNED"
    """Consistent, but no signed checkpoint covers the newest entry."""
    SELF_CONSISTENT = "SELF-CONSISTENT"
    """Checks against the log's own key only."""
    ANCHORED = "ANCHORED"
    """Agrees with a head kept outside the file."""
    WITNESSED = "WITNESSED"
    """Agrees with a head that independent witnesses cosigned."""


_GOOD: Final = frozenset({Verdict.SELF_CONSISTENT, Verdict.ANCHORED, Verdict.WITNESSED})
MAX_PROBLEMS: Final = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """One thing that does not check."""

    seq: int
    """The entry it is about, or the size of the tree a checkpoint or head is for; 0 for the whole file."""
    problem: str
    """`schema`, `storage`, `sequence`, `hash`, `link`, `form`, `origin`, `tree`, `checkpoint`, `rule`;
    `diverged`, `shorter`, `unsigned`; `head` for a kept head that cannot be read."""
    detail: str
    """One line in words. May hold text from the file: show it through `display`."""

    @property
    def verdict(self) -> Verdict:
        """The best verdict a ledger with this problem can get."""
        return _VERDICTS.get(self.problem, Verdict.INVALID)


_VERDICTS: Final = {
    "diverged": Verdict.DIVERGED,
    "head": Verdict.DIVERGED,
    "shorter": Verdict.SHORTER,
    "unsigned": Verdict.UNSIGNED,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Contradiction:
    """Evidence that stands alone: two notes that cannot both be true of one append-only log."""

    kept: bytes
    """The note that somebody kept."""
    ours: bytes | None
    """The newest note in the file; None when it holds none."""
    proof: tuple[bytes, ...] = ()
    """The file's own consistency proof from the kept size (RFC 9162 section 2.1.4), which fails to check."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """The outcome of a verification."""

    verdict: Verdict
    entries: int
    root: bytes
    """Merkle root over the entries as they are."""
    problems: tuple[Problem, ...]
    """In order of `seq`, at most `MAX_PROBLEMS`."""
    warnings: tuple[Problem, ...] = ()
    """What is odd but breaks nothing: a FIDO key's counter that went back. Leaves the verdict alone."""
    contradictions: tuple[Contradiction, ...] = ()
    anchored: tuple[int, int] | None = None
    """(size of the largest kept head that agrees, entries here)."""
    cosigned: tuple[int, int] | None = None
    """(witnesses that vouch for a head that agrees, witnesses known)."""
    witnessed: int = 0
    """Size of the largest head that the quorum of witnesses vouches for; 0 for none."""
    tail_entries: int
    """Entries newer than every head kept outside: nobody else would notice their loss."""
    tail_minutes: int
    """How many minutes, by the entries' own claims, that tail spans from the last anchored entry; rounded up."""
    start: int = 0
    """Size of the checkpoint that was trusted; only entries after it were read."""
    seconds: float

    @property
    def ok(self) -> bool:
        """Whether the verdict is good news: what exit status 0 means."""
        return self.verdict in _GOOD and not self.problems


def verdict_of(problems: Sequence[Problem], *, anchored: bool, witnessed: bool) -> Verdict:
    """Return the one word: the worst that any problem allows, or the best that the heads earned."""
    order = list(Verdict)
    if problems:
        return min((problem.verdict for problem in problems), key=order.index)
    if witnessed:
        return Verdict.WITNESSED
    return Verdict.ANCHORED if anchored else Verdict.SELF_CONSISTENT


class VerificationStopped(QuarterdeckError):
    """The progress callback asked to stop: there is no verdict (exit 2)."""

    reached: int = 0
    """Size of the newest checkpoint up to which all was read and good: what a later verification may go on from."""
