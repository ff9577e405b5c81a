"""Exports that hold nothing yet: each platform's own way to say so is understood, and nobody else's silence is."""

from __future__ import annotations

import json

import pytest
from support.scene import Scene

from store.errors import BadInput
from store.platforms import recognise

NO_SCENARIO = {"name": "New scenario", "flow": [], "metadata": {"version": 1, "designer": {"orphans": []}}}


@pytest.mark.parametrize(
    ("name", "data", "platform"),
    [
        ("scripts.yaml", b"", "home-assistant"),
        ("scenes.yaml", b"", "home-assistant"),
        ("automations.yaml", b"[]", "home-assistant"),
        ("automations.yaml", b"# nothing yet\n", "home-assistant"),
        ("packages/ensuite.yaml", b"", "home-assistant"),
        ("packages/ensuite.yaml", b"# gone\n", "home-assistant"),
        ("switches.yaml", b"---\n\n# - platform: flux\n#   lights: [light.desk]\n", "home-assistant"),
        ("traffic.yaml", b"#- service: light.turn_on\n#  entity_id: light.desk\n", "home-assistant"),
        ("flows.json", b"[]", "node-red"),
        ("live.json", b'{"flows": [], "rev": "0a1b"}', "node-red"),
        ("scenario.json", json.dumps(NO_SCENARIO).encode(), "make"),
        ("workflow.json", b'{"name": "New", "nodes": [], "connections": {}, "settings": {}}', "n8n"),
        ("dashboard.json", b'{"title": "New", "uid": "a", "schemaVersion": 39, "panels": []}', "grafana"),
    ],
)
def test_an_export_with_nothing_in_it_is_its_platforms(name: str, data: bytes, platform: str) -> None:
    assert recognise(data, name).platform == platform


@pytest.mark.parametrize("name", ["flows.json", "notes.yaml", "export", "Order.flow-meta.xml"])
def test_no_bytes_at_all_are_nothing_where_no_platform_writes_that(name: str) -> None:
    with pytest.raises(BadInput, match="empty"):
        recognise(b"", name)


@pytest.mark.parametrize("name", ["flows.json", "solution.zip", "app.msapp", "automations.yaml"])
def test_a_pointer_that_git_lfs_left_is_called_one(name: str) -> None:
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0a" * 32 + b"\nsize 1026\n"
    with pytest.raises(BadInput, match="Git LFS"):
        recognise(pointer, name)


@pytest.mark.parametrize("data", [b"# platform: linux/amd64\nservices: {}\n", b"# nothing\n", b"---\n# words\n"])
def test_comments_of_others_are_no_house(data: bytes) -> None:
    try:
        found = recognise(data, "compose.yaml").platform
    except BadInput as fault:
        found = str(fault)
    assert found in {"generic", "it holds nothing but comments: no configuration"}


def test_what_was_all_commented_out_is_gone_from_the_house() -> None:
    live = (
        b"automation:\n  - alias: A\n    trigger: {platform: time, at: '7:00'}\n    action: {service: light.turn_on}\n"
    )
    off = b"".join(b"# " + line + b"\n" for line in live.splitlines())
    before, after = (recognise(data, "packages/a.yaml") for data in (live, off))
    assert [part.kind for part in before.components] == ["automation"]
    assert [(part.kind, part.content) for part in after.components] == [("integration", {"a": None})]


def test_a_fresh_house_is_taken_in_delivered_and_seen_again_as_it_is(scene: Scene) -> None:
    scene.live(b"", name="scripts.yaml")
    assert scene.delivered() == {"scripts.yaml": b""}
    assert scene.observe(b"", name="scripts.yaml") == ()
    scene.ingest(b"goodnight:\n  sequence:\n    - action: light.turn_off\n", name="scripts.yaml")
    assert scene.last("artifact.ingested").platform == "home-assistant"
