"""Two invented projects as their tools would export them: Node-RED `orders`, n8n `crm-sync`. Ours, small, plausible."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

Node = dict[str, Any]


def _pretty(value: object) -> bytes:
    return json.dumps(value, indent=4, ensure_ascii=False).encode() + b"\n"


def _node(id_: str, kind: str, tab: str, name: str, at: tuple[int, int], **more: object) -> Node:
    return {"id": id_, "type": kind, "z": tab, "name": name, "x": at[0], "y": at[1], **more}


_TOTAL = (
    "msg.payload.total = msg.payload.lines\n    .reduce((sum, line) => sum + line.price * line.count, 0);\nreturn msg;"
)
_DISCOUNT_WRONG = _TOTAL.replace("return msg;", "msg.payload.total *= 1 - msg.payload.discount;\nreturn msg;")
_DISCOUNT = _TOTAL.replace(
    "return msg;",
    "const off = Number(msg.payload.discount ?? 0);\nmsg.payload.total *= 1 - Math.min(off, 0.3);\nreturn msg;",
)


def orders(version: int, *, tampered: bool = False) -> bytes:
    """Return version 1 to 4 of the `orders` export; `tampered` raises the refund limit as nobody asked for."""
    code = {1: _TOTAL, 2: _DISCOUNT_WRONG}.get(version, _DISCOUNT)
    limit = "2500" if tampered else "250"
    intake, refunds = "a1f0c0de00000001", "a1f0c0de00000002"
    nodes: list[Node] = [
        {"id": intake, "type": "tab", "label": "Order intake", "disabled": False, "info": "Web shop orders to the ERP."},
        {"id": refunds, "type": "tab", "label": "Refunds", "disabled": False, "info": ""},
        {"id": "a1f0c0de000000b0", "type": "mqtt-broker", "name": "shop floor", "broker": "mqtt.internal", "port": "8883"},
        _node("0a01", "http in", intake, "New order", (140, 80), url="/orders", method="post", wires=[["0a02"]]),
        _node("0a02", "json", intake, "Parse order", (320, 80), property="payload", wires=[["0a03"]]),
        _node("0a03", "function", intake, "Add up", (480, 80), func=code, outputs=1, wires=[["0a04", "0a05"]]),
        _node("0a04", "mqtt out", intake, "To the ERP", (680, 60), topic="orders/new", broker="a1f0c0de000000b0", wires=[]),
        _node("0a05", "http response", intake, "202", (680, 120), statusCode="202", wires=[]),
        _node("0b01", "mqtt in", refunds, "Refund asked", (140, 80), topic="refunds/ask", broker="a1f0c0de000000b0", wires=[["0b02"]]),
        _node("0b02", "switch", refunds, "Limit", (320, 80), property="payload.amount",
              rules=[{"t": "lte", "v": limit, "vt": "num"}, {"t": "else"}], wires=[["0b03"], ["0b04"]]),
        _node("0b03", "mqtt out", refunds, "Refund", (520, 60), topic="refunds/do", broker="a1f0c0de000000b0", wires=[]),
        _node("0b04", "mqtt out", refunds, "Ask a person", (520, 120), topic="refunds/review", broker="a1f0c0de000000b0", wires=[]),
    ]  # fmt: skip
    if version >= 4:
        nodes.append(
            _node("0a06", "http request", intake, "Tell the carrier", (680, 180), method="POST",
                  url="https://api.parcel.example/v2/pickups", wires=[[]])
        )  # fmt: skip
        nodes[5]["wires"] = [["0a04", "0a05", "0a06"]]
        nodes[3]["x"] = 160
    return _pretty(nodes)


def crm_sync(version: int) -> bytes:
    """Return version 1 or 2 of the n8n workflow `crm-sync`."""
    code = "return items.filter(item => item.json.email);"
    if version >= 2:
        code = "return items\n  .filter(item => item.json.email)\n  .map(item => ({ json: { ...item.json, source: 'shop' } }));"
    nodes: list[Mapping[str, object]] = [
        {"id": "6b1d", "name": "Every hour", "type": "n8n-nodes-base.scheduleTrigger", "typeVersion": 1.2, "position": [240, 300],
         "parameters": {"rule": {"interval": [{"field": "hours", "hoursInterval": 1 if version == 1 else 2}]}}},
        {"id": "6b1e", "name": "New customers", "type": "n8n-nodes-base.postgres", "typeVersion": 2.4, "position": [460, 300],
         "parameters": {"operation": "executeQuery", "query": "select * from customers where synced_at is null"},
         "credentials": {"postgres": {"id": "3", "name": "Shop database"}}},
        {"id": "6b1f", "name": "With address", "type": "n8n-nodes-base.code", "typeVersion": 2, "position": [680, 300],
         "parameters": {"jsCode": code}},
        {"id": "6b20", "name": "Upsert contact", "type": "n8n-nodes-base.hubspot", "typeVersion": 2, "position": [900, 300],
         "parameters": {"resource": "contact", "operation": "upsert", "email": "={{ $json.email }}"},
         "credentials": {"hubspotAppToken": {"id": "7", "name": "HubSpot marketing"}}},
    ]  # fmt: skip
    names = [str(node["name"]) for node in nodes]
    links = {one: {"main": [[{"node": other, "type": "main", "index": 0}]]} for one, other in pairwise(names)}
    return _pretty(
        {
            "id": "Qd7vKx2pTn4mLw8s",
            "name": "crm-sync",
            "nodes": nodes,
            "connections": links,
            "settings": {"executionOrder": "v1"},
            "active": True,
            "versionId": f"00000000-0000-4000-8000-00000000000{version}",
        }
    )


BROKEN = b'{"id": "0x", "nodes": [ {"name": "cut off in the middle'
"""An export that its tool did not finish writing."""


POLICY = """\
# The demo's policy: the built-in one, and when people look again.
review_every_days = 90
connector_review_every_days = 14

[environments.staging]
order = 1

[environments.prod]
order = 2
"""
"""What the demo's people adopt at last."""
