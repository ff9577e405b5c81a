"""Appsmith applications, built from the public documentation: their parts, their noise, what a reviewer is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from store.domain.component import Parsed
from store.domain.diff import Diff, compare, compare_exports
from store.errors import BadInput
from store.platforms import platform, recognise

FIXTURE = Path(__file__).parent / "fixtures/appsmith/refunds.json"


def refunds() -> dict[str, Any]:
    return json.loads(FIXTURE.read_bytes())


def parsed(value: Any) -> Parsed:
    found = recognise(json.dumps(value).encode(), "Refunds.json")
    assert found.platform == "appsmith"
    return found


def difference(old: Any, new: Any) -> Diff:
    return compare(parsed(old).components, parsed(new).components, platform("appsmith").rules)


def dsl(value: dict[str, Any]) -> dict[str, Any]:
    return value["pageList"][0]["unpublishedPage"]["layouts"][0]["dsl"]


def test_an_application_built_from_the_documentation_has_a_component_for_each_thing_in_it() -> None:
    assert [(part.id, part.kind, part.name) for part in parsed(refunds()).components] == [
        ("Refunds", "application", "Refunds"),
        ("Refunds/page/64a_2", "page", "Desk"),
        ("Refunds/datasource/books", "datasource", "books"),
        ("Refunds/datasource/bank", "datasource", "bank"),
        ("Refunds/js/64a_5", "js object", "Desk.logic"),
        ("Refunds/action/64a_3", "query", "Desk.open_refunds"),
        ("Refunds/action/Desk.pay", "api", "Desk.pay"),
        ("Refunds/action/64a_4", "js function", "Desk.logic.pay"),
    ]


def test_moved_widgets_and_what_the_server_notes_are_noise() -> None:
    new = refunds()
    dsl(new)["children"][0] |= {"topRow": 9, "bottomRow": 40}
    dsl(new)["children"].reverse()
    new["actionList"][0]["id"] = "65f0"
    new["exportedApplication"]["userPermissions"] = []
    assert difference(refunds(), new).is_empty


@pytest.mark.parametrize("column", ["topRow", "createdAt", "isLoading", "policies", "id"])
def test_code_in_a_column_that_is_called_like_noise_is_a_change(column: str) -> None:
    new = refunds()
    dsl(new)["children"][0]["primaryColumns"] = {column: {"computedValue": "{{steal()}}"}}
    (change,) = difference(refunds(), new).components
    assert change.change.value == "changed"
    assert [code.language for code in change.code] == ["javascript"]


def test_another_data_source_behind_a_query_is_a_change() -> None:
    new = refunds()
    new["actionList"][0]["unpublishedAction"]["datasource"]["id"] = "bank"
    (change,) = difference(refunds(), new).components
    assert [(field.path, field.old, field.new, field.noise) for field in change.fields] == [
        ("unpublishedAction.datasource.id", "books", "bank", False)
    ]


def test_queries_js_objects_and_bindings_are_code_told_by_the_name_of_the_widget() -> None:
    new = refunds()
    dsl(new)["children"][1]["onClick"] = "{{Desk_logic.refuse()}}"
    new["actionList"][0]["unpublishedAction"]["actionConfiguration"]["body"] = "SELECT *\nFROM refunds"
    new["actionCollectionList"][0]["unpublishedCollection"]["body"] = "export default {}"
    found = difference(refunds(), new).components
    assert [(code.field, code.language) for change in found for code in change.code] == [
        ("unpublishedPage.layouts.0.dsl.children.Pay.onClick", "javascript"),
        ("unpublishedCollection.body", "javascript"),
        ("unpublishedAction.actionConfiguration.body", "sql"),
    ]


def test_data_sources_hosts_and_libraries_are_connectors_with_their_users() -> None:
    links = {(link.kind, link.name, link.version): link.components for link in parsed(refunds()).connectors}
    assert links == {
        ("module", "dayjs", "1.11.10"): ("Refunds",),
        ("host", "libs.example", None): ("Refunds",),
        ("connection", "postgres-plugin: books", None): ("Refunds/action/64a_3", "Refunds/datasource/books"),
        ("host", "books.example:5432", None): ("Refunds/datasource/books",),
        ("connection", "restapi-plugin: bank", None): ("Refunds/action/Desk.pay", "Refunds/datasource/bank"),
        ("host", "bank.example", None): ("Refunds/datasource/bank",),
    }


def test_a_reviewer_is_told_of_open_applications_credentials_and_missing_tls() -> None:
    found = parsed(refunds())
    assert [(notice.code, notice.component) for notice in found.notices] == [
        ("open-endpoint", "Refunds"),
        ("inline-secret", "Refunds/datasource/books"),
        ("tls-off", "Refunds/datasource/books"),
        ("inline-secret", "Refunds/datasource/books"),
    ]
    assert "paperclip" not in str(found.notices)


def test_a_partial_export_and_one_without_names_are_read_too() -> None:
    value = refunds()
    del value["exportedApplication"], value["pageList"]
    found = parsed(value)
    assert found.components[1].id == "Refunds.json/datasource/books"
    assert parsed({"exportedApplication": {}, "pageList": [{}], "actionList": [{}, {}]}).components


def test_credentials_of_a_data_source_that_is_not_in_the_export_are_not_lost() -> None:
    value = refunds()
    value["decryptedFields"]["gone"] = {"password": "paperclip-4712"}
    application = parsed(value).components[0]
    assert b"paperclip-4712" in application.canonical
    assert b"paperclip-4711" not in application.canonical


KEPT = "pages/Home"
CODE = b"export default {\n\tasync load () {\n\t\treturn fetch('https://api.example.com/orders')\n\t}\n}\n"


def test_the_code_that_git_keeps_in_files_of_its_own_is_read_as_code() -> None:
    query = b"SELECT * FROM orders WHERE id = {{Table1.selectedRow.id}};"
    found = [
        recognise(data, name)
        for data, name in (
            (CODE, f"{KEPT}/jsobjects/orders/orders.js"),
            (query, f"{KEPT}/queries/getOrders/getOrders.txt"),
            (b'{"email": "{{mail.text}}"}', f"{KEPT}/queries/signin/signin.txt"),
            (b"", f"{KEPT}/queries/none/none.txt"),
        )
    ]
    assert [(one.platform, part.kind, part.name) for one in found for part in one.components] == [
        ("appsmith", "js code", "orders"),
        ("appsmith", "query text", "getOrders"),
        ("appsmith", "query text", "signin"),
        ("appsmith", "query text", "none"),
    ]
    assert [(one.kind, one.name) for one in found[0].connectors] == [("host", "api.example.com")]


def test_another_line_of_a_query_in_git_is_told_as_sql_and_line_ends_are_nothing() -> None:
    name = f"{KEPT}/queries/drop/drop.txt"
    before, same, after = (
        recognise(data, name)
        for data in (b"DELETE FROM a\nWHERE id = 1;", b"DELETE FROM a\r\nWHERE id = 1;", b"DELETE FROM a")
    )
    rules = platform("appsmith").rules
    assert compare_exports(before, same, rules).is_empty
    (change,) = compare_exports(before, after, rules).components
    assert [(code.field, code.language) for code in change.code] == [("body", "sql")]
    assert "-WHERE id = 1;" in change.code[0].unified


def test_a_secret_in_code_that_git_keeps_is_told() -> None:
    leaky = CODE.replace(b"async", b"token: 'ghp_" + b"a1B2" * 9 + b"',\n\tasync")
    found = recognise(leaky, f"{KEPT}/jsobjects/orders/orders.js")
    assert [one.code for one in found.notices] == ["inline-secret"]


@pytest.mark.parametrize("name", ["orders.js", "jsobjects/orders/other.js", "queries/a/b.txt", "queries/a/a.js"])
def test_programs_that_lie_elsewhere_are_no_application(name: str) -> None:
    with pytest.raises(BadInput):
        recognise(CODE, name)


@pytest.mark.parametrize("data", [b"\xff\xfe\x00", b"x" * (4 * 1024 * 1024 + 1)], ids=["bytes", "much"])
def test_what_is_no_text_or_too_much_of_it_is_refused(data: bytes) -> None:
    with pytest.raises(BadInput, match="Appsmith application"):
        recognise(data, f"{KEPT}/jsobjects/orders/orders.js")
