"""Zip archives looked at before anything in them is believed: how many members, how big, called what, one in another.

Nothing is ever written to a disk under a name from an archive. What is read is inflated in pieces and compared
with what the directory declares; two readers of an archive that passes see the same members.
"""

from __future__ import annotations

import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import Final
from zlib import crc32

from store.errors import BadInput

MAGIC: Final = (b"PK\x03\x04", b"PK\x05\x06")
MAX_MEMBERS: Final = 10_000
"""Members of an archive, those of the archives inside it included."""
MAX_TOTAL: Final = 256 * 1024 * 1024
"""Bytes all members may have together once they are inflated, those of the archives inside included."""
MAX_MEMBER: Final = 64 * 1024 * 1024
MAX_RATIO: Final = 200
"""How many times its packed size a member, or the whole archive, may have; checked from `_SMALL` bytes on."""
MAX_NESTING: Final = 4
"""How deep archives may stand inside each other."""

_SMALL: Final = 1024 * 1024
_MAX_INNER: Final = 40 * 1024 * 1024
"""Bytes of an archive inside: it is held in memory together with the one it is in."""
_MAX_DIRECTORY: Final = 8 * 1024 * 1024
_END: Final = b"PK\x05\x06"
_END_SIZE: Final = 22
_HEADER: Final = b"PK\x03\x04"
_HEADER_SIZE: Final = 30
_CHUNK: Final = 64 * 1024
_ENCRYPTED: Final = 0x1 | 0x40 | 0x2000
_METHODS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_DRIVE: Final = re.compile(r"[A-Za-z]:")
_CONTROL: Final = re.compile("[\x00-\x1f\x7f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_SHOWN: Final = 80


@dataclass(frozen=True, kw_only=True, slots=True)
class Member:
    """One file in an archive."""

    name: str
    """A relative POSIX path that stays where it is."""
    size: int
    """Bytes once inflated, as the directory declares them; reading checks it."""
    _packed: memoryview = field(repr=False, compare=False)
    _deflated: bool = field(repr=False)
    _crc: int = field(repr=False)

    def pieces(self) -> Iterator[bytes]:
        """Yield the content in pieces of at most 64 KiB.

        Raises:
            BadInput: it is damaged, or larger or smaller than declared.
        """
        size, crc = 0, 0
        for piece in _inflated(self._packed) if self._deflated else _sliced(self._packed):
            size += len(piece)
            crc = crc32(piece, crc)
            if size > self.size:
                break
            yield piece
        if size != self.size:
            raise BadInput(f"zip: {_shown(self.name)} does not have the {self.size} bytes that are declared")
        if crc != self._crc:
            raise BadInput(f"zip: {_shown(self.name)} is damaged: its checksum is wrong")

    def read(self, *, limit: int = MAX_MEMBER) -> bytes:
        """Return the content.

        Raises:
            BadInput: it is damaged, larger or smaller than declared, or larger than `limit` bytes.
        """
        if self.size > limit:
            raise BadInput(f"zip: {_shown(self.name)} has {self.size} bytes, more than the {limit} that are read")
        return b"".join(self.pieces())


@dataclass(kw_only=True, slots=True)
class _Budget:
    """What an archive and the archives inside it have used up together."""

    members: int = 0
    total: int = 0

    def spend(self, *, members: int, total: int) -> None:
        self.members += members
        self.total += total
        if self.members > MAX_MEMBERS:
            raise BadInput(f"zip: more than {MAX_MEMBERS} members")
        if self.total > MAX_TOTAL:
            raise BadInput(f"zip: its members would have {self.total} bytes, more than {MAX_TOTAL}")


def is_zip(data: bytes) -> bool:
    """Say whether `data` begins like a zip archive."""
    return data.startswith(MAGIC)


def open_zip(data: bytes) -> tuple[Member, ...]:
    """Return the files in a zip archive, in its order, once it and all archives inside it have passed the guard.

    A backslash parts the steps of a name as a slash does: some Windows programs write it so.

    Raises:
        BadInput: one line: no zip, or one that no export tool writes: too many or too large members, packed
            beyond `MAX_RATIO`, overlapping, encrypted, linked, called what leaves its folder or twice the same,
            archives more than `MAX_NESTING` deep.
    """
    return tuple(_opened(data, _Budget(), depth=1))


def _opened(data: bytes, budget: _Budget, *, depth: int) -> list[Member]:
    if depth > MAX_NESTING:
        raise BadInput(f"zip: more than {MAX_NESTING} archives inside each other")
    infos = _directory(data, budget)
    members: dict[str, Member] = {}
    view = memoryview(data)
    for info in infos:
        name = _name(info)
        _refuse_kind(info, name)
        if name.endswith("/"):
            continue
        if name in members:
            raise BadInput(f"zip: {_shown(name)} stands twice in it")
        members[name] = Member(
            name=name,
            size=info.file_size,
            _packed=_packed(view, info, name),
            _deflated=info.compress_type == zipfile.ZIP_DEFLATED,
            _crc=info.CRC,
        )
    for member in members.values():
        if member.size >= _END_SIZE and is_zip(next(member.pieces(), b"")):
            try:
                _opened(member.read(limit=_MAX_INNER), budget, depth=depth + 1)
            except BadInput as error:
                raise BadInput(f"zip: inside {_shown(member.name)}: {str(error).removeprefix('zip: ')}") from None
    if any("\\" in info.orig_filename for info in infos):
        _refuse_alike(members)
    return list(members.values())


def _refuse_alike(names: Iterable[str]) -> None:
    """Refuse names that Windows, which wrote them, holds for one."""
    met: dict[str, str] = {}
    for name in names:
        other = met.setdefault(name.casefold(), name)
        if other != name:
            raise BadInput(f"zip: {_shown(other)} and {_shown(name)} are one name on Windows, where it was made")


def _directory(data: bytes, budget: _Budget) -> list[zipfile.ZipInfo]:
    """Return what the central directory lists, after its size, its place and the sums of its sizes were checked.

    The end record is APPNOTE.TXT section 4.3.16. It is looked at first: a directory is only parsed when it is small.
    """
    at = data.rfind(_END, max(0, len(data) - _END_SIZE - 0xFFFF))
    if at < 0 or len(data) < at + _END_SIZE:
        raise BadInput("zip: it has no end: damaged, cut off, or no zip at all")
    disk, start_disk, here, count, size, start, comment = struct.unpack("<4H2LH", data[at + 4 : at + _END_SIZE])
    if count == 0xFFFF or size == 0xFFFFFFFF or start == 0xFFFFFFFF:
        raise BadInput("zip: it is written as zip64, for sizes that are not taken in")
    if disk or start_disk or here != count or start + size != at or at + _END_SIZE + comment != len(data):
        raise BadInput("zip: its directory is not where its end says: damaged, or something stands before or after it")
    budget.spend(members=count, total=0)
    if size > _MAX_DIRECTORY:
        raise BadInput(f"zip: its directory has {size} bytes, more than {_MAX_DIRECTORY}")
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            infos = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error, OSError) as error:
        raise BadInput(f"zip: its directory cannot be read: {' '.join(str(error).split())[:200]}") from None
    if len(infos) != count:
        raise BadInput(f"zip: it declares {count} members and lists {len(infos)}")
    _refuse_bomb(infos, start, budget)
    return infos


