"""Which other machines a text speaks of, read as the URL standard of browsers and Node.js reads them."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final
from urllib.parse import unquote

_SCHEME = re.compile(
    r"\b(?:https?|wss?|mqtts?|tcp|udp|ftps?|sftp|amqps?|redis|mongodb(?:\+srv)?|postgres(?:ql)?|mysql|ldaps?)\Z",
    re.IGNORECASE,
)
_LONGEST_SCHEME = 11
_IGNORED: Final = "\u00ad\u034f\u180b-\u180e\u200b\u2060\ufe00-\ufe0f\ufeff"
"""Characters that a host name may hold and that change nothing about it."""
_LETTER: Final = rf"(?:[\w.。．｡{_IGNORED}-]|%[0-9A-Fa-f]{{2}})"
_NAME: Final = rf"(?:[\w{_IGNORED}]|%[0-9A-Fa-f]{{2}}){_LETTER}*"
_HOST = re.compile(rf"(?:[^\s/?#\"'`<>\\]*@)?(\[[0-9A-Fa-f:.]+\]|{_NAME})(:[0-9]{{1,5}})?")
_BARE_HOST = re.compile(rf"(\[[0-9A-Fa-f:.]+\]|{_NAME})(:[0-9]{{1,5}})?")
_SLASHES = re.compile(r"\s*(?:https?|wss?|ftp):[\\/]*", re.IGNORECASE)
"""What begins an address of the web: there, slashes may lean the other way or be missing."""
_AUTHORITY = re.compile(r"[^/?#\\]*")
_UNSEEN = str.maketrans("", "", "\t\r\n")
"""Addresses are read without them."""
_LONGEST_NAME: Final = 255
"""Characters of the longest name there can be; Punycode takes a square of that."""
OPEN: Final = "…"
"""Ends the name of a host of which an expression, or what is in no host's name, says how it goes on."""


def hosts_in(text: str) -> set[str]:
    """Return the hosts (`name` or `name:port`, lower case, ASCII) of every URL that stands in `text`."""
    found: set[str] = set()
    at = text.find("://")
    while at >= 0:
        # one character more than any scheme has, so that \b can tell `http` from `xhttp`
        if _is_scheme(text[max(0, at - _LONGEST_SCHEME - 1) : at]) and (match := _HOST.match(text, at + 3)):
            found.add(_plain(match[1], match[2]))
        at = text.find("://", at + 3)
    return found - {""}


@lru_cache(maxsize=1_024)
def _is_scheme(before: str) -> bool:
    """Say whether a scheme ends what stands before `://`. It is the same in most places of an export."""
    return _SCHEME.search(before) is not None


def host_named(text: str) -> set[str]:
    """Return the hosts of a field that holds a URL or a bare host name; nothing for an expression."""
    text = text.translate(_UNSEEN).strip()
    if (begins := _SLASHES.match(text)) is not None:
        whole = _AUTHORITY.match(text, begins.end())
        assert whole is not None, "it may be empty"
        return _of_authority(whole[0]) | hosts_in(text[whole.end() :])
    if "://" in text:
        return hosts_in(text)
    bare = _BARE_HOST.fullmatch(text.partition("/")[0])
    return {_plain(bare[1], bare[2])} - {""} if bare is not None else set()


def _of_authority(text: str) -> set[str]:
    """Return the host of `user:password@host:port`: what follows the last `@`, whatever stands before."""
    match = _BARE_HOST.match(text.rpartition("@")[2])
    if match is None:
        return set()
    name = _plain(match[1], match[2])
    return {name if match.end() == len(match.string) else f"{name}{OPEN}"} - {"", OPEN}


def _plain(name: str, port: str | None) -> str:
    """Return a host's name as it is looked up: decoded, in one form, and beyond ASCII in Punycode."""
    name, rest = name[:_LONGEST_NAME], name[_LONGEST_NAME:]
    if rest:
        port = OPEN
    if name.isascii() and "%" not in name:
        return name.lower().rstrip(".-") + (port or "")
    folded = re.sub(f"[{_IGNORED}]", "", unicodedata.normalize("NFKC", unquote(name))).replace("。", ".").lower()
    labels = [
        label if label.isascii() else f"xn--{label.encode('punycode').decode()}"
        for label in unicodedata.normalize("NFC", folded).rstrip(".-").split(".")
    ]
    return ".".join(labels) + (port or "")
