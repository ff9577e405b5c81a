"""A secret given where its place is asked for is refused before it is an entry: entries stay."""

from __future__ import annotations

import pytest
from support.scene import Scene

from store.errors import BadInput
from store.services.delivery import environments
from store.services.delivery.environments import is_pasted

PASTED = {
    "a password": ("password-env", "CanaryH23CFFMNUEDL4"),
    "a password with signs": ("password-env", "hunter2!"),
    "a token": ("token-env", "ghp_abcdefghijklmnopqrstuvwxyz0123456789"),
    "a key for a file": ("api-key-file", "sk_live_CanaryJKOQJ7ABCDEFGH"),
    "a token in a command": ("push", "/usr/bin/push --token abcdef123456"),
}


@pytest.mark.parametrize("how", PASTED)
def test_it_is_refused_without_being_repeated(scene: Scene, how: str) -> None:
    name, value = PASTED[how]
    before = scene.size
    with pytest.raises(BadInput, match=f"--{name} names where") as told:
        environments.add(
            scene.context, scene.alice, "far", target="node-red", settings={"url": "http://x", name: value}
        )
    with pytest.raises(BadInput, match=f"--{name} names where"):
        environments.edit(scene.context, scene.alice, "prod", changes={name: value})
    assert value not in str(told.value)
    everything = b"".join(entry.body for entry in scene.context.ledger.entries(after=before))
    assert value.encode() not in everything


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("password-env", "NODE_RED_PASSWORD_2"),
        ("token-env", "nr_token"),
        ("api-key-env", "N8N_API_KEY"),
        ("password-file", "/etc/quarterdeck/prod1.Token"),
        ("pass-env", "N8N_API_KEY,Other2"),
        ("push", "/usr/bin/push --to Prod1"),
    ],
)
def test_what_names_a_place_is_taken(name: str, value: str) -> None:
    assert not is_pasted(name, value)