def _refuse_bomb(infos: list[zipfile.ZipInfo], end: int, budget: _Budget) -> None:
    """Refuse sizes no export has, and members that share packed bytes (which multiplies them past any ratio)."""
    for info in infos:
        if info.file_size > MAX_MEMBER:
            raise BadInput(f"zip: {_shown(info.filename)} would have {info.file_size} bytes, more than {MAX_MEMBER}")
        if info.file_size > _SMALL and info.file_size > MAX_RATIO * info.compress_size:
            raise BadInput(f"zip: {_shown(info.filename)} is packed more than {MAX_RATIO} times: a zip bomb")
    total, packed = sum(info.file_size for info in infos), sum(info.compress_size for info in infos)
    budget.spend(members=0, total=total)
    if total > _SMALL and total > MAX_RATIO * (packed + _HEADER_SIZE * len(infos)):
        raise BadInput(f"zip: it is packed more than {MAX_RATIO} times: a zip bomb")
    starts = sorted(infos, key=lambda info: info.header_offset)
    following = [*(info.header_offset for info in starts[1:]), end]
    for info, after in zip(starts, following, strict=True) if starts else ():
        if info.header_offset + _HEADER_SIZE + info.compress_size > after:
            raise BadInput(f"zip: {_shown(info.filename)} shares its bytes with another member: a zip bomb")


