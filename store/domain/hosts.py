"""Which other machines a text speaks of."""

from __future__ import annotations

import re
from functools import lru_cache

_SCHEME = re.compile(
    r"\b(?:https?|wss?|mqtts?|tcp|udp|ftps?|sftp|amqps?|redis|mongodb(?:\+srv)?|postgres(?:ql)?|mysql|ldaps?)\Z",
    re.IGNORECASE,
)
_LONGEST_SCHEME = 11
_HOST = re.compile(
    r"(?:[^\s/?#@\"'`<>\\]*@)?(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)(:[0-9]{1,5})?"
)
_BARE_HOST = re.compile(
    r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?(?::[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](?::[0-9]{1,5})?"
)


def hosts_in(text: str) -> set[str]:
    """Return the hosts (`name` or `name:port`, lower case) of every URL that stands in `text`."""
    found: set[str] = set()
    at = text.find("://")
    while at >= 0:
        # one character more than any scheme has, so that \b can tell `http` from `xhttp`
        if _is_scheme(text[max(0, at - _LONGEST_SCHEME - 1) : at]) and (match := _HOST.match(text, at + 3)):
            found.add((match[1] + (match[2] or "")).lower())
        at = text.find("://", at + 3)
    return found


@lru_cache(maxsize=1_024)
def _is_scheme(before: str) -> bool:
    """Say whether a scheme ends what stands before `://`. It is the same in most places of an export."""
    return _SCHEME.search(before) is not None


def host_named(text: str) -> set[str]:
    """Return the hosts of a field that holds a URL or a bare host name; nothing for an expression."""
    if "://" in text:
        return hosts_in(text)
    bare = text.strip().partition("/")[0]
    return {bare.lower()} if _BARE_HOST.fullmatch(bare) else set()
