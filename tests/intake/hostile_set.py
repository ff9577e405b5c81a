"""Files made to hurt whoever opens them, and what must be said of each."""

from __future__ import annotations

import os
import socket
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from support.zips import made, zipped

MIB = 1024 * 1024
Make: TypeAlias = Callable[[Path], None]
"""Puts something into a project's folder."""


def bomb(size: int) -> bytes:
    return zipped({"a.json": b"\0" * size})


def nested(depth: int) -> bytes:
    data = zipped({f"{number}.json": b"0" * MIB for number in range(4)})
    for level in range(depth):
        data = zipped({f"{level}-{number}.zip": data for number in range(10)})
    return data


def overlapping() -> bytes:
    """One packed member that thousands of directory entries share (after the design of David Fifield)."""
    return made(b"f", b"\0" * MIB, copies=5000)


def linked() -> bytes:
    return made(b"link.json", b"/etc/passwd", method=0, mode=0o120777)


def laughs(text: str = "lol") -> bytes:
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    return f'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY l0 "{text}">{entities}]><r>&l9;</r>'.encode()


def quadratic() -> bytes:
    return b'<!DOCTYPE r [<!ENTITY a "' + b"x" * MIB + b'">]><r>' + b"&a;" * 10_000 + b"</r>"


EXTERNAL = b'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><r>&x;</r>'


def solution(customizations: bytes) -> bytes:
    """A Power Platform solution whose XML is hostile."""
    plain = b"<ImportExportXml><SolutionManifest><UniqueName>u</UniqueName></SolutionManifest></ImportExportXml>"
    return zipped(
        {"solution.xml": plain, "customizations.xml": customizations, "[Content_Types].xml": b"<Types/>"}, packed=False
    )


def aliases() -> bytes:
    lines = [b"a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [b"a%d: &a%d [%s]" % (n, n, b", ".join([b"*a%d" % (n - 1)] * 10)) for n in range(1, 12)]
    return b"\n".join(lines)


def png() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0\0\0\0")) + chunk(b"IEND", b"")
    )


def file(name: str, data: bytes | Callable[[], bytes]) -> Make:
    def make(folder: Path) -> None:
        (folder / name).write_bytes(data if isinstance(data, bytes) else data())

    return make


def _socket(folder: Path) -> None:
    here = Path.cwd()
    os.chdir(folder)  # a socket's path may have a hundred bytes
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind("s.json")
    finally:
        os.chdir(here)


def _device(folder: Path) -> None:
    os.mknod(folder / "null.json", 0o600 | 0o020000, os.makedev(1, 3))


def _sparse(folder: Path) -> None:
    with (folder / "sparse.json").open("wb") as stream:
        stream.truncate(1 << 40)


