"""Node-RED flows: what belongs together, what a reviewer is told, and what cannot hide."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from store.domain.component import Parsed
from store.platforms import recognise
from store.platforms.node_red import NodeRed

FLOWS = Path(__file__).parent / "fixtures/node_red/orders-v2.json"


def parsed(nodes: Any) -> Parsed:
    return NodeRed().parse(json.dumps(nodes).encode(), "flows.json")


def one(**node: Any) -> Parsed:
    return parsed(
        [{"id": "t1", "type": "tab", "label": "T"}, {"id": "n1", "z": "t1", "name": "N", "wires": [], **node}]
    )


def test_tabs_subflows_and_config_nodes_are_the_components() -> None:
    found = recognise(FLOWS.read_bytes(), "flows.json")
    assert [(part.kind, part.name) for part in found.components] == [
        ("tab", "Orders"),
        ("tab", "Alerts"),
        ("subflow", "Retry"),
        ("config", "Shop floor"),
    ]


def test_the_answer_of_the_admin_api_holds_the_same_components() -> None:
    data = json.dumps({"flows": json.loads(FLOWS.read_bytes()), "rev": "0" * 64}).encode()
    digests = [part.digest for part in recognise(FLOWS.read_bytes(), "flows.json").components]
    assert [part.digest for part in recognise(data, "answer.json").components] == digests


def test_an_empty_list_is_node_red_only_when_it_is_called_flows() -> None:
    assert recognise(b"[]", "flows.json").platform == "node-red"
    assert recognise(b"[]", "flows.json").components == ()
    assert recognise(b"[]", "list.json").platform == "generic"


def test_a_list_of_typed_things_is_not_node_red() -> None:
    assert recognise(b'[{"id": "a", "type": "invoice"}]', "list.json").platform == "generic"


def test_a_selection_without_its_tab_is_a_fragment() -> None:
    found = parsed([{"id": "n1", "type": "debug", "z": "gone", "wires": []}])
    assert [(part.id, part.kind) for part in found.components] == [("gone", "fragment")]


def test_a_second_tab_and_a_second_node_of_one_id_are_kept() -> None:
    found = parsed([
        {"id": "t", "type": "tab", "label": "A"},
        {"id": "t", "type": "tab", "label": "B"},
        {"id": "n", "type": "debug", "z": "t", "wires": []},
        {"id": "n", "type": "exec", "z": "t", "wires": [], "command": "rm"},
        {"id": "c", "type": "mqtt-broker"},
        {"id": "c", "type": "tls-config"},
    ])  # fmt: skip
    assert [part.id for part in found.components] == ["t", "t (2)", "c", "c (2)"]
    assert b'"rm"' in found.components[0].canonical


def test_a_config_node_keeps_its_own_x() -> None:
    broker = {"id": "b", "type": "scale", "x": 1}
    other = {**broker, "x": 2}
    tab = {"id": "t", "type": "tab", "label": "T"}
    assert parsed([tab, broker]).components[1].digest != parsed([tab, other]).components[1].digest


NOTICES = [
    ({"type": "exec", "command": "reboot"}, "shell", "N: runs the command reboot"),
    ({"type": "function", "func": "x", "libs": [{"var": "cp", "module": "child_process"}]}, "shell",
     "N: its code starts other programs"),
    ({"type": "file", "filename": "/etc/passwd"}, "file", "N: writes /etc/passwd"),
    ({"type": "file in", "filename": "/etc/passwd"}, "file", "N: reads /etc/passwd"),
    ({"type": "http in", "method": "post", "url": "/pay"}, "open-endpoint",
     "N: answers POST /pay and asks for no authentication itself"),
    ({"type": "tcp in", "server": "server", "port": "23"}, "open-endpoint",
     "N: listens on port 23 and asks for no authentication itself"),
    ({"type": "mqtt-broker", "broker": "m.example", "usetls": False}, "tls-off", "N: talks to m.example without TLS"),
    ({"type": "tls-config", "verifyservercert": False}, "tls-off", "N: does not check the server's certificate"),
    ({"type": "inject", "repeat": "5"}, "schedule", "N: runs every 5 s"),
    ({"type": "inject", "crontab": "0 6 * * *"}, "schedule", "N: runs on the schedule 0 6 * * *"),
    ({"type": "function", "func": "const password = 'winter-2025';"}, "inline-secret",
     "N: holds a secret in the open (password)"),
    ({"type": "mqtt in", "credentials": {"password": "winter-2025"}}, "inline-secret",
     "N: its credentials are in the export"),
]  # fmt: skip


@pytest.mark.parametrize(("node", "code", "detail"), NOTICES, ids=[f"{code}: {detail}" for _, code, detail in NOTICES])
def test_a_reviewer_is_told(node: dict[str, Any], code: str, detail: str) -> None:
    assert [(notice.code, notice.component, notice.detail) for notice in one(**node).notices] == [(code, "t1", detail)]


def test_a_notice_never_holds_the_secret() -> None:
    found = one(type="exec", command="curl -u a https://olive:winter-2025@shop.example/ --token=abc12345")
    assert found.notices
    assert all("winter" not in notice.detail and "abc12345" not in notice.detail for notice in found.notices)


def test_hosts_and_modules_are_the_connectors() -> None:
    found = parsed([
        {"id": "t", "type": "tab", "label": "T"},
        {"id": "b", "type": "mqtt-broker", "broker": "mqtt.example", "name": ""},
        {"id": "m", "type": "mqtt in", "z": "t", "broker": "b", "wires": [[]]},
        {"id": "r", "type": "http request", "z": "t", "url": "https://user@API.example:8443/x?y", "wires": [[]]},
        {"id": "f", "type": "function", "z": "t", "func": "fetch('http://10.0.0.5/a')", "wires": [[]],
         "libs": [{"var": "l", "module": "@scope/lodash@4.17.21"}, {"var": "d", "module": "dayjs"}]},
        {"id": "o", "type": "telegram sender", "z": "t", "wires": [[]]},
        {"id": "s", "type": "subflow:x", "z": "t", "wires": []},
        {"id": "g", "type": "global-config", "modules": {"node-red-contrib-telegrambot": "15.1.1"}},
    ])  # fmt: skip
    assert [(item.kind, item.name, item.version) for item in found.connectors] == [
        ("module", "telegram sender", None),
        ("host", "mqtt.example", None),
        ("host", "api.example:8443", None),
        ("host", "10.0.0.5", None),
        ("module", "@scope/lodash", "4.17.21"),
        ("module", "dayjs", None),
        ("module", "node-red-contrib-telegrambot", "15.1.1"),
    ]


@pytest.mark.parametrize("value", ["1.0", "1e3", "1.5e300", "1e-7", "0.1", "-0.0", "123456789012345678901234567890"])
def test_a_number_has_the_same_canonical_bytes_however_it_is_written(value: str) -> None:
    from store.integrity.canonical import canonical_bytes

    data = f'[{{"id":"t","type":"tab","label":"T","n":{value},"é":1,"z9":[{value}]}}]'.encode()
    (component,) = NodeRed().parse(data, "flows.json").components
    assert component.canonical == canonical_bytes(json.loads(component.canonical))
    assert component.canonical == canonical_bytes({"nodes": {}, "tab": json.loads(data)[0]})


def test_keys_beyond_the_basic_plane_are_sorted_as_the_standard_says() -> None:
    from store.integrity.canonical import canonical_bytes

    for text in ('"\U0001f600":1,"\ufb33":2', '"\\ud83d\\ude00":1,"\\ufb33":2'):
        data = f'[{{"id":"t","type":"tab","label":"T",{text}}}]'.encode()
        (component,) = NodeRed().parse(data, "flows.json").components
        assert component.canonical == canonical_bytes({"nodes": {}, "tab": json.loads(data)[0]})


FILES = [
    ({"filename": "/var/log/orders", "filenameType": "str"}, "reads /var/log/orders"),
    ({"filename": "path", "filenameType": "msg"}, "reads the file that msg.path names"),
    ({"filename": "$now()", "filenameType": "jsonata"}, "reads a file that an expression names"),
    ({"filename": "LOGS", "filenameType": "env"}, "reads the file that the variable LOGS names"),
    ({"filename": ""}, "reads a file that the message names"),
]


@pytest.mark.parametrize(("fields", "words"), FILES, ids=[words for _, words in FILES])
def test_a_file_is_told_from_a_name_that_comes_with_the_message(fields: dict[str, str], words: str) -> None:
    node = {"id": "f", "z": "t", "type": "file in", "name": "Log", **fields}
    data = json.dumps([{"id": "t", "type": "tab", "label": "T"}, node]).encode()
    assert [notice.detail for notice in NodeRed().parse(data, "flows.json").notices] == [f"Log: {words}"]
