"""Whether somebody may do something, asked before they try: the same rule, its reasons as values."""

from __future__ import annotations

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
    try:
        roles.require(people, handle, act, project=project, environment=environment, at=context.now)
    except Refusal as refusal:
        return (*refusal.reasons, *(f"→ {words}" for words in refusal.would_unblock))
    return ()
