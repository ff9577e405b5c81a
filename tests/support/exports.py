"""Small exports: a Node-RED file of some tabs, and plain documents."""

from __future__ import annotations

import json


def tabs(**code: str) -> bytes:
    """Return a Node-RED export with one tab per keyword, each with one function node of this code."""
    nodes: list[dict[str, object]] = []
    for name, func in code.items():
        nodes += [
            {"id": f"tab-{name}", "type": "tab", "label": name, "disabled": False, "info": ""},
            {
                "id": f"fn-{name}",
                "type": "function",
                "z": f"tab-{name}",
                "name": f"work of {name}",
                "func": func,
                "outputs": 1,
                "x": 100,
                "y": 80,
                "wires": [[]],
            },
        ]
    return json.dumps(nodes, indent=4).encode()


def document(**values: object) -> bytes:
    """Return a JSON document: one component, named like its file."""
    return json.dumps(values).encode()


V1 = tabs(intake="return msg;", refunds="return msg.refund;")
V2 = tabs(intake="return [msg, null];", refunds="return msg.refund;")
V3 = tabs(intake="return [msg, null];", refunds="return msg.refund * 2;")
TAMPERED = tabs(intake="return msg;", refunds="return msg.refund * 1000;")
"""V1 with a component changed by somebody."""
ADDED = tabs(intake="return msg;", refunds="return msg.refund;", backdoor="return evil(msg);")
"""V1 with a component that nobody asked for."""
