from __future__ import annotations

from collections.abc import Iterator

import pytest
from fake_n8n import FakeN8n
from support.flows_place import flows_place
from support.scene import Scene


@pytest.fixture
def n8n(scene: Scene) -> Iterator[FakeN8n]:
    """The environment `flows`: an n8n with the workflows a, b, c, d."""
    with flows_place(scene, "abcd") as fake:
        yield fake
