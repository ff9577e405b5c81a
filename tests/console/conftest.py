"""What the console's tests share; it also stands here so that pytest finds `console_scene` from the folders below."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from typing import Any

import pytest
from console_scene import drawn
from pressed import Watch, watched
from textual.app import App
from textual.pilot import Pilot


@pytest.fixture(scope="session", autouse=True)
def patient_pilots() -> Iterator[None]:
    """Let a pilot go on only when all is drawn, however little of the processor this process gets."""
    pause, press = Pilot.pause, App._press_keys

    async def paused(self: Pilot[Any], delay: float | None = None) -> None:
        await pause(self, delay)
        await drawn(self.app)

    async def pressed(self: App[Any], keys: Iterable[str]) -> None:
        for key in keys:
            await press(self, [key])
            await drawn(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Pilot, "pause", paused)
        patch.setattr(App, "_press_keys", pressed)
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Hold a test to what its `presses` mark promises: each key fires, is not refused, and the picture changes."""
    promised = watched(item.iter_markers("presses"))
    if not promised:
        return (yield)
    watch = Watch()
    with pytest.MonkeyPatch.context() as patch:
        watch.install(patch)
        result = yield
    missing = sorted(map(str, promised - watch.seen))
    assert not missing, f"promised, but not pressed with an effect: {', '.join(missing)}"
    return result
