"""One contract over the whole table: every platform and its fixtures."""

from __future__ import annotations

import json
import random
import time
from pathlib import Path

import pytest
from platform_promises import holds

from store.errors import BadInput, NotFound
from store.platforms import PLATFORMS, platform, recognise

FIXTURES = Path(__file__).parent / "fixtures"
CASES = [
    (path, folder.name.replace("_", "-"))
    for folder in sorted(FIXTURES.iterdir())
    for path in sorted(folder.rglob("*"))
    if path.is_file()
]
"""Every fixture, found by its folder: to add a platform is one file, one line in `PLATFORMS`, one folder here."""
WITH_COMMENTS = {"launch.json"}
STRICT_JSON = [path for path, _ in CASES if path.suffix == ".json" and path.name not in WITH_COMMENTS]

DEFAULTS = {"active", "isArchived", "settings", "callerPolicy", "availableInMCP"}
"""What n8n says of itself though it is as if it were not said."""


def called(path: Path) -> str:
    """Return a fixture's name inside its project."""
    return "/".join(path.relative_to(FIXTURES).parts[1:])


@pytest.mark.parametrize(("path", "name"), CASES, ids=[path.name for path, _ in CASES])
def test_a_fixture_is_recognised_and_keeps_the_promises_of_a_platform(path: Path, name: str) -> None:
    parsed = recognise(path.read_bytes(), called(path))
    assert parsed.platform == name
    holds(parsed)


def test_every_platform_has_a_fixture() -> None:
    assert {name for _, name in CASES} == set(PLATFORMS)


@pytest.mark.parametrize("name", PLATFORMS)
def test_a_platform_is_called_as_the_table_calls_it(name: str) -> None:
    assert platform(name).name == name


@pytest.mark.parametrize("path", STRICT_JSON, ids=[path.name for path in STRICT_JSON])
def test_the_order_of_keys_and_the_white_space_of_an_export_change_no_digest(path: Path) -> None:
    value = json.loads(path.read_bytes())
    parsed = recognise(path.read_bytes(), called(path))
    for written in (json.dumps(value, indent=1), json.dumps(value, sort_keys=True, ensure_ascii=False)):
        again = recognise(written.encode(), called(path))
        assert {part.id: part.digest for part in again.components} == {
            part.id: part.digest for part in parsed.components
        }


@pytest.mark.parametrize("path", [path for path, _ in CASES], ids=[path.name for path, _ in CASES])
def test_a_damaged_export_is_read_as_something_or_refused_in_one_line(path: Path) -> None:
    data = path.read_bytes()
    dice = random.Random(7)
    refusals = []
    for _ in range(100):
        at = dice.randrange(len(data))
        damaged = data[:at] + bytes([dice.randrange(256)]) * dice.randrange(3) + data[at + dice.randrange(3) :]
        try:
            holds(recognise(damaged, called(path)))
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
    ('{"a": 1}'.encode("utf-16")[:-1], "export.json", "UTF-16"),
    (b"a: \xff\xfe", "export.yaml", "UTF-8"),
    (b"just some words", "readme.txt", "plain text"),
    (b"<flow>", "flow.xml", "XML"),
    (b"\x7fELF\x02\x01\x01\x00\x00", "program", "neither"),
]


@pytest.mark.parametrize(("data", "name", "why"), REFUSED, ids=[why for _, _, why in REFUSED])
def test_what_cannot_be_read_is_refused_in_one_clear_line(data: bytes, name: str, why: str) -> None:
    with pytest.raises(BadInput, match=why) as refused:
        recognise(data, name)
    assert "\n" not in str(refused.value)


def test_an_unknown_platform_is_named_with_those_that_are_known() -> None:
    with pytest.raises(NotFound, match=f"known: {', '.join(PLATFORMS)}"):
        platform("excel")


MANY = [
    (b'{"schemaVersion":1,"panels":[' + b",".join([b'{"id":1,"type":"x"}'] * 9_000) + b"]}", "a.json", "grafana"),
    (b'{"mapper":1,"flow":[' + b",".join([b'{"id":1,"module":"a:b"}'] * 9_000) + b"]}", "a.json", "make"),
    (b'{"exportedApplication":{},"actionList":[' + b",".join([b"{}"] * 9_000) + b"]}", "a.json", "appsmith"),
    (b"- {alias: A, trigger: [], action: []}\n" * 9_000, "a.yaml", "home-assistant"),
    (b'<Flow xmlns="http://soap.sforce.com/2006/04/metadata"><status>a</status><screens><name>s</name>'
     + b"<fields><a>b</a></fields>" * 40_000 + b"</screens></Flow>", "a.xml", "salesforce"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "name", "wanted"), MANY, ids=[wanted for _, _, wanted in MANY])
@pytest.mark.usefixtures("collector_waits")
def test_many_things_of_one_name_take_time_in_proportion(data: bytes, name: str, wanted: str) -> None:
    start = time.process_time()
    assert recognise(data, name).platform == wanted
    assert time.process_time() - start < 4
