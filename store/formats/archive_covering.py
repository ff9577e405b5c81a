"""Secrets inside archives: a zip is written anew without them, member by member, so that it stays a zip.

The covered zip is canonical: the members in their order with their names, times and attributes, all of them stored
uncompressed (another zlib would give other bytes; the ledger's own archive compresses anyway). A zip that holds no
secret is left as it is, to the byte. Zips inside zips are looked into; what is compressed with gzip is looked into, and
refused when it holds a secret: nothing that platforms export comes so, and a tar cannot be covered in place.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from typing import IO, Final

from store.domain.secrets import Covered, Fingerprint, cover, sealed_kinds
from store.errors import BadInput
from store.formats.archive_zip import open_zip

ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06")
GZIP: Final = b"\x1f\x8b"
_MOST_MEMBERS: Final = 10_000
_MOST_BYTES: Final = 128 * 1024 * 1024
"""Bytes of all members together, those of inner archives too."""
_DEEPEST: Final = 3
_STEP: Final = 1 << 20
_UNREADABLE: Final = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    struct.error,
    ValueError,
    NotImplementedError,
    RuntimeError,
    OSError,
)
"""What zipfile raises for a damaged archive, an encrypted member (RuntimeError), or a method it does not know."""


def is_archive(data: bytes) -> bool:
    """Say whether `data` begins like a zip or a gzip file."""
    return data.startswith((*ZIP, GZIP))


def cover_archive(data: bytes, fingerprint: Fingerprint) -> Covered:
    """Return an archive without the secrets in its members; what cannot be read in it is left as it is.

    Raises:
        BadInput: a zip that is refused anywhere, more than may be looked into, or a secret that cannot be taken out.
    """
    if data.startswith(ZIP):
        open_zip(data)  # a bomb is told by its directory, before anything is unpacked
    return _Walk(fingerprint).archive(data, 1)


def open_kinds(data: bytes) -> tuple[str, ...]:
    """Return the kinds of secrets that stand in the open in an export or archive, each once, sorted."""
    covered = cover_archive(data, lambda _: "a" * 10) if is_archive(data) else cover(data, lambda _: "a" * 10)
    return tuple(sorted(set(covered.kinds)))


def secrets_in(data: bytes) -> tuple[str, ...]:
    """Return the kinds of secrets in an export or archive, open and sealed, each once, sorted.

    A covered archive's members are stored uncompressed: their marks stand in its bytes.
    """
    return tuple(sorted({*sealed_kinds(data), *open_kinds(data)}))


class _Walk:
    """One look into an archive, with what it may still unpack."""

    def __init__(self, fingerprint: Fingerprint) -> None:
        self._fingerprint = fingerprint
        self._left = _MOST_BYTES
        self._members = _MOST_MEMBERS

    def archive(self, data: bytes, depth: int) -> Covered:
        if data.startswith(GZIP):
            return self._gzip(data)
        if not data.startswith(ZIP):
            return cover(data, self._fingerprint)
        if depth > _DEEPEST:
            raise BadInput(f"it is an archive with others inside it, more than {_DEEPEST} deep")
        return self._zip(data, depth)

    def _zip(self, data: bytes, depth: int) -> Covered:
        kinds: list[str] = []
        members: list[tuple[zipfile.ZipInfo, bytes]] = []
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as opened:
                infos = opened.infolist()
                self._members -= len(infos)
                if self._members < 0:
                    raise BadInput(f"it is an archive of more than {_MOST_MEMBERS:,} files")
                for info in infos:
                    inner = Covered(data=b"") if info.is_dir() else self._member(opened, info, depth)
                    kinds += inner.kinds
                    members.append((info, inner.data))
                comment = opened.comment
        except _UNREADABLE:
            return Covered(data=data)
        return Covered(data=_rewritten(members, comment), kinds=tuple(kinds)) if kinds else Covered(data=data)

    def _member(self, opened: zipfile.ZipFile, info: zipfile.ZipInfo, depth: int) -> Covered:
        with opened.open(info) as file:
            plain = self._bounded(file)
        if is_archive(plain):
            return self.archive(plain, depth + 1)
        return cover(plain, self._fingerprint, name=info.filename.replace("\\", "/"))

    def _gzip(self, data: bytes) -> Covered:
        try:
            expander = zlib.decompressobj(wbits=31)
            plain = expander.decompress(data, self._left + 1)
        except zlib.error:
            return Covered(data=data)
        self._left -= len(plain)
        if self._left < 0:
            raise BadInput(f"it unpacks to more than {_MOST_BYTES:,} bytes")
        if cover(plain, self._fingerprint).kinds:
            raise BadInput("it is a gzip archive that holds secrets, which cannot be sealed in there: export it plain")
        return Covered(data=data)

    def _bounded(self, file: IO[bytes]) -> bytes:
        """Read a member in steps: what its header says of its size is not believed."""
        parts: list[bytes] = []
        while part := file.read(_STEP):
            self._left -= len(part)
            if self._left < 0:
                raise BadInput(f"it unpacks to more than {_MOST_BYTES:,} bytes")
            parts.append(part)
        return b"".join(parts)


def _rewritten(members: list[tuple[zipfile.ZipInfo, bytes]], comment: bytes) -> bytes:
    """Return the canonical zip of these members."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as written:
        written.comment = comment
        for old, data in members:
            info = zipfile.ZipInfo(old.filename, date_time=old.date_time)
            info.external_attr = old.external_attr
            info.create_system = old.create_system
            info.comment = old.comment
            written.writestr(info, data)
    return target.getvalue()
