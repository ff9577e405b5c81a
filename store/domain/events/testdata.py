"""Events about the data that tests are run with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from store.domain.events.base import Event


@dataclass(frozen=True, kw_only=True)
class DataRecorded(Event):
    """Somebody says what was done with data so that a request could be tested. The data itself is never here."""

    KIND: ClassVar[str] = "testdata.recorded"
    ON: ClassVar[tuple[str, ...]] = ("request", "project", "environment")
    SIGNED: ClassVar[bool] = True
    request: str
    project: str
    environment: str
    digest: str
    """The request digest as it was then."""
    handling: str
    """`created`, `transformed` or `scrubbed`."""
    what: str
    where: str
    records: int
    masking: str
    """How personal and secret values were made harmless; empty where data was created and holds none."""
    done_at: str
