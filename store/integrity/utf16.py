"""UTF-16 with a byte order mark, as programs on Windows write it (RFC 2781): read as UTF-8, kept as it is."""

from __future__ import annotations

from typing import Final

_CODECS: Final = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_UTF_32: Final = b"\xff\xfe\0\0"


def is_utf16(data: bytes) -> bool:
    """Say whether `data` begins with the byte order mark of UTF-16."""
    return data[:2] in _CODECS and data[:4] != _UTF_32


def as_utf8(data: bytes) -> bytes:
    """Return UTF-16 as UTF-8 without its mark, and everything else, broken UTF-16 too, as it is."""
    if not is_utf16(data):
        return data
    try:
        return data[2:].decode(_CODECS[data[:2]]).encode()
    except UnicodeDecodeError:
        return data


def loosened(data: bytes) -> bytes:
    """Return UTF-16 as UTF-8 even where it is broken, so that what can be read in it is seen. `tightened` undoes it."""
    return data[2 : len(data) & ~1].decode(_CODECS[data[:2]], "surrogatepass").encode("utf-8", "surrogatepass")


def tightened(text: bytes, like: bytes) -> bytes:
    """Return what `loosened` made of `like`, changed since, in the order of bytes that `like` has."""
    made = text.decode("utf-8", "surrogatepass").encode(_CODECS[like[:2]], "surrogatepass")
    return like[:2] + made + like[len(like) & ~1 :]
