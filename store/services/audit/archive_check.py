"""Whether the archive holds what the entries name: every blob decodes, and none that is named is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from store import archive
from store.errors import QuarterdeckError
from store.integrity.entry import Entry
from store.ledger.report import MAX_PROBLEMS, Problem, VerificationStopped
from store.services.context import Context

_NAMING = (
    "artifact.ingested",
    "configuration.observed",
    "connectors.reviewed",
    "modules.observed",
    "request.opened",
    "request.edited",
    "deployment.started",
    "rollback.started",
    "revert.started",
    "rehearsal.started",
    "rehearsal.returning",
    "policy.proposed",
    "policy.adopted",
    "report.added",
    "environment.specified",
)
Progress = Callable[[int, int], bool]
"""(done, total) → go on?"""


def archive_problems(context: Context, progress: Progress) -> list[Problem]:
    """Return what is wrong with the archived files.

    Raises:
        VerificationStopped: `progress` said no.
    """
    stopped = False

    def going_on(done: int, total: int) -> bool:
        nonlocal stopped
        stopped = stopped or not progress(done, total)
        return not stopped

    try:
        with context.ledger.reading() as connection:
            broken = archive.verify_blobs(connection, going_on)
        missing = [] if stopped else list(_missing(context))
    except QuarterdeckError as error:
        return [Problem(seq=0, problem="archive", detail=str(error))]
    if stopped:
        raise VerificationStopped("the archive was not read to its end; there is no verdict")
    found = [Problem(seq=0, problem="archive", detail=f"{item.digest}: {item.detail}") for item in broken]
    return [*found, *missing][:MAX_PROBLEMS]


def _missing(context: Context) -> Iterator[Problem]:
    """Yield a problem for every archived file that an entry names and nobody finds."""
    seen: set[str] = set()
    for entry in context.ledger.entries(kinds=_NAMING):
        for what, digest in _named(entry):
            if digest in seen:
                continue
            seen.add(digest)
            with context.ledger.reading() as connection:
                if not archive.contains(connection, digest):
                    detail = f"{digest}: the archive does not hold this {what}, which the entry names"
                    yield Problem(seq=entry.seq, problem="archive", detail=detail)


def _named(entry: Entry) -> Iterator[tuple[str, str]]:
    """Yield (what it is, digest) of the archived files an entry names."""
    statement = entry.statement
    if "artifact" in statement.on:
        yield "export", statement.on["artifact"]
    if isinstance(policy := statement.data.get("policy"), str) and statement.kind.startswith("policy."):
        yield "policy", policy
    for file in files if isinstance(files := statement.data.get("files"), list) else ():
        if isinstance(file, dict) and isinstance(file.get("artifact"), str):
            yield "policy file", str(file["artifact"])
    manifest = statement.data.get("manifest")
    if isinstance(manifest, str):
        yield "component manifest", manifest
    for field, what in (("connectors", "list of connectors"), ("inventory", "reviewed inventory"),
                        ("report", "report"), ("specification", "specification of an environment")):  # fmt: skip
        digest = statement.data.get(field)
        if isinstance(digest, str):
            yield what, digest
    target = statement.data.get("target")
    if isinstance(target, dict) and isinstance(target.get("manifest"), str):
        yield "release manifest", str(target["manifest"])