def _name(info: zipfile.ZipInfo) -> str:
    """Return a member's name as a relative POSIX path (a folder's ends with `/`)."""
    name = info.orig_filename.replace("\\", "/")
    if _CONTROL.search(name):
        raise BadInput(f"zip: the name {_shown(name)} holds a control character")
    steps = name.removesuffix("/").split("/")
    if name.startswith("/") or _DRIVE.match(name) or ".." in steps:
        raise BadInput(f"zip: the name {_shown(name)} leads out of the archive")
    if "" in steps or "." in steps or len(name) > 1024:
        raise BadInput(f"zip: the name {_shown(name)} is no path of a file")
    return name


def _refuse_kind(info: zipfile.ZipInfo, name: str) -> None:
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind == stat.S_IFLNK:
        raise BadInput(f"zip: {_shown(name)} is a link; links are not followed")
    if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
        raise BadInput(f"zip: {_shown(name)} is neither a file nor a folder")
    if info.flag_bits & _ENCRYPTED:
        raise BadInput(f"zip: {_shown(name)} is encrypted")
    if info.compress_type not in _METHODS:
        raise BadInput(f"zip: {_shown(name)} is packed in a way (method {info.compress_type}) that is not read")
    if name.endswith("/") and info.file_size:
        raise BadInput(f"zip: the folder {_shown(name)} has a content")


def _packed(view: memoryview, info: zipfile.ZipInfo, name: str) -> memoryview:
    """Return the packed bytes of a member, found by its local header (section 4.3.7), which must have its name."""
    at = info.header_offset
    header = bytes(view[at : at + _HEADER_SIZE])
    if len(header) < _HEADER_SIZE or not header.startswith(_HEADER):
        raise BadInput(f"zip: {_shown(name)} is not where the directory says")
    flags, method = struct.unpack("<2H", header[6:10])
    name_size, extra_size = struct.unpack("<2H", header[26:30])
    local = bytes(view[at + _HEADER_SIZE : at + _HEADER_SIZE + name_size])
    coding = "utf-8" if info.flag_bits & 0x800 else "cp437"
    same = local == info.orig_filename.encode(coding, "replace")
    if not same or method != info.compress_type or flags & _ENCRYPTED:
        raise BadInput(f"zip: {_shown(name)} is declared otherwise where it stands: two readers would differ")
    start = at + _HEADER_SIZE + name_size + extra_size
    packed = view[start : start + info.compress_size]
    if len(packed) != info.compress_size:
        raise BadInput(f"zip: {_shown(name)} is cut off")
    return packed


def _inflated(packed: memoryview) -> Iterator[bytes]:
    """Yield what a deflate stream (RFC 1951) holds; it must end exactly where its bytes end."""
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    taken = 0
    try:
        for start in range(0, len(packed), _CHUNK):
            if stream.eof:
                break
            waiting: bytes | memoryview = packed[start : start + _CHUNK]
            while waiting and not stream.eof:
                piece = stream.decompress(waiting, _CHUNK)
                waiting = stream.unconsumed_tail
                if piece:
                    yield piece
            taken = start + _CHUNK
        while not stream.eof and (piece := stream.decompress(b"", _CHUNK)):
            yield piece
    except zlib.error:
        raise BadInput("zip: a member is damaged: it cannot be inflated") from None
    if not stream.eof or stream.unused_data or taken < len(packed):
        raise BadInput("zip: a member is damaged: it does not end where it should")


def _sliced(packed: memoryview) -> Iterator[bytes]:
    for start in range(0, len(packed), _CHUNK):
        yield bytes(packed[start : start + _CHUNK])


def _shown(name: str) -> str:
    cut = name if len(name) <= _SHOWN else name[:_SHOWN] + "…"
    return ascii(cut)
