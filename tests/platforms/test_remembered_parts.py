"""The versions of one export share most of their parts; remembering these changes nothing but time."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from store.domain.component import Parsed
from store.domain.diff import compare_exports
from store.domain.memo import Memo
from store.errors import BadInput
from store.platforms import recognise
from store.platforms.node_red import NodeRed, parts

Nodes = list[dict[str, Any]]
TOKEN = "ghp_" + "a1B2c3D4e5F6g7H8i9J0" * 2


def whole(parsed: Parsed) -> list[object]:
    """Everything that was understood; some of a component does not count when two are compared."""
    return [parsed, [(part.content, part.canonical, part.digest, part.labels) for part in parsed.components]]


def flows(dice: random.Random) -> Nodes:
    nodes: Nodes = [{"id": f"t{n}", "type": "tab", "label": f"Tab {n}"} for n in range(3)]
    ports = [{"x": 1, "y": 2, "wires": [{"id": "n1"}, {"id": "n2"}]}]
    nodes.append({"id": "s1", "type": "subflow", "name": "Retry", "in": ports})
    nodes += [{"id": f"b{n}", "type": "mqtt-broker", "broker": f"host{n}.example", "usetls": n == 1} for n in range(3)]
    for number in range(40):
        nodes.append(
            {
                "id": f"n{number}",
                "type": dice.choice(["function", "debug", "http in", "mqtt in", "own-type", "exec"]),
                "z": dice.choice(["t0", "t1", "t2", "s1", "gone"]),
                "name": dice.choice(["", "Zoë", "Parse"]),
                "func": 'return {"id": "x"},{"id": https://api.example/v1};\n',
                "broker": dice.choice(["b0", "b1", "plain.example"]),
                "x": dice.random(),
                "wires": [[f"n{number + 1}"]],
            }
        )
    return nodes


def changed(nodes: Nodes, dice: random.Random) -> Nodes:
    """Return the nodes after one edit of some kind."""
    nodes = [dict(node) for node in nodes]
    at = dice.randrange(3, len(nodes))
    match dice.randrange(7):
        case 0:
            nodes[at]["func"] = f"return {dice.random()};"
        case 1:
            del nodes[at]
        case 2:
            nodes.insert(at, {**nodes[at], "id": f"new{dice.random()}"})
        case 3:
            dice.shuffle(nodes)
        case 4:
            nodes[at]["id"] = dice.choice(["n1", "t0", "plain.example"])  # twice, or what an address says
        case 5:
            nodes[at].pop("id", None)
        case _:
            nodes[at]["password"] = TOKEN
    return nodes


def compact(nodes: Nodes) -> bytes:
    return json.dumps(nodes, separators=(",", ":"), ensure_ascii=False).encode()


def indented(nodes: Nodes) -> bytes:
    return json.dumps(nodes, indent=4, ensure_ascii=False).encode() + b"\n"


@pytest.mark.parametrize("write", [compact, indented, lambda nodes: json.dumps(nodes).encode()])
def test_a_version_is_understood_alike_whether_earlier_ones_were_remembered_or_not(write: Any) -> None:
    dice = random.Random(11)
    memo, nodes = Memo(), flows(dice)
    for _ in range(60):
        data = write(nodes)
        assert whole(recognise(data, "flows.json", memo=memo)) == whole(recognise(data, "flows.json"))
        nodes = changed(nodes, dice)


def odd(dice: random.Random) -> Any:
    """Return a value that is another one in JSON than in Python, or has no place where it is put."""
    return dice.choice(
        [1, 1.0, True, 0, -0.0, False, None, "1", 2**70, [1], [True], {"a": 1, "b": 2}, {"b": 2, "a": 1}]
    )


def nudged(node: dict[str, Any], dice: random.Random) -> dict[str, Any]:
    """Return a node that is nearly the same: it stands elsewhere, or differs in what is easily missed."""
    node = dict(node)
    match dice.randrange(9):
        case 0 | 1:
            node["x"] = odd(dice)
        case 2:
            node[dice.choice(["y", "w", "h", "credentials"])] = odd(dice)
        case 3:
            node.pop("x", None)
        case 4:
            node = dict(dice.sample([*node.items()], len(node)))
        case 5:
            node["info"] = dice.choice(["a  b", "a b", "a\nb", 1, True])
        case 6:
            node[dice.choice(["modules", "in", "libs", "rate"])] = odd(dice)
        case 7:
            node["in"] = [{"x": odd(dice), "y": 2, "wires": [{"id": "n1"}]}]
        case _:
            node[dice.choice(["id", "z", "name"])] = dice.choice(["n1", "t0", "s1", "", 7, ["n1"]])
    return node


@pytest.mark.parametrize("write", [compact, indented])
def test_two_sides_are_understood_and_compared_alike_whether_they_share_their_nodes_or_not(write: Any) -> None:
    dice = random.Random(23)
    shared = moved = 0
    for _ in range(60):
        old = [nudged(node, dice) if dice.random() < 0.3 else node for node in flows(dice)]
        new = changed([nudged(node, dice) if dice.random() < 0.3 else node for node in old], dice)
        memo = Memo.of_two_sides()
        together = [recognise(write(nodes), "flows.json", memo=memo) for nodes in (old, new)]
        apart = [recognise(write(nodes), "flows.json") for nodes in (old, new)]
        assert [exactly(parsed) for parsed in together] == [exactly(parsed) for parsed in apart]
        rules = NodeRed.rules
        assert compare_exports(*together, rules).to_json() == compare_exports(*apart, rules).to_json()
        before, after = (inner_nodes(parsed) for parsed in together)
        shared += sum(after.get(key) is node for key, node in before.items())
        moved += sum(
            after.get(key, {}).get("wires") is node["wires"] for key, node in before.items() if "wires" in node
        )
    assert 0 < shared < moved  # else this shows nothing


def exactly(parsed: Parsed) -> list[object]:
    """Everything that was understood, with 1 told from 1.0 and from True, and members in their order."""
    return [*whole(parsed), repr([part.content for part in parsed.components])]


def inner_nodes(parsed: Parsed) -> dict[str, Any]:
    return {key: node for part in parsed.components for key, node in part.content.get("nodes", {}).items()}


def test_of_two_sides_only_the_nodes_that_differ_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []
    real = parts.reach_of
    monkeypatch.setattr(parts, "reach_of", lambda node: (looked.append(node["id"]), real(node))[1])
    nodes, memo = flows(random.Random(5)), Memo.of_two_sides()
    NodeRed().parse_with(compact(nodes), "flows.json", memo)
    looked.clear()
    nodes[20]["func"] = "return 42;"
    for node in nodes[25:30]:
        node["x"] += 20
    NodeRed().parse_with(compact(nodes), "flows.json", memo)
    assert looked == [nodes[20]["id"]]


@pytest.mark.parametrize("write", [compact, indented])
def test_only_what_is_new_in_a_version_is_read(write: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    memo, nodes = Memo(), flows(random.Random(5))
    for _ in range(2):
        NodeRed().parse_with(write(nodes), "flows.json", memo)
    read: list[bytes] = []
    monkeypatch.setattr("store.domain.cutting.parse_json", _noting(read))
    nodes[20]["func"] = "return 42;"
    NodeRed().parse_with(write(nodes), "flows.json", memo)
    assert sum(b"return 42" in text for text in read) == 1
    assert sum(map(len, read)) < len(write(nodes)) / 4


def _noting(read: list[bytes]) -> Any:
    from store.integrity import strict_json

    real = strict_json.parse

    def noting(data: bytes) -> Any:
        read.append(data)
        return real(data)

    return noting


@pytest.mark.parametrize(
    "broken",
    [
        b'[{"id":"a","type":"tab"},{"id":"b","type":"tab"',
        b'[{"id":"a","type":"tab"},{"id":"b","type":"tab"}],[{"id":"c","type":"tab"}]',
        b'[{"id":"a","type":"tab"},{"id":"b","type":"tab","id":"c"}]',
        b'[{"id":"a","type":"tab"},{"id":"b","type":7}]',
        b'[{"id":"a","type":"tab"},{"id":"b","type":"tab"},]',
        b'[{"id":"a","type":"tab"},{"id":"b","type":"x","n":"\xff"}]',
        b'[{"id":"a","type":"tab"},{"id":"b","type":"x","n":NaN}]',
        b'[{"id":"a","type":"tab"},{"id":"b","type":"x","n":' + b"[" * 200 + b"]" * 200 + b"}]",
        b'[{"id":"a","type":"tab"},{"id":' * 3_000,
    ],
)
def test_what_is_refused_is_refused_in_the_same_words_in_pieces(broken: bytes) -> None:
    memo = Memo()
    for _ in range(2):
        NodeRed().parse_with(b'[{"id":"a","type":"tab"},{"id":"b","type":"tab"}]', "flows.json", memo)
    with pytest.raises(BadInput) as plain:
        NodeRed().parse(broken, "flows.json")
    with pytest.raises(BadInput) as remembered:
        NodeRed().parse_with(broken, "flows.json", memo)
    assert str(remembered.value) == str(plain.value)


ODD = (
    b"{", b"}", b"[", b"]", b",", b":", b'"', b"\\", b"\\u0000", b"\\ud800", b"NaN", b"-Infinity", b"1e999",
    b"-0", b"01", b"9007199254740993", b"12345678901234567890", b"\xff", b"\xc3", b"\xef\xbb\xbf", b"\0",
    b"\x0b", b"\xc2\xa0", b"\r\n", b"//", b'"id":"n1",', b'"type":7,', b'"id":"a","id":"b",', b'},{"id":',
    b"},\n    {\n", b"    },\n    {\n", b"}]", b"1.", b"null", b'[{"id":',
    b'"wires":[[{"id":"w1"},{"id":"w2"}]],', b'{"flows":',
)  # fmt: skip


def damaged(data: bytes, dice: random.Random) -> bytes:
    """Return the bytes with one to three pieces put in, taken out, replaced or said twice."""
    for _ in range(dice.choice([1, 1, 2, 3])):
        begins = [at for at, byte in enumerate(data, 1) if byte in b"{,:["]
        at = dice.choice(begins) if dice.random() < 0.7 else dice.randrange(len(data))
        gone = dice.choice([0, 0, 1, 5, 200])
        new = dice.choice(ODD) if dice.random() < 0.8 else data[at : at + 150]
        data = data[:at] + new + data[at + gone :]
    return data


def understood(data: bytes, memo: Memo | None) -> list[object] | str:
    try:
        return whole(NodeRed().parse_with(data, "flows.json", memo))
    except BadInput as error:
        return str(error)


@pytest.mark.parametrize("write", [compact, indented])
def test_damaged_bytes_are_read_or_refused_alike_in_pieces_and_as_a_whole(write: Any) -> None:
    dice = random.Random(29)
    outcomes = []
    for _ in range(12):
        memo, data = Memo(), write(flows(dice)[2:14])
        for _ in range(2):
            NodeRed().parse_with(data, "flows.json", memo)
        for _ in range(60):
            broken = damaged(data, dice)
            outcomes.append(understood(broken, memo))
            assert outcomes[-1] == understood(broken, None), broken
    refused = sum(isinstance(outcome, str) for outcome in outcomes)
    assert 0.1 < refused / len(outcomes) < 0.98  # some of each, else this shows nothing


def test_a_memo_forgets_before_it_holds_too_much() -> None:
    memo = Memo(most=100)
    for number in range(50):
        memo.keep(number, f"answer {number}", weight=30)
    assert [number for number in range(50) if memo.get(number)] == [48, 49]
    assert memo.answer(49, lambda: "never asked", weigh=len) == "answer 49"
