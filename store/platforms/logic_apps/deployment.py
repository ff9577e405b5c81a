"""A standard app as it is deployed: a zip with a folder for each workflow and the settings beside them."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from hashlib import sha256
from typing import Final

from store.domain.build import component, refuse_too_many
from store.domain.component import Component, Json
from store.errors import BadInput, TooMuch
from store.formats.archive_zip import Member, open_zip

TAIL: Final = 1024 * 1024
"""Bytes at the end of a zip in which its directory names its members."""
_WORKFLOWS: Final = re.compile(rb"[^/\\\0]/workflow\.json")
_MOST_BYTES: Final = 16 * 1024 * 1024
"""Bytes of all workflows and settings together."""
_MOST_VALUES: Final = 800_000
"""JSON values of all of them together; a hundred bytes of memory each, or more."""
_SETTINGS: Final = frozenset({"connections.json", "host.json", "local.settings.json", "parameters.json"})
Read = Callable[[bytes, str], tuple[Component, ...]]


def looks_like(data: bytes) -> bool:
    """Say whether a zip seems to hold workflows in folders of their own."""
    return _WORKFLOWS.search(data[-TAIL:]) is not None


def deployment(data: bytes, read: Read) -> tuple[Component, ...]:
    """Return what `read` makes of every workflow and setting; other files by their digest.

    Raises:
        BadInput: no harmless zip, no workflow in it, or more than a deployment holds.
    """
    members = open_zip(data)
    refuse_too_many(len(members))
    if not any(_is_workflow(member.name) for member in members):
        raise BadInput("no deployment of Logic Apps: it holds no workflow")
    if sum(member.size for member in members if _is_read(member.name)) > _MOST_BYTES:
        raise TooMuch(f"its workflows and settings have more than {_MOST_BYTES:,} bytes")
    found: dict[str, Component] = {}
    values = 0
    for member in members:
        data = member.read() if _is_read(member.name) else b""
        values += data.count(b",") + data.count(b"{") + data.count(b"[")
        if values > _MOST_VALUES:
            raise TooMuch(f"its workflows and settings hold more than {_MOST_VALUES:,} values")
        for part in _parts(member, data, read):
            if part.id in found:
                raise BadInput(f"two parts of the archive are called {ascii(part.id)[:80]}")
            found[part.id] = part
    return tuple(found.values())


def _parts(member: Member, data: bytes, read: Read) -> tuple[Component, ...]:
    """Return what a member holds; settings that say nothing are a file like any other, a broken workflow is not."""
    if not _is_read(member.name):
        return (_file(member),)
    try:
        return read(data, member.name)
    except BadInput:
        if _is_workflow(member.name):
            raise
        return (_file(member),)


def _is_workflow(name: str) -> bool:
    return name.endswith("/workflow.json")


def _is_read(name: str) -> bool:
    return _is_workflow(name) or name in _SETTINGS


def _file(member: Member) -> Component:
    digest = sha256()
    deque(map(digest.update, member.pieces()), maxlen=0)
    content: Json = {"bytes": member.size, "sha256": digest.hexdigest()}
    return component(id=member.name, name=member.name, kind="file", content=content, behaviour=content, labels={})
