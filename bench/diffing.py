"""The semantic diff of a large export, beside the line diffs people use today."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.large_exports import EXPORTS
from bench.measure import Result, busy_median_of
from store.domain.memo import Memo
from store.domain.secrets.scanning import LOOKS
from store.platforms import recognise
from store.services.diffing import Side, between_sides

COMPONENTS = 5_000
Nodes = list[dict[str, Any]]


def export() -> Nodes:
    """Return a Node-RED export of 5,000 tabs, about 5 MB."""
    nodes: Nodes = []
    for i in range(COMPONENTS):
        tab = f"tab{i:05d}"
        code = (
            f"// step {i}\nconst order = msg.payload;\nif (order.total > {i % 97}) {{\n  msg.priority = 'high';\n"
            f"}} else {{\n  msg.priority = 'low';\n}}\nmsg.url = 'https://host{i % 50}.example/{i}';\nreturn msg;"
        )
        nodes += [
            {"id": tab, "type": "tab", "label": f"Flow {i}", "disabled": False, "info": ""},
            _node(tab, i, "http in", "In", url=f"/hook/{i}", method="post", wires=[[f"fn{i}"]]),
            _node(tab, i, "function", "fn", func=code, outputs=1, wires=[[f"rq{i}"]]),
            _node(tab, i, "http request", "rq", method="GET", url=f"https://host{i % 50}.example/{i}", wires=[[]]),
            _node(tab, i, "debug", "db", active=True, wires=[]),
        ]
    return nodes


def _node(tab: str, number: int, kind: str, prefix: str, **more: Any) -> dict[str, Any]:
    return {"id": f"{prefix}{number}", "type": kind, "z": tab, "name": f"{prefix} {number}", "x": 100, "y": 80, **more}


def _one_percent(nodes: Nodes) -> None:
    for i in range(0, COMPONENTS, 100):
        nodes[i * 5 + 2]["func"] = nodes[i * 5 + 2]["func"].replace("'high'", "'urgent'")


def _everything(nodes: Nodes) -> None:
    for i in range(COMPONENTS):
        nodes[i * 5 + 2]["func"] = nodes[i * 5 + 2]["func"].replace("'high'", "'urgent'")


def _moved(nodes: Nodes) -> None:
    for node in nodes:
        if "x" in node:
            node["x"] += 20


def run(folder: Path) -> list[Result]:
    """Diff two files of 5,000 components: from bytes to the document of `diff --json`."""
    folder.mkdir(parents=True, exist_ok=True)
    cases: tuple[tuple[str, Callable[[Nodes], None]], ...] = (
        ("1 in 100 flows changed", _one_percent),
        ("every node moved", _moved),
        ("every flow changed", _everything),
    )
    old = _written(folder / "old.json", export())
    results = []
    for what, edit in cases:
        nodes = export()
        edit(nodes)
        new = _written(folder / "new.json", nodes)
        git = ["git", "diff", "--no-index", "--patience", "old.json", "new.json"]
        theirs = busy_median_of(lambda git=git: subprocess.run(git, cwd=folder, capture_output=True, check=False), 3)
        title = f"semantic diff of {len(old) / 1e6:.1f} MB, {COMPONENTS:,} components: {what}, processor time"
        results.append(_result(title, busy_median_of(lambda new=new: _semantic(old, new), 3), theirs))
    return results + [_of_platform(folder, name) for name in EXPORTS]


def _of_platform(folder: Path, platform: str) -> Result:
    """Diff two versions of a large export of one platform, in which one part in a hundred differs."""
    name, make, count = EXPORTS[platform]
    old, new = make(count, 1), make(count, 2)
    for version, data in (("old", old), ("new", new)):
        (folder / f"{version}-{name}").write_bytes(data)
    git = ["git", "diff", "--no-index", "--patience", f"old-{name}", f"new-{name}"]
    theirs = busy_median_of(lambda: subprocess.run(git, cwd=folder, capture_output=True, check=False), 3)
    size = f"{len(old) / 1e6:.1f} MB" + (" (5 MB unpacked)" if name.endswith(".zip") else "")
    title = f"the same for {platform}: {size}, {count:,} parts, 1 in 100 changed"
    return _result(title, busy_median_of(lambda: _semantic(old, new, name), 3), theirs)


def _result(what: str, mine: float, theirs: float) -> Result:
    return Result(
        what=what,
        ours=f"{mine:.2f} s",
        beside=f"git diff --no-index --patience: {theirs:.2f} s",
        ratio=f"{mine / theirs:.1f}× git" if theirs else "—",  # a child's time is told in hundredths of a second
        goal="≤ 1 s",
        met=mine <= 1,
    )


def _written(path: Path, nodes: Nodes) -> bytes:
    path.write_text(json.dumps(nodes, indent=1))
    return path.read_bytes()


def _semantic(old: bytes, new: bytes, name: str = "flows.json") -> dict[str, Any]:
    LOOKS.clear()  # what the turn before has learned of the same bytes is no speed of ours
    memo = Memo.of_two_sides()  # one for both sides, as `quarterdeck diff` has it
    return between_sides(_side(old, name, memo), _side(new, name, memo)).to_json()


def _side(data: bytes, name: str, memo: Memo) -> Side:
    parsed = recognise(data, name, memo=memo)
    return Side(components={parsed.platform: parsed.components}, connectors=parsed.connectors, notices=parsed.notices)