HOSTILE: dict[str, tuple[Make, str]] = {
    "a flat zip bomb": (file("a.zip", lambda: bomb(60 * MIB)), "zip"),
    "a large zip bomb": (file("a.zip", lambda: bomb(100 * MIB)), "zip"),
    "a nested zip bomb": (file("a.zip", lambda: nested(3)), "zip"),
    "an overlapping zip bomb": (file("a.zip", overlapping), "zip"),
    "many empty members": (file("a.zip", lambda: zipped({f"{n}": b"" for n in range(30_000)})), "zip"),
    "a zip that declares 1 GB": (file("a.zip", made(b"a.json", b"{}", size=1 << 30)), "zip"),
    "a zip that declares less than it holds": (file("a.zip", made(b"a.json", b"\0" * MIB, size=10)), "zip"),
    "a name that leaves the archive": (file("a.zip", made(b"../../etc/cron.d/x", b"{}")), "zip"),
    "an absolute name in an archive": (file("a.zip", made(b"/etc/passwd", b"{}")), "zip"),
    "a drive in an archive": (file("a.zip", made(b"C:\\x.json", b"{}")), "zip"),
    "a control character in an archive": (file("a.zip", made(b"a\x1b[2J.json", b"{}")), "zip"),
    "another name in the local header": (file("a.zip", made(b"a.json", b"{}", local_name=b"b.json")), "zip"),
    "a link in an archive": (file("a.zip", linked), "zip"),
    "an encrypted archive": (file("a.zip", made(b"a.json", b"{}", flags=1)), "zip"),
    "a zip called json": (file("a.json", lambda: zipped({"a": b"{}"})), "archive"),
    "a json called zip": (file("a.zip", b"{}"), "archive"),
    "entity expansion": (file("customizations.xml", laughs), "."),
    "entity expansion in a solution": (file("s.zip", lambda: solution(laughs())), "DTD|entit|document type"),
    "quadratic entities in a solution": (file("s.zip", lambda: solution(quadratic())), "DTD|entit|document type"),
    "an external entity in a solution": (file("s.zip", lambda: solution(EXTERNAL)), "DTD|entit|document type"),
    "elements without end in a solution": (
        file("s.zip", lambda: solution(b"<a>" * 300_000)),
        "XML|zip",
    ),
    "an alias bomb": (file("a.yaml", aliases), "aliases"),
    "an alias inside itself": (file("a.yaml", b"a: &a [*a]"), "complete"),
    "lists a million deep in YAML": (file("a.yaml", b"[" * 1_000_000), "inside each other"),
    "YAML as large as may be": (file("a.yaml", b"- a: 1\n" * (8 * MIB // 7)), "values"),
    "a python object in YAML": (file("a.yaml", b"a: !!python/object/apply:os.system [id]\nb: *c\n"), "YAML"),
    "JSON a million deep": (file("a.json", b"[" * 1_000_000 + b"]" * 1_000_000), "inside each other"),
    "objects a million deep": (file("a.json", b'{"a":' * 1_000_000), "inside each other"),
    "sixty million lists": (file("a.json", lambda: b"[" + b"[]," * (20 * MIB) + b"[]]"), "members and items"),
    "thirty million numbers": (file("a.json", lambda: b"[" + b"1," * (31 * MIB) + b"1]"), "members and items"),
    "millions of keys": (file("a.json", lambda: b"{" + b'"":{},' * (9 * MIB) + b'"":0}'), "members and items"),
    "a hundred thousand components": (
        file("a.json", lambda: b"[" + b",".join(b'{"id":"%x","type":"tab"}' % n for n in range(100_000)) + b"]"),
        "components",
    ),
    "a million tokens": (
        file("a.json", lambda: b"[" + b'"ghp_9Fz2kQ8sLw3xVb7nTc5mRj1hYd6pGa4eU0iO",' * 900_000 + b"0]"),
        "likely secrets",
    ),
    "quotes only": (file("a.json", lambda: b'"' * (63 * MIB)), "JSON"),
    "comments without end": (file("a.json", lambda: b"{" + b"/*" * (20 * MIB)), "JSON"),
    "a key twice": (file("a.json", b'{"a": 1, "a": 2}'), "twice"),
    "a key twice in YAML": (file("a.yaml", b"a: 1\na: 2\n"), "twice"),
    "a lone surrogate": (file("a.json", b'{"a": "\\ud800"}'), "surrogate"),
    "a lone surrogate in a key": (file("a.json", b'{"\\udfff": 1}'), "surrogate"),
    "a picture called json": (file("a.json", png), "."),
    "UTF-16 cut off": (file("a.json", '{"a": 1}'.encode("utf-16")[:-1]), "UTF-16"),
    "UTF-16 without a mark": (file("a.json", '{"a": 1}'.encode("utf-16-le")), "UTF-16|UTF-8|JSON"),
    "UTF-32": (file("a.json", '{"a": 1}'.encode("utf-32")), "UTF-32"),
    "bytes that are no UTF-8": (file("a.json", b'{"a": "\xff"}'), "UTF-8"),
    "NaN": (file("a.json", b'{"a": NaN}'), "NaN"),
    "Infinity": (file("a.json", b'{"a": -Infinity}'), "Infinity"),
    "a number beyond all doubles": (file("a.json", b'{"a": 1e999}'), "too large"),
    "a number of ten million digits": (file("a.json", lambda: b'{"a": ' + b"9" * (10 * MIB) + b"}"), "digits"),
    "an exponent of ten million digits": (file("a.json", lambda: b'{"a": 1e' + b"9" * (10 * MIB) + b"}"), "too large"),
    "nothing": (file("a.json", b""), "empty"),
    "NUL bytes": (file("a.json", b"\0" * 1000), "."),
    "NUL in JSON": (file("a.json", b'{"a": "\0"}'), "JSON"),
    "two documents": (file("a.json", b"{} {}"), "JSON"),
    "a file of a terabyte of nothing": (_sparse, "bytes, more than"),
    "a FIFO": (lambda folder: os.mkfifo(folder / "a.json"), "FIFO"),
    "a socket": (_socket, "socket"),
    "a device": (_device, "device"),
    "a link to a secret": (lambda folder: (folder / "a.json").symlink_to("/etc/shadow"), "symbolic link"),
    "a link to itself": (lambda folder: (folder / "a.json").symlink_to("a.json"), "symbolic link"),
    "an escape sequence in a name": (file("\x1b[2Ja.json", b"{}"), "U\\+001B"),
    "a new line in a name": (file("a\nb.json", b"{}"), "U\\+000A"),
    "a name that reads backwards": (file("a\u202egpj.json", b"{}"), "U\\+202E"),
    "a name that is no UTF-8": (file(os.fsdecode(b"\xff.json"), b"{}"), "UTF-8"),
    "a backslash in a name": (file("a\\..\\b.json", b"{}"), "path"),
}
