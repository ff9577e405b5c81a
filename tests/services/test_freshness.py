"""Whether anybody still looks at live: told from the last answer, not from the last change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from support.scene import Scene

from store.clock import timestamp
from store.domain.freshness import is_stale
from store.services.drift import looking
from store.services.history import activity
from store.services.triage import triage

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "interval", "stale"),
    [
        (10, 1.0, False),
        (20, 1.0, True),
        (100, 60.0, False),
        (121, 60.0, True),
        (80_000, None, False),
        (90_000, None, True),
    ],
)
def test_live_is_stale_past_twice_its_interval_or_a_day(seconds: int, interval: float | None, *, stale: bool) -> None:
    seen = timestamp(NOW - timedelta(seconds=seconds))
    assert is_stale(seen, now=NOW, interval=interval) is stale
    assert is_stale(None, now=NOW, interval=interval)
    assert is_stale("yesterday", now=NOW, interval=interval)


def test_an_answer_without_news_leaves_no_entry_and_counts_as_seen(scene: Scene) -> None:
    scene.live()
    assert triage.strip(scene.context)[0].stale
    size = scene.size
    looking.note(scene.context, "prod")
    place = triage.strip(scene.context)[0]
    assert not place.stale
    assert place.seen == looking.last(scene.context, "prod")
    assert scene.size == size


def test_the_hours_hold_every_entry_of_the_day(scene: Scene) -> None:
    scene.live()
    assert sum(activity.rhythm(scene.context)) == scene.size
    assert len(activity.rhythm(scene.context)) == 24
