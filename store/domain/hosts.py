"""Which other machines a text speaks of."""

from __future__ import annotations

import re

_URL_HOST = re.compile(
    r"\b(?:https?|wss?|mqtts?|tcp|udp|ftps?|sftp|amqps?|redis|mongodb(?:\+srv)?|postgres(?:ql)?|mysql|ldaps?)://"
    r"(?:[^\s/?#@\"'`<>\\]*@)?(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)(:[0-9]{1,5})?",
    re.IGNORECASE,
)
_BARE_HOST = re.compile(
    r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?(?::[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](?::[0-9]{1,5})?"
)


def hosts_in(text: str) -> set[str]:
    """Return the hosts (`name` or `name:port`, lower case) of every URL that stands in `text`."""
    if "://" not in text:
        return set()
    return {(match[1] + (match[2] or "")).lower() for match in _URL_HOST.finditer(text)}


def host_named(text: str) -> set[str]:
    """Return the hosts of a field that holds a URL or a bare host name; nothing for an expression."""
    if "://" in text:
        return hosts_in(text)
    bare = text.strip().partition("/")[0]
    return {bare.lower()} if _BARE_HOST.fullmatch(bare) else set()
