"""Credentials that will be missing, and that are: platforms keep them apart and never give them back."""

from __future__ import annotations

from collections.abc import Iterable

from store.domain.component import Component
from store.domain.secrets import redact
from store.errors import QuarterdeckError
from store.platforms import platform, recognise
from store.platforms.protocol import HoldsCredentials, Snapshot, Target, UsesCredentials

_MOST_NAMED = 100


def uses(components: Iterable[tuple[str, Component]]) -> dict[str, str]:
    """Return key → words of the parts that use credentials, from (platform's name, component) pairs."""
    found: dict[str, str] = {}
    for name, part in components:
        reader = platform(name)
        if isinstance(reader, UsesCredentials):
            found.update({key: redact(words) for key, words in reader.credentials(part).items()})
    return found


def missing_before(live: dict[str, str], wanted: dict[str, str]) -> tuple[str, ...]:
    """Return, in words, the parts that come back without their credentials: nothing live keeps these for them."""
    return tuple(sorted(words for key, words in wanted.items() if key not in live))[:_MOST_NAMED]


def missing_after(target: Target, before: Snapshot, live: Snapshot) -> tuple[str, ...]:
    """Return, in words, the parts that a push brought and that have no credentials there.

    A target that tells is asked. Of others all parts count that were not there before.
    """
    brought = {key: words for key, words in _in(live).items() if key not in _in(before)}
    if isinstance(target, HoldsCredentials) and brought:
        try:
            bare = target.without_credentials(dict(list(brought.items())[:_MOST_NAMED]))
        except QuarterdeckError:
            bare = frozenset(brought)
        brought = {key: words for key, words in brought.items() if key in bare}
    return tuple(sorted(brought.values()))[:_MOST_NAMED]


def _in(snapshot: Snapshot) -> dict[str, str]:
    parsed = [recognise(file.data, file.name) for file in snapshot.files]
    return uses((one.platform, part) for one in parsed for part in one.components)
