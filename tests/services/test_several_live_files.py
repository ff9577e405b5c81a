"""A live place whose answer is several files: what one of them holds is not gone because another does not hold it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from support.exports import document
from support.scene import Scene

from store.services.delivery import environments
from store.services.drift import drifting
from store.services.drift.polling import LivePlace

FETCH = """#!{python}
import base64, hashlib, json, pathlib
files = sorted(pathlib.Path("there").glob("*.json"))
parts = [{{"name": one.name, "base64": base64.b64encode(one.read_bytes()).decode()}} for one in files]
print(json.dumps({{"files": parts, "revision": hashlib.sha256(json.dumps(parts).encode()).hexdigest()}}))
"""
PUSH = """#!{python}
import base64, json, pathlib, subprocess, sys
for one in json.load(sys.stdin)["files"]:
    pathlib.Path("there", one["name"]).write_bytes(base64.b64decode(one["base64"]))
print(subprocess.run(["./fetch"], capture_output=True, text=True).stdout)
"""


@pytest.fixture
def there(scene: Scene) -> Path:
    """The folder behind the environment `far`, with `a.json` and `b.json` deployed to it by two programs."""
    folder = scene.workspace.root / "there"
    folder.mkdir()
    for name, text in (("fetch", FETCH), ("push", PUSH)):
        path = scene.workspace.root / name
        path.write_text(text.format(python=sys.executable))
        path.chmod(0o755)
    settings = {"fetch": "./fetch", "push": "./push"}
    environments.add(scene.context, scene.alice, "far", target="command", settings=settings)
    for name in "ab":
        scene.ingest(document(name=name), place="far", name=f"{name}.json")
    assert scene.deploy(scene.approved(place="far")).verified
    return folder


def drifted(scene: Scene) -> dict[str, str | None]:
    standing = drifting.standing(scene.context.ledger, "far", "orders")
    return {component: drift.observed for component, drift in standing.items()}


def test_what_is_as_deployed_is_no_drift_however_many_files_it_is(scene: Scene, there: Path) -> None:
    assert json.loads((there / "b.json").read_bytes()) == {"name": "b"}
    assert LivePlace(scene.context, "far").poll().news == 0
    assert drifted(scene) == {}


def test_one_that_changed_drifts_alone_and_one_that_is_gone_too(scene: Scene, there: Path) -> None:
    (there / "b.json").write_bytes(document(name="evil"))
    place = LivePlace(scene.context, "far")
    assert place.poll().news == 1
    assert set(drifted(scene)) == {"b.json"}
    (there / "b.json").unlink()
    assert place.poll().news == 1
    assert drifted(scene) == {"b.json": None}
    (there / "b.json").write_bytes(document(name="b"))
    place.poll()
    assert drifted(scene) == {}
