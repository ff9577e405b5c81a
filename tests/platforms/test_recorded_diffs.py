"""What `diff --json` says of every fixture and a version of it that was edited by rule, recorded: it stays."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from store.domain.diff import compare_exports
from store.integrity.canonical import canonical_bytes
from store.platforms import platform, recognise

FIXTURES = Path(__file__).parent / "fixtures"
RECORDED = dict(
    line.split(" ", 1)[::-1] for line in (Path(__file__).parent / "recorded_diffs.txt").read_text().splitlines()
)
"""Name of a fixture → digest of the document, as written before the diff was made quicker."""


def edited(value: Any, turn: list[int]) -> Any:
    """Return a value in which some texts, numbers and switches are others, some members gone and some lists shorter."""
    turn[0] += 1
    if isinstance(value, dict):
        return {key: edited(item, turn) for place, (key, item) in enumerate(value.items()) if (turn[0] + place) % 23}
    if isinstance(value, list):
        items = [edited(item, turn) for item in value]
        return items[:-1] if len(items) > 1 and turn[0] % 11 == 0 else items
    if turn[0] % 5:
        return value
    if isinstance(value, bool):
        return not value
    return value + 1 if isinstance(value, (int, float)) else f"{value} and more" if isinstance(value, str) else value


def document(path: Path) -> bytes:
    """Return what the diff of a fixture and its edited version says, for machines."""
    old = path.read_bytes()
    new = json.dumps(edited(json.loads(old), [0])).encode()
    before, after = (recognise(data, path.name) for data in (old, new))
    return canonical_bytes(compare_exports(before, after, platform(after.platform).rules).to_json())


@pytest.mark.parametrize("name", sorted(RECORDED))
def test_the_diff_of_an_edited_export_says_what_it_said(name: str) -> None:
    assert sha256(document(FIXTURES / name)).hexdigest() == RECORDED[name]
