"""Zip archives as tools write them, and as nobody should."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
from io import BytesIO
from struct import pack


def zipped(members: Mapping[str, bytes], *, packed: bool = True) -> bytes:
    """Return a zip of these members, with the same bytes each time."""
    memory = BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED) as archive:
        for name, data in members.items():
            info = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            info.compress_type = archive.compression
            archive.writestr(info, data)
    return memory.getvalue()


def made(
    name: bytes,
    data: bytes,
    *,
    local_name: bytes | None = None,
    size: int | None = None,
    packed: int | None = None,
    crc: int | None = None,
    flags: int = 0,
    method: int = 8,
    mode: int = 0,
    copies: int = 1,
) -> bytes:
    """Return a zip with one member written field by field; `copies` directory entries share its bytes."""
    stream = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = stream.compress(data) + stream.flush() if method == 8 else data
    size = len(data) if size is None else size
    packed = len(body) if packed is None else packed
    crc = zlib.crc32(data) if crc is None else crc
    local_name = name if local_name is None else local_name
    local = pack("<4s5H3L2H", b"PK\3\4", 20, flags, method, 0, 33, crc, packed, size, len(local_name), 0)
    local += local_name + body
    entries = b""
    for copy in range(copies):
        called = name if copies == 1 else name + b"%d" % copy
        entries += pack(
            "<4s6H3L5H2L", b"PK\1\2", 0x0314, 20, flags, method, 0, 33, crc, packed, size, len(called), 0, 0, 0, 0,
            mode << 16, 0,
        ) + called  # fmt: skip
    return local + entries + pack("<4s4H2LH", b"PK\5\6", 0, 0, copies, copies, len(entries), len(local), 0)
