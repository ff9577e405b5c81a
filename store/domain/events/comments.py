"""What reviewers say about one component of a request, and how it was settled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from store.domain.events.base import Event


@dataclass(frozen=True, kw_only=True)
class RequestCommented(Event):
    """A person said something about one component, as it stands in the revision of this digest."""

    KIND: ClassVar[str] = "request.commented"
    ON: ClassVar[tuple[str, ...]] = ("request", "project", "environment")
    SIGNED: ClassVar[bool] = True
    request: str
    project: str
    environment: str
    digest: str
    """The request digest it was made on."""
    component: str
    name: str
    component_digest: str
    artifact: str
    """Digest of the export that carries the component: the bytes the person looked at."""
    comment: str
    requester: str
    """Whom it is addressed to."""


@dataclass(frozen=True, kw_only=True)
class CommentResolved(Event):
    """A comment was settled; it stays, and stays shown."""

    KIND: ClassVar[str] = "request.comment-resolved"
    ON: ClassVar[tuple[str, ...]] = ("request", "project", "environment")
    SIGNED: ClassVar[bool] = True
    request: str
    project: str
    environment: str
    resolves: int
    """The number of the comment's entry."""
    digest: str
    """The request digest at which it was settled."""
    note: str = ""
