from __future__ import annotations

import json

import pytest

from store.domain import secrets
from store.platforms import recognise


@pytest.mark.parametrize("password", ["", "hunter2hunter2", "pässword-ß-1234", "ghp_" + "a1B2" * 9])
def test_node_red_counts_the_secrets_that_a_look_at_the_text_would_find(password: str) -> None:
    nodes = [
        {"id": "t", "type": "tab", "label": "Täb"},
        {"id": "n", "type": "function", "z": "t", "func": f'const password = "{password}";', "wires": []},
    ]
    for ascii_only in (True, False):
        data = json.dumps(nodes, ensure_ascii=ascii_only).encode()
        parsed = recognise(data, "flows.json")
        assert parsed.platform == "node-red"
        assert parsed.secrets == len(secrets.find(data.decode()))
