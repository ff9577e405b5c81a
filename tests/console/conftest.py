"""What the console's tests share; it also stands here so that pytest finds `console_scene` from the folders below."""

from __future__ import annotations

from collections.abc import Generator

import pytest
from pressed import Watch, watched


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
