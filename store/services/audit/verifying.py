"""Verification of everything a workspace holds: entries, signatures, heads, archive and read tables."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from store import projections
from store.domain.signatures import SignatureAudit
from store.errors import QuarterdeckError
from store.integrity.checkpoint import Checkpoint
from store.integrity.note import Verifier
from store.ledger.indexes import index_problems
from store.ledger.report import MAX_PROBLEMS, Problem, Report, Verdict, VerificationStopped
from store.ledger.verify import verify
from store.services.audit import verified
from store.services.audit.archive_check import archive_problems
from store.services.context import Context
from store.services.identity.log_key_file import expected_second
from store.services.identity.people import principals
from store.services.sealing.sealed_check import sealed_problems
from store.services.tables import tables
from store.services.witness import cosigning

Progress = Callable[[str, int, int], bool]
"""(what, done, total) → go on?"""


_TRIES: Final = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """How much is looked at."""

    archive: bool = True
    """Every archived blob decodes to its digest, and none that an entry names is missing."""
    tables: bool = True
    """The read tables equal a rebuild, and no index leaves an entry out."""
    start: Checkpoint | None = None
    """Trust entries up to this checkpoint, which was verified before."""
    resume: bool = False
    """Go on from the last verified head, where one is kept: quick, and blind to older entries that changed since."""


def verify_workspace(context: Context, *, scope: Scope, progress: Progress | None = None) -> Report:
    """Verify the workspace and return the report; never raises for what it finds wrong.

    Raises:
        VerificationStopped: `progress` said no.
    """
    began = time.monotonic()
    start = scope.start or (verified.last(context) if scope.resume else None)
    audit = _audit(context, start)
    try:
        report = verify(
            context.ledger,
            heads=(*context.ledger.heads, *cosigning.stores(context)),
            witnesses=cosigning.verifiers(context),
            quorum=context.config.witnesses.quorum,
            verifier=Verifier.from_vkey(context.config.ledger.log_key),
            origin=context.config.ledger.origin,
            second=expected_second(context.config),
            progress=_of("entries", progress),
            start=start,
            audit=audit,
            tables=tables(),
        )
    except VerificationStopped as stopped:
        if scope.start is None:  # what somebody only asked us to trust is not verified
            verified.remember(context, stopped.reached)
        raise
    if report.ok and scope.start is None:
        verified.remember(context, report.entries, report.root)
    more: list[Problem] = []
    unchecked: list[Problem] = []
    if scope.archive:
        more += archive_problems(context, _of("archived files", progress), _of("files named by entries", progress))
        broken, unchecked = sealed_problems(context)
        more += broken
    if scope.tables:
        more += _problems_beside(context, report)
    if more:
        report = replace(report, problems=(*report.problems, *more), verdict=_verdict(report.verdict, more))
    warnings = tuple(Problem(seq=seq, problem="counter", detail=detail) for seq, detail in audit.warnings)
    return replace(report, warnings=(*warnings, *unchecked)[:MAX_PROBLEMS], seconds=round(time.monotonic() - began, 3))


def _of(what: str, progress: Progress | None) -> Callable[[int, int], bool]:
    """Return the progress of one part of the work; True where nobody wants to stop it."""
    return lambda done, total: progress is None or progress(what, done, total)


def _verdict(found: Verdict, more: list[Problem]) -> Verdict:
    """Return the word: tables that remember entries which were cut off or replaced since only follow from that."""
    follows = found in {Verdict.SHORTER, Verdict.DIVERGED} and all(problem.problem == "tables" for problem in more)
    return found if follows else Verdict.INVALID


def _audit(context: Context, start: Checkpoint | None) -> SignatureAudit:
    """Return what judges the signatures after `start`, by the policies that can be read: damage is told of later."""
    people = principals(context.ledger, until=start.size) if start else None
    try:
        in_force = context.policies.at(start.size + 1).policy.digest if start else None
        return SignatureAudit(people, policies=context.policies.known(), in_force=in_force)
    except QuarterdeckError:
        return SignatureAudit(people)


def _problems_beside(context: Context, report: Report) -> list[Problem]:
    """Return what is wrong with what is made of the entries; of damaged ones no table can be right."""
    policies = _policy_problems(context, {problem.seq for problem in report.problems})
    if report.verdict is Verdict.INVALID:
        return policies
    return [*_table_problems(context), *_index_problems(context), *policies]


def _table_problems(context: Context) -> list[Problem]:
    try:
        different = _differences(context)
    except QuarterdeckError as error:
        return [Problem(seq=0, problem="tables", detail=str(error))]
    return [
        Problem(
            seq=0,
            problem="tables",
            detail=f"the read table {name} does not equal a rebuild from the entries; verify --rebuild mends it",
        )
        for name in different
    ]


def _differences(context: Context) -> tuple[str, ...]:
    """Return the read tables that do not equal a rebuild. Entries and tables are not read in one moment.

    So while others append it is asked again; in the end in one transaction, for whose length they have to wait.
    """
    for _ in range(_TRIES):
        size = context.ledger.head().size
        with context.ledger.reading() as connection:
            different = projections.differences(connection, context.ledger.entries())
        if not different or context.ledger.head().size == size:
            return different
    with context.ledger.snapshot() as connection:
        return projections.differences(connection, context.ledger.entries())


def _policy_problems(context: Context, named: set[int]) -> list[Problem]:
    """Return the adoptions that change no rule, though their signatures hold: nobody approved them, say."""
    try:
        judged = context.policies.judged()
    except QuarterdeckError as error:
        return [Problem(seq=0, problem="policy", detail=str(error))]
    return [
        Problem(seq=one.seq, problem="policy", detail=f"this adoption does not count: {'; '.join(one.problems)}")
        for one in judged
        if one.problems and one.seq not in named
    ]


def _index_problems(context: Context) -> list[Problem]:
    try:
        found = index_problems(context.ledger.path)
    except QuarterdeckError as error:
        found = (str(error),)
    return [Problem(seq=0, problem="index", detail=f"a look-up would miss or invent entries: {line}") for line in found]


def rebuild(context: Context) -> None:
    """Fill the read tables again from the entries."""
    with context.ledger.writing() as writer:
        projections.rebuild(writer.connection, writer.entries())
