"""Exports that were read and understood, archived and appended inside one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from store import archive
from store.domain import events as ev
from store.domain import secrets
from store.domain.component import Notice, Parsed
from store.intake.inbox import Drop
from store.ledger import Writer
from store.projections import artifacts
from store.projections.artifacts import ArtifactRow
from store.services.acting import statement_of
from store.services.context import SYSTEM, Context
from store.services.sealing import sealing
from store.services.sealing.sealing import Taken

MAX_NOTICES = 8
"""Notices an entry repeats; the rest are counted, and a review reads all of them from the archived export."""


@dataclass(frozen=True, kw_only=True)
class Read:
    """An export that was read and understood, and is not recorded yet."""

    drop: Drop
    taken: Taken
    parsed: Parsed
    imported: ev.Imported | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Stored:
    """What became of one export inside the transaction."""

    digest: str
    is_new: bool
    """False when the same bytes stood under its name already."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Stands:
    """What stands under a name: what the next version is told apart from."""

    digest: str
    platform: str
    manifest: str
    imported: bool
    connectors: str | None
    """Digest of its list of connectors; None where none was kept."""


class Appending:
    """One transaction that takes in exports; what it stored last under a name is not looked up again."""

    def __init__(self, context: Context, writer: Writer, *, ahead: archive.Ahead | None = None) -> None:
        self._context: Final = context
        self._writer: Final = writer
        self._recent: Final = context.recent
        self._recent.began()
        self._ahead: Final = ahead
        self._newest: Final[dict[tuple[str, str, str, bool], _Stands]] = {}
        """What this transaction stored last by project, environment, name, and whether it was an import."""

    def append(self, read: Read) -> Stored:
        """Archive and append one export, unless it is no import and the same bytes stand under its name already.

        Bytes that are known for another platform's than they were are recorded anew: an older version knew no better.
        """
        connection, recent = self._writer.beside, self._recent
        drop, file, parsed = read.drop, read.taken.file, read.parsed
        last = self._before(read)
        digest = archive.put(
            connection, file.data, previous=last.digest if last else None, recent=recent, ahead=self._ahead
        )
        known = last is not None and (last.digest, last.platform) == (digest, parsed.platform)
        if last is not None and known and not last.imported and read.imported is None:
            return Stored(digest=digest, is_new=False)
        manifest = archive.put_manifest(
            connection, parsed.components, previous=last.manifest if last else None, recent=recent
        )
        connectors = archive.put_connectors(
            connection, parsed.connectors, previous=last.connectors if last else None, recent=recent
        )
        imported = read.imported is not None
        now = _Stands(
            digest=digest, platform=parsed.platform, manifest=manifest, imported=imported, connectors=connectors
        )
        self._writer.append(statement_of(self._context, self._event(read, now, last), SYSTEM))
        self._newest[drop.project, drop.environment, file.name, imported] = now
        return Stored(digest=digest, is_new=True)

    def _event(self, read: Read, now: _Stands, last: _Stands | None) -> ev.ArtifactIngested:
        drop, file, parsed = read.drop, read.taken.file, read.parsed
        return ev.ArtifactIngested(
            artifact=now.digest,
            project=drop.project,
            environment=drop.environment,
            name=file.name,
            platform=parsed.platform,
            confidence=parsed.confidence,
            bytes=len(file.data),
            manifest=now.manifest,
            components=len(parsed.components),
            previous=last.digest if last else None,
            secrets=read.taken.secrets,
            notices=tuple(_notice(notice) for notice in parsed.notices[:MAX_NOTICES]),
            more_notices=max(0, len(parsed.notices) - MAX_NOTICES),
            imported=read.imported,
            connectors=now.connectors,
            commitment=sealing.keep(self._context, self._writer, read.taken),
        )

    def _before(self, read: Read) -> _Stands | None:
        """Return what stood there before: of the same sort, exported to us or imported, else of the other."""
        drop, imported = read.drop, read.imported is not None
        earlier = read.imported.renamed_from if read.imported else None
        names = (drop.name,) if earlier is None else (drop.name, earlier)
        for sort in (imported, not imported):
            for name in names:
                before = self._latest(drop.project, drop.environment, name, imported=sort)
                if before is not None:
                    return before
        return None

    def _latest(self, project: str, environment: str, name: str, *, imported: bool) -> _Stands | None:
        newest = self._newest.get((project, environment, name, imported))
        if newest is not None:
            return newest
        row = artifacts.latest_named(self._writer.beside, project, environment, name, imported=imported)
        if row is None:
            return None
        return _Stands(
            digest=row.digest,
            platform=row.platform,
            manifest=row.manifest,
            imported=bool(row.imported),
            connectors=self._connectors_of(row),
        )

    def _connectors_of(self, row: ArtifactRow) -> str | None:
        digest = self._writer.entry(row.seq).statement.data.get("connectors")
        return digest if isinstance(digest, str) else None


@lru_cache(maxsize=2_048)
def _notice(notice: Notice) -> ev.NoticeRecord:
    detail = secrets.redact(notice.detail)
    return ev.NoticeRecord(code=notice.code, component=notice.component[:100], detail=detail[:200])
