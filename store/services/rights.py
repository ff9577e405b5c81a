"""Whether somebody may do something, asked before they try: the same rule, its reasons as values."""

from __future__ import annotations

from collections.abc import Callable

from store.domain import roles
from store.domain.roles import Principals
from store.errors import Refusal
from store.services.context import Context

NO_KEY = ("no key is named: nothing can be changed", "→ start the console with --key PATH")


def against(
    context: Context, people: Principals, handle: str | None, act: str, *, project: str, environment: str
) -> tuple[str, ...]:
    """Return why `handle` (None: somebody without a key) may not do `act` here, then `→` what would unblock it.

    Empty when nothing stands against it. `act` is one of `roles.PERMISSIONS`.
    """
    if handle is None:
        return NO_KEY
    return refused(lambda: roles.require(people, handle, act, project=project, environment=environment, at=context.now))


def refused(rule: Callable[[], object]) -> tuple[str, ...]:
    """Return why a rule says no, then `→` what would unblock it; empty where it does not."""
    try:
        rule()
    except Refusal as refusal:
        return refusal.lines
    return ()
