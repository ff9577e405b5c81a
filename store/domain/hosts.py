"""Which other machines a text speaks of, read as the URL standard of browsers and Node.js reads them."""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from ipaddress import IPv6Address
from typing import Final
from urllib.parse import unquote

_SCHEMES: Final = (
    r"(?:https?|wss?|mqtts?|tcp|udp|ftps?|sftp|amqps?|redis|mongodb(?:\+srv)?|postgres(?:ql)?|mysql|ldaps?)"
)
_SCHEME = re.compile(rf"\b{_SCHEMES}\Z", re.IGNORECASE)
_LONGEST_SCHEME = 11
_BEYOND: Final = (
    "\xaa\xad\xb2\xb3\xb5\xb9\xba\xbc-\xbe\xc0-\u167f\u1681-\u1fff\u200b-\u200d\u2060-\u2064\u2070-\u2fff\u3002"
    "\u3005-\u3007\u3021-\ufeff\uff0e\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\uff61\uff66-\U0010ffff"
)
"""What a name may be written with beyond ASCII: all but spaces and the punctuation that ends a name in prose."""
_LETTER: Final = rf"(?:[0-9A-Za-z_.{_BEYOND}-]++|%[0-9A-Fa-f]{{2}})"
_NAME: Final = rf"(?!\.){_LETTER}++"
_USER: Final = r"(?:[^\s/?#\"'`<>\\]*@)?"
_ORDINARY: Final = r"([a-z0-9][a-z0-9.-]{0,200}+)((?::[0-9]{1,5})?+)"
_QUICK = re.compile(rf"{_ORDINARY}[/?#]")
_QUICK_URL = re.compile(rf"https?://{_ORDINARY}(?:[/?#]|\Z)")
"""How most addresses are written. They are read without looking for what the others may hold."""
_SPACE: Final = r"(?:\s|\\[nrt])*+"
_PATH_NEXT: Final = rf"(?!{_SPACE}\\?[\"'`](?:[/?#:]|\\\\))"
_JOIN: Final = r"[{@%]|<%|\$[\w({]"
_EXPRESSION = re.compile(_JOIN)
_WITHIN: Final = r"[^\s/?#\"'`<>\\]*"
_NO_LETTER: Final = r"\x00-$&-,./:-@\[-^`{-\xa0\u2000-\u200a\u200e-\u205f\u3000-\u303f\uff01-\uff0f"
_SIGNS: Final = (
    rf"(?!&(?:quot|apos|lt|gt|nbsp);)[!$&()*+,;=^|}}~]++(?!(?i:{_SCHEMES})://)"
    rf"{_WITHIN}?(?:%|[.\u3002\uff0e\uff61][^{_NO_LETTER}])"
)
"""Signs that the URL standard allows in a name, as far as a further label follows: prose, lists of URLs, markup and
`&b=1` put them behind a name, too."""
_GOES_ON = re.compile(
    rf"{_JOIN}|:(?:{_JOIN}|{_WITHIN}@)|{_SIGNS}"
    rf"|\\?[\"'`]{_SPACE}(?:\+|&(?!&)|~(?!>)|\.concat\(){_PATH_NEXT}"
)
"""What says behind a name that it goes on: by an expression (`{{…}}`, `@{…}`, `${…}`, `'…' + x`), or by signs."""
_BARE_GOES_ON: Final = ("{", "@{", "${", "<%")
_NEXT_ARGUMENT = re.compile(rf"\\?[\"']{_SPACE},{_PATH_NEXT}")
_FIRST_ARGUMENT = re.compile(rf"concat\({_SPACE}\\?[\"']\w++\Z", re.IGNORECASE)
_BEFORE: Final = 40
"""Characters before `://` among which a `concat(` is looked for."""
_SLASHES = re.compile(r"\s*(?:https?|wss?|ftp):[\\/]*", re.IGNORECASE)
"""What begins an address of the web: there, slashes may lean the other way or be missing."""
_AUTHORITY = re.compile(r"[^/?#\\]*")
_UNSEEN = str.maketrans("", "", "\t\r\n")
"""Addresses are read without them."""
_LONGEST_NAME: Final = 255
"""Characters of the longest name there can be; Punycode takes a square of that."""
_NUMBER_LAST = re.compile(r"(?:\A|\.)(?:[0-9]+|0x[0-9a-f]*)\Z")
"""A name whose last label is a number is an IPv4 address, however it is written."""
_BYTE: Final = r"(?:[1-9]?[0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5])"
_IPV4 = re.compile(rf"{_BYTE}(?:\.{_BYTE}){{3}}")
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f#/:<>?@\[\\\]^|%]")
"""What no name of a host can hold, by the URL standard."""
OPEN: Final = "…"
"""Ends the name of a host of which an expression, or what is in no host's name, says how it goes on."""


def hosts_in(text: str) -> set[str]:
    """Return the hosts (`name` or `name:port`, lower case, ASCII) of every URL that stands in `text`."""
    found: set[str] = set()
    at = text.find("://")
    while at >= 0:
        # one character more than any scheme has, so that \b can tell `http` from `xhttp`
        if _is_scheme(text[max(0, at - _LONGEST_SCHEME - 1) : at]):
            if (quick := _QUICK.match(text, at + 3)) is not None:
                found.add(_looked_up(quick[1]) + quick[2])
            elif (match := _host(_USER).match(text, at + 3)) is not None:
                end = match.end()
                port = None if text.startswith("@", end) else match[2]  # a user's password may look like one
                found.add(_plain(match[1], port, goes_on=_goes_on(text, at, end)))
        at = text.find("://", at + 3)
    return found - {""}


