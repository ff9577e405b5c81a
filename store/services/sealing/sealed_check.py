"""Whether what lies sealed is what the entries commit to. What was shredded is not missed."""

from __future__ import annotations

from collections.abc import Iterator

from store import archive
from store.errors import NotFound, QuarterdeckError
from store.integrity import sealing as seals
from store.ledger.report import Problem
from store.services.context import Context
from store.services.sealing import sealing


def sealed_problems(context: Context) -> tuple[list[Problem], list[Problem]]:
    """Return (problems, warnings).

    Problems are bytes that are not what was committed to. Warnings are bytes that are not here to look at, and those
    of a shred that was recorded and not carried out: it does not touch what the ledger says, and is ended by anyone
    who may shred.
    """
    problems: list[Problem] = []
    warnings: list[Problem] = []
    promised: dict[str, set[str]] = {}
    try:
        for artifact, commitment in sealing.commitments(context.ledger):
            promised.setdefault(artifact, set()).add(commitment)
        here = {artifact for artifact, _ in sealing.vault(context).artifacts()}
        for artifact, commitments in promised.items():
            gone = sealing.shredded(context.ledger, artifact)
            if gone is not None and artifact in here:
                broken = list(_checked(context, artifact, commitments))
                problems += broken
                if not broken:
                    warnings.append(_unfinished(gone.seq, artifact))
            elif gone is None and artifact not in here:
                detail = f"{artifact}: its sealed bytes are not here, so it cannot be delivered"
                warnings.append(Problem(seq=0, problem="sealed", detail=detail))
            elif gone is None:
                problems += _checked(context, artifact, commitments)
    except NotFound as error:
        warnings.append(Problem(seq=0, problem="sealed", detail=f"what is sealed was not checked: {error}"))
    except QuarterdeckError as error:
        problems.append(Problem(seq=0, problem="sealed", detail=str(error)))
    return problems, warnings


def _unfinished(seq: int, artifact: str) -> Problem:
    """Return what an entry that is ahead of its erasure says: bytes put back from a copy look the same."""
    detail = (
        f"{artifact}: a shredding was interrupted: its entry is recorded, its sealed bytes are still here, unchanged:"
        f' quarterdeck shred {artifact[:12]} --reason "..." again erases them (should they come back, somebody keeps'
        " a copy)"
    )
    return Problem(seq=seq, problem="unfinished", detail=detail)


def _checked(context: Context, artifact: str, commitments: set[str]) -> Iterator[Problem]:
    row = sealing.vault(context).get(artifact)
    if row is None:
        return
    try:
        with context.ledger.reading() as connection:
            covered = archive.get(connection, artifact)
        data = sealing.opened(context, row, covered)
    except NotFound:
        raise
    except QuarterdeckError as error:
        yield Problem(seq=0, problem="sealed", detail=f"{artifact}: {error}")
        return
    if commitments != {seals.commitment(row.sealed.salt, data)}:
        detail = f"{artifact}: the sealed bytes are not the ones that its entry commits to"
        yield Problem(seq=0, problem="sealed", detail=detail)
