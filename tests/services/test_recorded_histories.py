"""What is recorded of real histories is, byte for byte, what was recorded of them when they were first taken in."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import orjson
import pytest
from support.git_repository import real_history
from support.scene import Scene

from store.integrity import sealing
from store.services.exports import importing

RECORDED = {
    "node-red-home": (237, "aa6ebfb9a3ced5366347d9b0772e5947e3904163abccf9e0c2722a87c41acb7f"),
    "n8n-team": (133, "3f2995129f26ad6a1687e595f87f7bbca21154bc6b2fe0016920ee0884f5ed27"),
}
"""Name → versions, and the SHA-256 over what each entry says, in order.

That of `n8n-team` changed once: one version has a secret in pinned data, of which its entry tells since.
"""


@pytest.mark.parametrize("name", RECORDED)
def test_a_real_history_is_recorded_in_the_same_words_as_ever(
    scene: Scene, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, _ = real_history(name, tmp_path / "r")
    with monkeypatch.context() as patch:  # the marks of secrets are a workspace's own
        patch.setattr("os.urandom", lambda count: b"k" * count)
        sealing.create(scene.context.root / "keys" / "sealing.key")
    report = importing.import_history(scene.context, made.path, ".", project="orders", environment="prod")
    said = sha256()
    for entry in scene.entries(kind="artifact.ingested"):
        data = {key: value for key, value in entry.statement.data.items() if key not in {"imported", "commitment"}}
        said.update(orjson.dumps([entry.statement.on, data], option=orjson.OPT_SORT_KEYS))
    assert (report.versions, said.hexdigest()) == RECORDED[name]
