"""What can be seen of an entry without opening it: its canonical bytes have each member in its one place.

A million entries are looked through in the time in which some fifty thousand are opened. Nobody is shown what was
only glanced at: whatever is kept is opened, and so checked, before it is read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import orjson

_ACTOR: Final = b'"statement":{"actor":'
"""Only digits, hexadecimal and base64 stand before it: its first place is its right one."""
_TIME: Final = slice(-33, -9)
"""`…,"time":"2026-11-23T14:02:00.000Z","v":1}}` ends every entry."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sieve:
    """What the bytes of an entry must say; None: whatever they like. Times as statements write them."""

    actor: str | None = None
    since: str | None = None
    until: str | None = None
    """The last instant, itself included."""
    text: str | None = None
    """Anywhere in the entry, large and small letters alike."""
    named: str | None = None
    """An id that stands in the entry as one whole text."""

    def keeps(self) -> Callable[[bytes], bool]:
        """Return the function that tells an entry's body that holds all of this from one that does not."""
        tests = self._tests()
        if len(tests) == 1:
            return tests[0]
        return lambda body: all(test(body) for test in tests)

    def _tests(self) -> list[Callable[[bytes], bool]]:
        tests: list[Callable[[bytes], bool]] = []
        if self.since is not None:
            since = self.since.encode()
            tests.append(lambda body: body[_TIME] >= since)
        if self.until is not None:
            until = self.until.encode()
            tests.append(lambda body: body[_TIME] <= until)
        if self.actor is not None:
            tests.append(_acted(self.actor))
        if self.named is not None:
            named = orjson.dumps(self.named)
            tests.append(lambda body: named in body)
        if self.text is not None:
            text = self.text.casefold()
            tests.append(lambda body: text in body.decode("utf-8", "replace").casefold())
        return tests


def _acted(actor: str) -> Callable[[bytes], bool]:
    try:
        member = _ACTOR + orjson.dumps(actor) + b","
    except orjson.JSONEncodeError:  # half a character: in no entry
        return lambda _body: False
    return lambda body: body.startswith(member, body.find(_ACTOR))