@cache
def _host(before: str = "") -> re.Pattern[str]:
    """Return what reads a host and its port. Compiling so many letters takes milliseconds, and few starts need it."""
    return re.compile(rf"{before}(\[[0-9A-Fa-f:.]+\]|{_NAME})(:[0-9]{{1,5}})?+")


@lru_cache(maxsize=1_024)
def _is_scheme(before: str) -> bool:
    """Say whether a scheme ends what stands before `://`. It is the same in most places of an export."""
    return _SCHEME.search(before) is not None


def _goes_on(text: str, at: int, end: int) -> bool:
    """Say whether what follows a name joins more to it, as far as the next few characters show it."""
    if _GOES_ON.match(text, end) is not None:
        return True
    joined = _NEXT_ARGUMENT.match(text, end) is not None
    return joined and _FIRST_ARGUMENT.search(text[max(0, at - _BEFORE) : at]) is not None


def host_named(text: str) -> set[str]:
    """Return the hosts of a field that holds a URL or a bare host name; nothing where an expression begins it."""
    quick = _QUICK_URL.match(text)
    if quick is not None and text.isprintable() and text.find("://", quick.end()) < 0:
        return {_looked_up(quick[1]) + quick[2]}
    if text[:1] == "/" and ":" not in text:  # a path, and no URL in it
        return set()
    text = text.translate(_UNSEEN).strip()
    if (begins := _SLASHES.match(text)) is not None:
        whole = _AUTHORITY.match(text, begins.end())
        assert whole is not None, "it may be empty"
        return _of_authority(whole[0]) | hosts_in(text[whole.end() :])
    if "://" in text:
        return hosts_in(text)
    first = text.partition("/")[0]
    bare = _host().match(first)
    if bare is None or first.startswith("-"):
        return set()
    goes_on = first.startswith(_BARE_GOES_ON, bare.end())
    return {_plain(bare[1], bare[2], goes_on=goes_on)} - {""} if goes_on or bare.end() == len(first) else set()


def _of_authority(text: str) -> set[str]:
    """Return the host of `user:password@host:port`: what follows the last `@`, whatever stands before."""
    last = text.rpartition("@")[2]
    if (match := _host().match(last)) is not None:
        named = _plain(match[1], match[2], goes_on=match.end() < len(last))
    elif (match := _host().match(text)) is not None:
        # `good.example@{…}`: a name that goes on, or a user; never the password
        named = _plain(match[1], None, goes_on=True)
    else:
        named = ""
    return {named} if named else _unusual(last)


def _unusual(text: str) -> set[str]:
    """Return a name that begins with what few names hold (`~x.example`), where the standard takes it for one."""
    if not text or len(text) > _LONGEST_NAME or _EXPRESSION.match(text) is not None:
        return set()
    try:
        found = _parsed(text)
    except ValueError:
        return set()
    return {found.rstrip(".-")} if found[:1] != "." and any(map(str.isalnum, found)) else set()


def _plain(name: str, port: str | None, *, goes_on: bool = False) -> str:
    """Return how a host is called here: its name as it is looked up, the port, and whether it goes on."""
    if len(name) > _LONGEST_NAME:
        name, port, goes_on = name[:_LONGEST_NAME], None, True
    plain = _looked_up(name)
    if not plain or plain.endswith(OPEN):
        return plain
    return f"{plain}{port or ''}{OPEN if goes_on else ''}"


@lru_cache(maxsize=4_096)
def _looked_up(name: str) -> str:
    """Return a name decoded, in one form, and beyond ASCII in Punycode."""
    lower = name.lower().rstrip(".-")
    if lower.isascii() and "%" not in lower and lower[:1] != "[" and not _NUMBER_LAST.search(lower):
        return lower
    return lower if _IPV4.fullmatch(lower) else _by_the_standard(name)


def _by_the_standard(name: str) -> str:
    """Read a name that is not ordinary: numbers as IPv4, IPv6 in its shortest form, the rest by IDNA."""
    try:
        found = _parsed(name)
    except ValueError:
        return _refused(name)
    if not found.startswith("["):
        return found.rstrip(".-")
    inside = IPv6Address(found[1:-1]).ipv4_mapped
    return found if inside is None else str(inside)


def _parsed(authority: str) -> str:
    from can_ada import parse  # few exports need it

    authority.encode()  # half a character is an error of its type, not of its value
    return str(parse(f"http://{authority}/").hostname)


def _refused(name: str) -> str:
    """Return as much of a name as can be one: programs less strict than browsers may look it up nevertheless."""
    if name.startswith("["):
        return name.lower()
    folded = unicodedata.normalize("NFKC", unquote(name)).replace("。", ".").lower()
    end = _FORBIDDEN.search(folded)
    if end is not None:
        head = _looked_up(folded[: end.start()])
        return f"{head}{OPEN}" if head else ""
    labels = [
        label if label.isascii() else f"xn--{label.encode('punycode').decode()}"
        for label in unicodedata.normalize("NFC", folded).rstrip(".-").split(".")
    ]
    return ".".join(labels)
