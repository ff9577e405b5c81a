"""Two versions of a large list: the second is read where it differs, whether it is taken in or compared."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.scene import Scene

from bench.large_exports import generic_yaml, home_assistant
from store.formats.safe_yaml.reader import Reader
from store.services import diffing


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many bytes were given to libyaml each time."""
    sizes: list[int] = []
    real = Reader.of

    def of(text: str | bytes) -> Reader:
        sizes.append(len(text))
        return real(text)

    monkeypatch.setattr(Reader, "of", of)
    return sizes


@pytest.mark.parametrize(("make", "name"), [(home_assistant, "automations.yaml"), (generic_yaml, "rules.yaml")])
def test_what_two_versions_have_in_common_is_read_once(
    make: Callable[[int, int], bytes], name: str, scene: Scene, given: list[int]
) -> None:
    old, new = make(400, 1), make(400, 2)
    first, second = (scene.ingest(data, name=name) for data in (old, new))
    assert len(old) <= sum(given) < 1.3 * len(old)
    given.clear()
    (change, *others) = diffing.diff(scene.context, first, second).components
    assert len(old) <= sum(given) < 1.3 * len(old)
    changed = [field for part in (change, *others) for field in part.fields]
    assert [(field.old, field.new) for field in changed] == [("high", "urgent")] * 4
