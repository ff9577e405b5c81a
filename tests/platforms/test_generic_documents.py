"""Documents of no known platform: YAML without surprises, archives as they are, and the order of things kept."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from support.zips import zipped

from store.domain.component import Json
from store.domain.diff import compare
from store.errors import BadInput
from store.formats.safe_yaml import read
from store.platforms import platform, recognise

FIXTURES = Path(__file__).parent / "fixtures/generic"
ROTA = FIXTURES / "shifts.yaml"

SCALARS: list[tuple[str, Json]] = [
    ("on", True), ("No", False), ("~", None), ("12", 12), ("-3", -3), ("1.5", 1.5), ('"on"', "on"), ("'12'", "12"),
    ("0x1F", {"!int": "0x1F"}), ("010", {"!int": "010"}), ("1:30", {"!int": "1:30"}), (".inf", {"!float": ".inf"}),
    ("2024-01-02", {"!timestamp": "2024-01-02"}), ("1e3", "1e3"), ("!secret wifi", {"!secret": "wifi"}),
    ("!!str 12", "12"), ("!!python/object:os.system x", {"!python/object:os.system": "x"}), ("a b", "a b"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "value"), SCALARS, ids=[text for text, _ in SCALARS])
def test_a_scalar_is_what_yaml_1_1_says_or_a_text_under_its_type(text: str, value: Json) -> None:
    assert read(f"v: {text}".encode()) == [{"v": value}]


def test_tags_on_lists_and_mappings_are_kept() -> None:
    assert read(b"a: !include_dir [x]\nb: !map {c: 1}") == [{"a": {"!include_dir": ["x"]}, "b": {"!map": {"c": 1}}}]


def test_a_key_stays_as_it_is_written() -> None:
    assert read(b"on: {1: a, null: b}") == [{"on": {"1": "a", "null": "b"}}]


def test_an_alias_is_written_out() -> None:
    assert read(b"a: &x {b: 1}\nc: *x\nd: {<<: *x}") == [{"a": {"b": 1}, "c": {"b": 1}, "d": {"<<": {"b": 1}}}]


def laughs() -> bytes:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    return "\n".join(lines).encode()


REFUSED = [
    (laughs(), "aliases are written out"),
    (b"a: &a [*a]", "nothing that is complete"),
    (b"a: *nobody", "nobody"),
    (b"a: 1\na: 2", "stands twice"),
    (b"on: 1\n'on': 2", "stands twice"),
    (b"? [a]\n: 1", "cannot be a key"),
    (b"[" * 400 + b"]" * 400, "inside each other|nesting|depth"),
    (b"a: &x 1\nb: [" + b"*x," * 2000 + b"]", "aliases"),
    (b'a: "\\ud800"', "YAML"),
    (b"a: b: c", "line 1"),
    (b"\ta: 1", "line 1"),
]


@pytest.mark.parametrize(("data", "why"), REFUSED, ids=[why for _, why in REFUSED])
@pytest.mark.usefixtures("collector_waits")
def test_harmful_or_ambiguous_yaml_is_refused_at_once_in_one_line(data: bytes, why: str) -> None:
    start = time.process_time()
    with pytest.raises(BadInput, match=why) as refused:
        read(data)
    assert "\n" not in str(refused.value)
    assert time.process_time() - start < 2


def test_a_rota_is_one_document_with_its_shifts_by_id() -> None:
    (part,) = recognise(ROTA.read_bytes(), "shifts.yaml").components
    assert (part.id, part.kind) == ("shifts.yaml", "document")
    assert part.labels == {"1001": "Night shift", "1002": "Day shift"}
    assert isinstance(part.content, dict)
    assert part.content["#order"] == ["1001", "1002"]


def test_a_change_is_told_by_the_name_of_the_thing() -> None:
    old = ROTA.read_bytes()
    new = old.replace(b'open: "off"', b"open: off")
    before, after = (recognise(data, "shifts.yaml").components for data in (old, new))
    (change,) = compare(before, after, platform("generic").rules).components
    assert [(field.path, field.old, field.new) for field in change.fields] == [("Day shift.rules.0.open", "off", False)]


def test_the_name_of_a_secret_kept_elsewhere_is_no_secret_and_another_name_is_a_change() -> None:
    old = recognise(ROTA.read_bytes(), "shifts.yaml")
    new = recognise(ROTA.read_bytes().replace(b"!secret pager", b"!secret other"), "shifts.yaml")
    assert old.notices == ()
    (change,) = compare(old.components, new.components, platform("generic").rules).components
    assert [(field.old, field.new) for field in change.fields] == [("pager_password", "other_password")]


def test_another_order_of_things_is_a_change_and_nothing_else_is_told() -> None:
    old, new = ([{"id": "a", "n": 1}, {"id": "b", "n": 2}], [{"id": "b", "n": 2}, {"id": "a", "n": 1}])
    before, after = (recognise(json.dumps(value).encode(), "list.json").components for value in (old, new))
    (change,) = compare(before, after, platform("generic").rules).components
    assert [field.path for field in change.fields] == ["#order.0", "#order.1"]


def test_things_with_one_id_twice_stay_a_list() -> None:
    (part,) = recognise(b'{"a": [{"id": 1}, {"id": 1}], "b": [{"id": "#order"}]}', "x.json").components
    assert json.loads(part.canonical) == {"a": [{"id": 1}, {"id": 1}], "b": [{"id": "#order"}]}


def test_several_documents_in_one_file_are_one_component() -> None:
    (part,) = recognise(b"a: 1\n---\nb: 2\n", "two.yaml").components
    assert json.loads(part.canonical) == [{"a": 1}, {"b": 2}]


def test_json_with_comments_is_read() -> None:
    (part,) = recognise(b'// for people\n{"a": "//no", /* c */ "b": [1,],}', "settings.json").components
    assert json.loads(part.canonical) == {"a": "//no", "b": [1]}


def test_the_settings_of_an_editor_that_lie_beside_an_export_are_a_document() -> None:
    (part,) = recognise((FIXTURES / "launch.json").read_bytes(), ".vscode/launch.json").components
    assert (part.id, part.kind) == (".vscode/launch.json", "document")
    assert json.loads(part.canonical)["configurations"][0]["name"] == "Attach"


def test_broken_json_is_not_mended_where_there_are_no_comments() -> None:
    with pytest.raises(BadInput, match="JSON"):
        recognise(b'{"a": [1,],}', "export.json")


def test_toml_keeps_dates_and_infinity_as_what_they_are() -> None:
    (part,) = recognise((FIXTURES / "collector.toml").read_bytes(), "collector.toml").components
    assert json.loads(part.canonical)["since"] == {"!timestamp": "2024-01-02"}
    assert json.loads(part.canonical)["limit"] == {"!float": "inf"}
    assert json.loads(part.canonical)["output"]["#order"] == ["metrics", "archive"]


@pytest.mark.parametrize("name", ["settings", "settings.conf", "settings.toml"])
def test_toml_is_known_by_its_content_too(name: str) -> None:
    (part,) = recognise(b'[server]\nport = 8080\nhosts = ["a"]\n', name).components
    assert json.loads(part.canonical) == {"server": {"port": 8080, "hosts": ["a"]}}


def test_xml_keeps_attributes_order_and_mixed_text_and_drops_comments() -> None:
    found = recognise((FIXTURES / "menu.xml").read_bytes(), "menu.xml")
    assert json.loads(found.components[0].canonical) == {
        "menu": {
            "@xmlns": "urn:example:menu",
            "@version": "2",
            "#order": ["item", "item", "note"],
            "item": [
                {"@id": "tea", "#order": ["label", "price"], "label": "Tea", "price": "2.50"},
                {"@id": "coffee", "#order": ["label", "price"], "label": "Coffee", "price": "3.00"},
            ],
            "note": {"#mixed": ["Ask ", {"b": "first"}, ", please"]},
        }
    }


def test_layout_and_comments_of_xml_change_nothing() -> None:
    data = (FIXTURES / "menu.xml").read_bytes()
    other = data.replace(b"  <!-- what the kiosk shows -->\n", b"").replace(b"\n  <item", b"<item")
    assert recognise(data, "m.xml").components == recognise(other, "m.xml").components


HOSTILE = [
    (b"a = 1\na = 2", "x.toml", "TOML"),
    (b"a" + b".a" * 100_000 + b" = 1", "x.toml", "20 dots"),
    (b"a = " + b"[" * 100_000, "x.toml", "inside each other"),
    (b"a = " + b"9" * 10_000, "x.toml", "digits"),
    (b"a = 2024-02-31", "x.toml", "TOML"),
    (b"a = \xff", "x.toml", "UTF-8"),
    (b"#" * (512 * 1024 + 1), "x.toml", "more than"),
    (b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "x.xml", "document type"),
    (b"<a>" * 5000, "x.xml", "inside each other"),
    (b"<html><p>never closed</html>", "x.xml", "XML"),
    (b"<a/><b/>", "x", "XML"),
]


@pytest.mark.parametrize(("data", "name", "why"), HOSTILE, ids=[f"{name} {why}" for _, name, why in HOSTILE])
@pytest.mark.usefixtures("collector_waits")
def test_harmful_toml_and_xml_are_refused_at_once_in_one_line(data: bytes, name: str, why: str) -> None:
    start = time.process_time()
    with pytest.raises(BadInput, match=why) as refused:
        recognise(data, name)
    assert "\n" not in str(refused.value)
    assert time.process_time() - start < 2


def test_an_archive_is_known_by_its_bytes() -> None:
    found = recognise(zipped({"a.txt": b"one"}), "solution.zip")
    assert [(part.id, part.kind) for part in found.components] == [("solution.zip", "archive")]
    other = recognise(zipped({"a.txt": b"two"}), "solution.zip")
    assert found.components[0].digest != other.components[0].digest


def test_a_zip_that_is_none_or_harmful_is_refused() -> None:
    with pytest.raises(BadInput, match="no zip at all"):
        recognise(b"PK\x03\x04 whatever", "solution.zip")
    with pytest.raises(BadInput, match="leads out"):
        recognise(zipped({"../../etc/passwd": b"x"}), "solution.zip")


def test_a_scalar_document_has_canonical_bytes_too() -> None:
    assert recognise(b"1.0", "number.json").components[0].canonical == b"1"


@pytest.mark.usefixtures("collector_waits")
def test_a_large_yaml_takes_seconds_not_minutes() -> None:
    data = "".join(
        f"- id: '{n}'\n  alias: Automation {n}\n  trigger: {{platform: time, at: '06:00'}}\n" for n in range(5000)
    )
    start = time.process_time()
    assert recognise(data.encode(), "automations.yaml").components
    assert time.process_time() - start < 8


def test_a_yaml_file_of_nothing_but_comments_is_refused_for_what_it_is() -> None:
    with pytest.raises(BadInput, match="nothing but comments"):
        recognise(b"# automations are off\n#- id: a\n", "notes.yaml")


@pytest.mark.parametrize("name", ["README.md", "flows/deploy.ps1", "Program.cs"])
def test_text_and_programs_beside_exports_are_called_what_they_are(name: str) -> None:
    with pytest.raises(BadInput, match="plain text holds no configuration"):
        recognise(b"# Notes\n\n- [x] a: b: c\n  key: [1\n name = 'x'\n", name)


def test_the_names_of_schemas_are_no_hosts() -> None:
    types = b'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><a>https://a.example/x</a></Types>'
    meta = b'<ApexClass xmlns="http://soap.sforce.com/2006/04/metadata"><apiVersion>50.0</apiVersion></ApexClass>'
    assert [one.name for one in recognise(types, "[Content_Types].xml").connectors] == ["a.example"]
    assert recognise(meta, "A.cls-meta.xml").connectors == ()
