"""Values that stand beside the word that they are secret: parameters of Azure, constants of dashboards."""

from __future__ import annotations

import json
from typing import Any

import pytest

from store.domain.secrets import cover, scan

VALUE = "plum orchard 7"


def found(document: object) -> list[str]:
    data = json.dumps(document).encode()
    return [data[span.start : span.end].decode() for span in scan(data)]


def parameter(**members: Any) -> dict[str, Any]:
    return {"$schema": "…", "parameters": {"vmAccess": {"metadata": {"description": "{ , }"}, **members}}}


@pytest.mark.parametrize("kind", ["securestring", "secureString", "SecureString"])
@pytest.mark.parametrize("name", ["defaultValue", "value"])
def test_a_secure_parameter_gives_its_value_away_whatever_it_is_called(kind: str, name: str) -> None:
    assert found(parameter(**{"type": kind, name: VALUE})) == [VALUE]
    assert found(parameter(**{name: VALUE, "type": kind})) == [VALUE]


def test_a_secure_object_gives_its_texts_away() -> None:
    given = {"alpha": VALUE, "inner": {"beta": "cedar bridge 8"}, "name": "ops", "many": 3}
    assert sorted(found(parameter(type="secureObject", defaultValue=given))) == ["cedar bridge 8", VALUE]


@pytest.mark.parametrize(
    "value", ["", "[newGuid()]", "[parameters('x')]", "@parameters('x')", "<your password>", "change-me-now"]
)
def test_a_secure_parameter_without_a_value_of_its_own_is_none(value: str) -> None:
    assert found(parameter(type="securestring", defaultValue=value)) == []


def test_a_parameter_that_is_not_secure_or_has_no_default_is_none() -> None:
    assert found(parameter(type="string", defaultValue=VALUE)) == []
    assert found(parameter(type="securestring")) == []
    assert found(parameter(type="securestring", minLength=12)) == []


def variable(name: str, value: str = "plum-7-orchard", **members: Any) -> dict[str, Any]:
    chosen = {"text": value, "value": value}
    made = {"name": name, "query": value, "current": chosen, "options": [{"selected": True, **chosen}], **members}
    return {"panels": [], "schemaVersion": 39, "templating": {"list": [made]}}


@pytest.mark.parametrize("name", ["token", "api_token", "influxPassword", "apiKey"])
def test_a_constant_with_the_name_of_a_secret_is_covered_everywhere_it_is_repeated(name: str) -> None:
    document = variable(name, type="constant", hide=2)
    assert set(found(document)) == {"plum-7-orchard"}
    covered = cover(json.dumps(document).encode(), lambda _: "a" * 10)
    assert b"plum-7-orchard" not in covered.data
    assert json.loads(covered.data)["templating"]["list"][0]["name"] == name


def test_the_constant_of_a_newer_dashboard_is_found_too() -> None:
    spec = {"name": "token", "query": "plum-7-orchard", "current": {"text": "x", "value": "x"}, "skipUrlSync": True}
    assert found({"variables": [{"kind": "ConstantVariable", "spec": spec}]}) == ["plum-7-orchard"]


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("prefix", "plum-7-orchard", "constant"),
        ("token", "${VAR_TOKEN}", "constant"),
        ("token", "label_values(up, token)", "query"),
        ("datasource", "prometheus", "constant"),
    ],
)
def test_other_variables_are_left_alone(name: str, value: str, kind: str) -> None:
    assert found(variable(name, value, type=kind)) == []


@pytest.mark.parametrize("text", ["{" * 100_000, "[" * 5_000, '}{"constant"', '{"type":"constant"', '{"a":}]'])
def test_what_is_no_json_is_looked_at_without_harm(text: str) -> None:
    assert scan(f'{{"type": "secureString", {text}'.encode()) == []
