"""Files that hold one part of something: of an application in git, of a stored dashboard, of a canvas app's source.

Built from the platforms' public documentation.
"""

from __future__ import annotations

import json
from typing import Any

from store.domain.component import Parsed
from store.domain.diff import compare_exports
from store.platforms import platform, recognise

SCREEN = """Screens:
  Screen1:
    Properties:
      Fill: =RGBA(255, 255, 255, 1)
    Children:
      - Label1:
          Control: Label@2.5.1
          Properties:
            Text: ="Orders"
      - Button1:
          Control: Classic/Button@2.2.0
          Properties:
            OnSelect: |-
              =Set(done, true);
              Launch("https://shop.example")
"""


def read(value: Any, name: str) -> Parsed:
    return recognise(value.encode() if isinstance(value, str) else json.dumps(value).encode(), name)


def told(parsed: Parsed) -> list[tuple[str, str]]:
    return [(part.kind, part.name) for part in parsed.components]


def test_the_files_of_an_application_in_git_are_a_page_a_query_and_a_data_source() -> None:
    page = {"gitSyncId": "64a_2", "unpublishedPage": {"name": "Desk", "slug": "desk", "layouts": [{"id": "a"}]}}
    query = {
        "gitSyncId": "64a_3",
        "pluginType": "DB",
        "pluginId": "postgres-plugin",
        "unpublishedAction": {"name": "open_refunds", "pageId": "Desk", "datasource": {"name": "books"}},
    }
    store = {"name": "books", "pluginId": "postgres-plugin", "datasourceConfiguration": {"endpoints": []}}
    found = [read(page, "pages/Desk/Desk.json"), read(query, "metadata.json"), read(store, "datasources/books.json")]
    assert {parsed.platform for parsed in found} == {"appsmith"}
    assert [told(parsed) for parsed in found] == [
        [("page", "Desk")],
        [("query", "Desk.open_refunds")],
        [("datasource", "books")],
    ]


def test_a_dashboard_that_is_stored_keeps_its_key_when_its_title_changes() -> None:
    def stored(title: str) -> Parsed:
        config = {
            "title": title,
            "views": [{"title": "Ground", "cards": [{"type": "entities", "entities": ["light.a"]}]}],
        }
        return read(
            {"version": 1, "minor_version": 1, "key": "lovelace.map", "data": {"config": config}}, "lovelace.map"
        )

    old, new = stored("Home"), stored("House")
    assert told(old) == [("dashboard", "Home")]
    (change,) = compare_exports(old, new, platform("home-assistant").rules).components
    assert (change.id, change.words) == ("lovelace.map", ("was called Home",))


def test_a_screen_of_a_canvas_app_shows_its_formulas_as_code_and_its_controls_by_name() -> None:
    old = read(SCREEN, "Src/Screen1.pa.yaml")
    assert (old.platform, told(old)) == ("power-automate", [("screen", "Screen1")])
    assert [link.name for link in old.connectors] == ["shop.example"]
    new = read(SCREEN.replace("done, true", "done, false"), "Src/Screen1.pa.yaml")
    (change,) = compare_exports(old, new, platform("power-automate").rules).components
    (code,) = change.code
    assert (code.field, code.language) == ("Children.Button1.Properties.OnSelect", "power-fx")


def test_nodes_without_their_tab_and_subflows_alone_are_node_red() -> None:
    nodes = [{"id": "a", "type": "debug", "z": "t1", "wires": []}]
    assert told(read(nodes, "flow.json")) == [("fragment", "Nodes of t1")]
    subflow = [{"id": "s", "type": "subflow", "name": "Weigh", "in": [], "out": []}]
    assert told(read(subflow, "weigh.json")) == [("subflow", "Weigh")]
