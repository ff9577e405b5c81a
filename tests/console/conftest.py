"""What the console's tests share; it also stands here so that pytest finds `console_scene` from the folders below."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from pressed import Watch, watched


@pytest.fixture(autouse=True)
def keys_that_are_really_pressed(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Hold a test to what its `presses` mark promises: each key fires, is not refused, and the picture changes."""
    promised = watched(request.node.iter_markers("presses"))
    collect = os.environ.get("QD_COLLECT")
    watch = Watch()
    if promised or collect:
        watch.install(monkeypatch)
    yield
    if collect:
        with open(collect, "a") as f:
            f.write(request.node.nodeid + "\t" + " ".join(f"{p.owner}:{p.key}" for p in sorted(watch.seen)) + "\n")
    missing = sorted(str(press) for press in promised - watch.seen)
    assert not missing, f"promised and not pressed with an effect: {', '.join(missing)}"
