"""Observing all the files that one look at a place showed: together they say what is there, and what is gone."""

from __future__ import annotations

from collections.abc import Sequence

from store.domain.component import ExportFile
from store.services.context import Context
from store.services.drift import drifting
from store.services.sealing import sealing


def observe_all(
    context: Context, *, environment: str, project: str, files: Sequence[ExportFile], source: str, revision: str
) -> tuple[drifting.Seen, ...]:
    """Record all that one look showed, as `drifting.observe` does each file: what one holds is not gone from another.

    Raises:
        BadInput: one of them cannot be read.
    """
    taken = [sealing.take(context, file) for file in files]
    read = [(one, sealing.understood(one)) for one in taken]
    shown = [frozenset(part.id for part in parsed.components) for _, parsed in read]
    return tuple(
        drifting.observe(
            context,
            environment=environment,
            project=project,
            file=one[0].file,
            source=source,
            revision=revision,
            read=one,
            elsewhere=frozenset().union(*shown[:number], *shown[number + 1 :]) - shown[number],
        )
        for number, one in enumerate(read)
    )
