"""Reading exports in tests: what was found, and what differs between two of them."""

from __future__ import annotations

import zipfile
from io import BytesIO
from pathlib import Path

from store.domain.component import Component, Parsed
from store.domain.diff import Diff, compare_exports
from store.platforms import platform, recognise

FIXTURES = Path(__file__).parents[1] / "platforms/fixtures"


def read(name: str) -> Parsed:
    """Return what a fixture (`logic_apps/workflow.json`) holds."""
    path = FIXTURES / name
    return recognise(path.read_bytes(), path.name)


def by_id(parsed: Parsed) -> dict[str, Component]:
    """Return component id → component."""
    return {part.id: part for part in parsed.components}


def differences(old: bytes, new: bytes, name: str) -> Diff:
    """Return the diff of two versions of one file."""
    before, after = recognise(old, name), recognise(new, name)
    assert before.platform == after.platform
    return compare_exports(before, after, platform(after.platform).rules)


def users(parsed: Parsed) -> dict[tuple[str, str], tuple[str, ...]]:
    """Return (kind, name) of each connector → the ids of the components that use it."""
    return {(link.kind, link.name): link.components for link in parsed.connectors}


def unzipped(data: bytes) -> dict[str, bytes]:
    """Return the members of a zip by name."""
    with zipfile.ZipFile(BytesIO(data)) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}
