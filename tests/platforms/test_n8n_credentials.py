"""What `n8n export:credentials` writes: every value is sealed, whatever its name, and no diff shows one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from store.domain.diff import compare_exports
from store.domain.secrets import cover, open_secrets
from store.platforms import known_secrets, platform, recognise

DATES = {"createdAt": "2024-05-06T07:08:09.000Z", "updatedAt": "2024-05-06T07:08:09.000Z"}
STAMPS = {**DATES, "isManaged": False}


def header(value: str = "abcDEF1234567890zz", **more: Any) -> dict[str, Any]:
    data = {"name": "X-Auth", "value": value}
    return {**STAMPS, "id": "h1", "name": "Shop", "type": "httpHeaderAuth", "data": data, **more}


def database() -> dict[str, Any]:
    data = {"host": "db.example.com", "user": "n8n", "password": "hunter22", "ssl": "disable"}
    return {**STAMPS, "id": "p1", "name": "Orders", "type": "postgres", "data": data}


def written(*kept: dict[str, Any]) -> bytes:
    return json.dumps(list(kept), indent=2).encode()


def found(data: bytes) -> list[str]:
    spans = open_secrets(data, "creds.json", more=known_secrets(data, "creds.json"))
    return [data[span.start : span.end].decode() for span in spans]


def test_each_credential_is_a_component_that_shows_where_it_is_used_and_never_what_it_is() -> None:
    read = recognise(written(header(), database()), "creds.json")
    assert (read.platform, [(part.id, part.kind, part.name) for part in read.components], read.secrets) == (
        "n8n",
        [("credential:h1", "credential", "Shop"), ("credential:p1", "credential", "Orders")],
        2,
    )
    assert [(one.kind, one.name, one.ref) for one in read.connectors] == [
        ("credential", "httpHeaderAuth: Shop", "h1"),
        ("credential", "postgres: Orders", "p1"),
        ("host", "db.example.com", None),
    ]
    assert [one.detail for one in read.notices] == [
        "Shop: its secrets are in the export",
        "Orders: its secrets are in the export",
    ]
    shown = json.dumps([part.content for part in read.components])
    assert "hunter22" not in shown
    assert "abcDEF" not in shown
    assert '"n8n"' in shown


def test_every_value_is_sealed_whatever_its_name() -> None:
    assert found(written(header(), database())) == ["abcDEF1234567890zz", "hunter22"]


def test_another_secret_is_a_change_and_a_later_export_of_the_same_is_none() -> None:
    rules = platform("n8n").rules
    first, later, other = (
        recognise(written(one), "creds.json")
        for one in (header(), header(updatedAt="2025-01-01T00:00:00.000Z"), header("zzz9999999999zz"))
    )
    assert first.components[0].digest == later.components[0].digest
    assert first.components[0].digest != other.components[0].digest
    assert "zzz999" not in json.dumps(compare_exports(first, other, rules).to_json())


def test_what_was_sealed_is_still_an_export_of_credentials() -> None:
    data = written(header(), database())
    spans = open_secrets(data, "creds.json", more=known_secrets(data, "creds.json"))
    covered = cover(data, lambda _: "abcdefghij", name="creds.json", more=spans).data
    read = recognise(covered, "creds.json")
    assert [part.kind for part in read.components] == ["credential", "credential"]
    assert read.notices == ()


@pytest.mark.parametrize(
    "value",
    [
        {"id": "1", "name": "n", "type": "x", "data": {"value": "some words that are no secret"}},
        [{**DATES, "id": "1", "name": "n", "type": "order", "data": {"a": "b"}, "customer": "c"}],
        [{**DATES, "id": "1", "name": "n", "type": "order", "data": {"a": "some words"}}],
        [{**STAMPS, "id": "1", "name": "n", "type": "smtp", "data": [1]}],
    ],
)
def test_other_documents_with_such_members_stay_as_they_are(value: Any) -> None:
    data = json.dumps(value).encode()
    assert recognise(data, "creds.json").platform == "generic"
    assert found(data) == []


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({"isResolvableByLaterN8n": True}, id="a member that a later n8n adds"),
        pytest.param({"name": "wires"}, id="a name that is a key of workflows"),
        pytest.param({"name": "nodes", "shared": [{"note": "connections"}]}, id="names that are keys of workflows"),
        pytest.param({"type": "shopOfTheirOwn"}, id="a kind that nobody knows"),
    ],
)
def test_whatever_else_a_credential_says_its_secrets_are_sealed(more: dict[str, Any]) -> None:
    data = written(header(**more), database())
    assert found(data) == ["abcDEF1234567890zz", "hunter22"]
    assert recognise(data, "creds.json").platform == "n8n"


def test_secrets_in_lists_under_other_names_or_in_escapes_are_sealed_as_well() -> None:
    kept = header()
    kept["data"] = {"parts": ["abcdefgh-1", {"host": "shop.example"}, "abcdefgh-2"], "shared": "abcdefgh-3"}
    kept["laterMember"] = "abcdefgh-4"
    data = written(kept).replace(b'"parts"', b'"part\\u0073"')
    assert found(data) == [f"abcdefgh-{number}" for number in (1, 2, 3, 4)]
    (part,) = recognise(data, "creds.json").components
    assert "abcdefgh" not in json.dumps(part.content)
