"""One contract over the whole table: every platform, its fixtures, and every real export there is."""

from __future__ import annotations

import json
import random
from hashlib import sha256
from pathlib import Path

import orjson
import pytest

from store.domain.component import Json, Parsed
from store.domain.component import Path as Inner
from store.domain.diff import compare
from store.errors import BadInput, NotFound
from store.integrity.canonical import canonical_bytes
from store.platforms import PLATFORMS, platform, recognise

FIXTURES = Path(__file__).parent / "fixtures"
EXPORTS = Path(__file__).parents[2] / "../shared/data/exports"
FOLDERS = {"node_red": "node-red", "n8n": "n8n", "generic": "generic"}
CASES = [(path, name) for folder, name in FOLDERS.items() for path in sorted((FIXTURES / folder).iterdir())]

DEFAULTS = {"active", "isArchived", "settings", "callerPolicy", "availableInMCP"}
"""What n8n says of itself though it is as if it were not said."""


def leaves(value: Json, path: Inner = ()) -> list[tuple[Inner, Json]]:
    if isinstance(value, dict) and value:
        return [leaf for key, item in value.items() for leaf in leaves(item, (*path, key))]
    if isinstance(value, list) and value:
        return [leaf for at, item in enumerate(value) for leaf in leaves(item, (*path, str(at)))]
    return [(path, value)]


def holds(parsed: Parsed) -> None:
    """Check what is promised of anything that was parsed."""
    rules = platform(parsed.platform).rules
    ids = [component.id for component in parsed.components]
    assert len(set(ids)) == len(ids)
    assert 0 < parsed.confidence <= 100
    for component in parsed.components:
        assert component.digest == sha256(component.canonical).hexdigest()
        assert component.canonical == canonical_bytes(orjson.loads(component.canonical))
        assert component.name
        kept = {path for path, _ in leaves(json.loads(component.canonical))}
        assert not [path for path in kept if rules.is_noise(component.kind, path)]
        shown = [path for path, _ in leaves(component.content) if not _inside_emptied(path, kept)]
        assert {path[-1] for path in shown if path not in kept and not rules.is_noise(component.kind, path)} <= DEFAULTS
    assert {notice.component for notice in parsed.notices} <= set(ids)
    assert compare(parsed.components, parsed.components, rules).is_empty


def _inside_emptied(path: Inner, kept: set[Inner]) -> bool:
    """An object whose every member is noise stands empty in the canonical form (a port, `meta`)."""
    return any(path[:end] in kept for end in range(1, len(path)))


@pytest.mark.parametrize(("path", "name"), CASES, ids=[path.name for path, _ in CASES])
def test_a_fixture_is_recognised_and_keeps_the_promises_of_a_platform(path: Path, name: str) -> None:
    parsed = recognise(path.read_bytes(), path.name)
    assert parsed.platform == name
    holds(parsed)


def test_every_platform_has_a_fixture() -> None:
    assert {name for _, name in CASES} == {candidate.name for candidate in PLATFORMS}


@pytest.mark.parametrize("path", [path for path, _ in CASES], ids=[path.name for path, _ in CASES])
def test_the_order_of_keys_and_the_white_space_of_an_export_change_no_digest(path: Path) -> None:
    if path.suffix != ".json":
        pytest.skip("only JSON is written anew here")
    value = json.loads(path.read_bytes())
    parsed = recognise(path.read_bytes(), path.name)
    for written in (json.dumps(value, indent=1), json.dumps(value, sort_keys=True, ensure_ascii=False)):
        again = recognise(written.encode(), path.name)
        assert [part.digest for part in again.components] == [part.digest for part in parsed.components]


@pytest.mark.parametrize("path", [path for path, _ in CASES], ids=[path.name for path, _ in CASES])
def test_a_damaged_export_is_read_as_something_or_refused_in_one_line(path: Path) -> None:
    data = path.read_bytes()
    dice = random.Random(7)
    refusals = []
    for _ in range(300):
        at = dice.randrange(len(data))
        damaged = data[:at] + bytes([dice.randrange(256)]) * dice.randrange(3) + data[at + dice.randrange(3) :]
        try:
            holds(recognise(damaged, path.name))
        except BadInput as error:
            refusals.append(str(error))
    assert not [line for line in refusals if "\n" in line]


REFUSED = [
    (b"", "flows.json", "empty"),
    (b"{", "flows.json", "JSON"),
    (b'[{"id": "a", "type": "tab"', "flows.json", "JSON"),
    (b'{"a": 1, "a": 2}', "export.json", "twice"),
    (b'[{"id": "a", "type": "tab", "wires": [], "wires": [[]]}]', "flows.json", "twice"),
    (b'{"a": NaN}', "export.json", "NaN"),
    (b"[" * 5000 + b"]" * 5000, "deep.json", "inside each other"),
    ('{"a": 1}'.encode("utf-16"), "export.json", "UTF-16"),
    (b"a: \xff\xfe", "export.yaml", "UTF-8"),
    (b"just some words", "readme.txt", "plain text"),
    (b"<flow/>", "flow.xml", "neither"),
    (b"\x7fELF\x02\x01\x01\x00\x00", "program", "neither"),
]


@pytest.mark.parametrize(("data", "name", "why"), REFUSED, ids=[why for _, _, why in REFUSED])
def test_what_cannot_be_read_is_refused_in_one_clear_line(data: bytes, name: str, why: str) -> None:
    with pytest.raises(BadInput, match=why) as refused:
        recognise(data, name)
    assert "\n" not in str(refused.value)


def test_an_unknown_platform_is_named_with_those_that_are_known() -> None:
    with pytest.raises(NotFound, match="node-red, n8n, generic"):
        platform("excel")


@pytest.mark.skipif(not EXPORTS.exists(), reason="the folder of real exports (../shared/data) is not here")
@pytest.mark.parametrize("folder", ["node-red", "n8n", "grafana", "home-assistant", "logic-apps", "power-automate",
                                    "step-functions"])  # fmt: skip
def test_every_real_export_is_recognised_and_keeps_the_promises(folder: str) -> None:
    wanted = folder if folder in {"node-red", "n8n"} else "generic"
    files = [path for path in sorted((EXPORTS / folder).rglob("*")) if path.is_file()]
    assert files
    for path in files:
        parsed = recognise(path.read_bytes(), path.name)
        assert parsed.platform == wanted, path
        assert parsed.components, path
        holds(parsed)
