"""Grafana dashboards: every shape they travel in, and what a reviewer is told."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from store.domain.component import Parsed
from store.domain.diff import Diff, compare
from store.errors import TooMuch
from store.platforms import platform, recognise

FIXTURES = Path(__file__).parent / "fixtures/grafana"


def fixture(name: str) -> dict[str, Any]:
    return json.loads((FIXTURES / name).read_bytes())


def parsed(value: Any) -> Parsed:
    found = recognise(json.dumps(value).encode(), "export.json")
    assert found.platform == "grafana"
    return found


def ids(found: Parsed) -> list[tuple[str, str, str]]:
    return [(part.id, part.kind, part.name) for part in found.components]


def difference(old: Any, new: Any) -> Diff:
    before, after = parsed(old), parsed(new)
    return compare(before.components, after.components, platform("grafana").rules)


def test_a_dashboard_has_a_component_for_itself_each_row_and_each_panel_in_collapsed_rows_too() -> None:
    assert ids(parsed(fixture("boiler.json"))) == [
        ("boiler01", "dashboard", "Boiler room"),
        ("boiler01/row/1", "row", "Heat"),
        ("boiler01/panel/2", "panel", "Temperature"),
        ("boiler01/row/3", "row", "Money"),
        ("boiler01/panel/4", "panel", "acme-boiler-panel 4"),
        ("boiler01/panel/5", "panel", "Who to call"),
    ]


def test_a_dashboard_of_2016_has_its_panels_in_rows_and_two_rows_of_one_name_are_kept_apart() -> None:
    app = "Boiler room of 2016"
    assert [part for part, _, _ in ids(parsed(fixture("boiler-of-2016.json")))] == [
        app, f"{app}/row/Heat", f"{app}/panel/1", f"{app}/panel/2", f"{app}/row/Heat (2)", f"{app}/panel/3",
    ]  # fmt: skip


def wrapped_in_yaml(kind: str) -> str:
    """Return the boiler room as a cluster keeps it."""
    text = json.dumps(fixture("boiler.json"))
    operator, own = "grafana.integreatly.org/v1beta1", "dashboard.grafana.app/v1beta1"
    shapes: dict[str, dict[str, Any]] = {
        "config map": {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "b"}, "data": {"b.json": text}},
        "operator": {"apiVersion": operator, "kind": "GrafanaDashboard", "spec": {"json": text}},
        "resource": {"apiVersion": own, "kind": "Dashboard", "spec": fixture("boiler.json")},
    }
    shapes["list of config maps"] = {"apiVersion": "v1", "kind": "ConfigMapList", "items": [shapes["config map"]]}
    return yaml.safe_dump(shapes[kind])


@pytest.mark.parametrize("kind", ["config map", "operator", "resource", "list of config maps"])
def test_a_dashboard_in_the_yaml_of_a_cluster_has_the_panels_of_the_one_in_json(kind: str) -> None:
    found = recognise(wrapped_in_yaml(kind).encode(), "boards.yaml")
    assert found.platform == "grafana"
    assert ids(found)[1:] == ids(parsed(fixture("boiler.json")))[1:]
    assert [part.digest for part in found.components[1:]] == [
        part.digest for part in parsed(fixture("boiler.json")).components[1:]
    ]
    assert {link.name for link in found.connectors} == {link.name for link in parsed(fixture("boiler.json")).connectors}


def test_a_config_map_that_holds_more_than_dashboards_is_just_a_document() -> None:
    data = {"b.json": json.dumps(fixture("boiler.json")), "grafana.ini": "[server]"}
    text = yaml.safe_dump({"apiVersion": "v1", "kind": "ConfigMap", "data": data})
    assert recognise(text.encode(), "boards.yaml").platform == "generic"


def entry(key: str, values: str, uid: str = "", anchor: str = "") -> str:
    text = json.dumps({"panels": [], "schemaVersion": 1, "uid": uid}).replace("1,", f"[{values}1],", 1)
    return f"  {key}.json: {anchor}'{text}'\n"


HOSTILE = {
    "too many": "".join(entry(f"d{number}", "", str(number)) for number in range(600)),
    "too large": entry("d", "[]," * 600_000),
    "one repeated": entry("a", "1," * 200_000, anchor="&a ") + "  b.json: *a\n  c.json: *a\n",
}


@pytest.mark.parametrize("what", HOSTILE)
@pytest.mark.usefixtures("collector_waits")
def test_a_config_map_never_holds_more_dashboards_or_values_than_are_read(what: str) -> None:
    text = f"apiVersion: v1\nkind: ConfigMap\ndata:\n{HOSTILE[what]}"
    began = time.process_time()
    with pytest.raises(TooMuch):
        recognise(text.encode(), "boards.yaml")
    assert time.process_time() - began < 5


def test_a_dashboard_of_schema_2_without_its_envelope_is_one_too_and_tells_the_versions_of_its_plugins() -> None:
    view = {"kind": "VizConfig", "group": "acme-boiler-panel", "version": "2.1.0", "spec": {}}
    panel = {"kind": "Panel", "spec": {"id": 1, "title": "Heat", "vizConfig": view}}
    bare = {"title": "Second", "elements": {"panel-1": panel}, "layout": {"kind": "GridLayout", "spec": {"items": []}}}
    found = parsed(bare)
    assert ids(found) == [("Second", "dashboard", "Second"), ("Second/panel/panel-1", "panel", "Heat")]
    assert [(link.kind, link.name, link.version) for link in found.connectors] == [
        ("module", "acme-boiler-panel", "2.1.0")
    ]


def test_the_answer_of_the_api_and_the_file_of_the_editor_are_the_same_dashboard() -> None:
    bare = fixture("boiler.json")
    wrapped = {"meta": {"version": 12, "slug": "boiler", "updatedBy": "ada"}, "dashboard": bare}
    assert parsed(wrapped).components == parsed(bare).components


def test_a_library_panel_is_known_by_its_uid() -> None:
    assert ids(parsed(fixture("library-panel.json"))) == [("lib1", "library panel", "Open doors")]
    assert parsed(fixture("library-panel.json")["result"]).components[0].id == "lib1"


def test_a_dashboard_of_the_second_schema_has_its_panels_by_name() -> None:
    found = parsed(fixture("second-schema.json"))
    assert ids(found) == [("lift01", "dashboard", "Lift"), ("lift01/panel/panel-1", "panel", "Trips")]
    assert [(link.kind, link.name) for link in found.connectors] == [("connection", "prometheus: plant")]


def test_moving_panels_and_saving_again_is_noise() -> None:
    old = fixture("boiler.json")
    new = fixture("boiler.json")
    new |= {"version": 13, "iteration": 9, "id": 70}
    new["panels"][1]["gridPos"]["x"] = 12
    new["panels"][1]["pluginVersion"] = "11.3.0"
    diff = difference(old, new)
    assert diff.is_empty
    assert [change.change.value for change in diff.components] == ["noise", "noise"]


def test_a_query_that_changed_is_told_line_by_line_in_its_language() -> None:
    old = fixture("boiler.json")
    new = fixture("boiler.json")
    new["panels"][2]["panels"][0]["targets"][0]["rawSql"] = "SELECT day, cost\nFROM fuel2\nORDER BY day"
    new["panels"][1]["targets"].insert(0, {"refId": "C", "expr": "up"})
    new["templating"]["list"][0]["definition"] = "label_values(up, plant)"
    site, temperature, cost = difference(old, new).components
    assert [(code.field, code.language) for code in cost.code] == [("targets.A.rawSql", "sql")]
    assert "-FROM fuel\n+FROM fuel2" in cost.code[0].unified
    assert [(code.field, code.language) for code in temperature.code] == [("targets.C.expr", "promql")]
    assert [(code.field, code.language) for code in site.code] == [("templating.list.$site.definition", "promql")]


def test_plugins_sources_and_hosts_are_connectors_with_the_panels_that_use_them() -> None:
    found = parsed(fixture("boiler.json"))
    assert {(link.kind, link.name, link.version): link.components for link in found.connectors} == {
        ("module", "grafana", "11.2.0"): (),
        ("module", "prometheus", "1.0.0"): ("boiler01", "boiler01/panel/2"),
        ("module", "acme-boiler-panel", "3.1.4"): ("boiler01/panel/4",),
        ("connection", "prometheus: ${DS_METRICS}", None): ("boiler01", "boiler01/panel/2"),
        ("connection", "postgres: books", None): ("boiler01/panel/4",),
        ("host", "runbooks.example", None): ("boiler01",),
    }


def test_an_old_dashboard_names_its_sources_by_name_and_its_plugins_not_at_all() -> None:
    found = parsed(fixture("boiler-of-2016.json"))
    assert [(link.kind, link.name) for link in found.connectors] == [
        ("connection", "Plant influx"),
        ("module", "piechart-of-acme"),
    ]


NOTICES = [
    (fixture("answer-of-the-api.json"), "open-endpoint", "doors01"),
    (fixture("boiler-of-2016.json"), "schedule", "Boiler room of 2016/panel/1"),
]


@pytest.mark.parametrize(("value", "code", "where"), NOTICES, ids=[code for _, code, _ in NOTICES])
def test_a_reviewer_is_told(value: Any, code: str, where: str) -> None:
    assert [(notice.code, notice.component) for notice in parsed(value).notices] == [(code, where)]


def test_an_alert_tells_how_often_it_looks() -> None:
    assert [notice.every for notice in parsed(fixture("boiler-of-2016.json")).notices] == [60]


def test_a_secret_in_a_panel_is_told_without_its_value() -> None:
    value = fixture("boiler.json")
    value["panels"][1]["targets"][0]["headers"] = {"password": "tr0ub4dor-and-3"}
    value["panels"][1]["tlsSkipVerify"] = True
    found = parsed(value)
    assert [(notice.code, notice.component) for notice in found.notices] == [
        ("tls-off", "boiler01/panel/2"),
        ("inline-secret", "boiler01/panel/2"),
    ]
    assert found.secrets == 1
    assert "tr0ub4dor" not in found.notices[1].detail


def test_sharing_a_dashboard_with_everybody_is_a_change() -> None:
    old = fixture("answer-of-the-api.json")
    new = fixture("answer-of-the-api.json")
    del old["meta"]["publicDashboardEnabled"]
    (change,) = difference(old, new).components
    assert "publicDashboardEnabled" in [field.path for field in change.fields if not field.noise]


@pytest.mark.parametrize(
    "value",
    [
        {"panels": [], "rows": [], "title": "a list of panels of something else"},
        {"panels": ["a"], "schemaVersion": 3},
        {"dashboard": "name", "panels": 1, "schemaVersion": 3},
        {"rows": [1], "schemaVersion": 1, "time": {}},
    ],
)
def test_what_only_talks_of_panels_is_a_document(value: Any) -> None:
    assert recognise(json.dumps(value).encode(), "export.json").platform == "generic"
