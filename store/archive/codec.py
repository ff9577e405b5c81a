"""zstd frames (RFC 8878): whole ones, and ones whose dictionary is the bytes of an earlier version.

A delta is a frame made with the earlier version as raw-content dictionary, so that stock tools read it too:
`zstd -d --patch-from=earlier delta`. Nothing here is trusted on the way back: sizes are capped before memory is
taken, and the caller compares the digest.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Final

import zstandard

from store.errors import BadInput, IntegrityFailure

MAX_SIZE = 256 * 1024 * 1024
"""Bytes of the largest blob: an export of 64 MiB, and what its canonical form may grow to."""


_THOROUGH_UP_TO = 1024 * 1024
_DELTA_LEVEL = 9
_WHOLE_LEVEL = 6
"""For whole frames level 9 takes three times as long to save one byte in a hundred; for deltas it saves ten."""
_FAST_LEVEL = 3
_LARGE_DELTA_LEVEL = 6
_LARGE_TABLE_LOG = 22
_LARGEST_WINDOW_LOG = 29


class Base:
    """An earlier version, as something to tell others apart from."""

    def __init__(self, content: bytes) -> None:
        self.content: Final = content

    def tools(self, size: int) -> tuple[zstandard.ZstdCompressor, zstandard.ZstdCompressionDict]:
        """Return what compresses `size` bytes as a difference to this, and the dictionary to read them with."""
        together = size + len(self.content)
        dictionary = _dictionary(self.content)  # taken in while compressing: other threads go on meanwhile
        if together <= _THOROUGH_UP_TO:
            return zstandard.ZstdCompressor(level=_DELTA_LEVEL, dict_data=dictionary), dictionary
        # The usual window and tables forget all but the end of a dictionary this large, and nearly nothing matches.
        parameters = zstandard.ZstdCompressionParameters.from_level(
            _LARGE_DELTA_LEVEL,
            source_size=size,
            dict_size=len(self.content),
            window_log=min(_LARGEST_WINDOW_LOG, together.bit_length()),
            hash_log=_LARGE_TABLE_LOG,
            chain_log=_LARGE_TABLE_LOG,
        )
        return zstandard.ZstdCompressor(compression_params=parameters, dict_data=dictionary), dictionary


def compress(data: bytes, base: Base | None) -> bytes:
    """Return `data` as one zstd frame, told apart from `base` when there is one, and read back before it is returned.

    Raises:
        BadInput: `data` is larger than `MAX_SIZE`.
        IntegrityFailure: the frame does not give `data` back (broken memory, broken library).
    """
    if len(data) > MAX_SIZE:
        raise BadInput(f"{len(data):,} bytes are more than the archive takes in one piece ({MAX_SIZE:,})")
    if base is not None:
        compressor, dictionary = base.tools(len(data))
        reader = zstandard.ZstdDecompressor(dict_data=dictionary, max_window_size=1 << _LARGEST_WINDOW_LOG)
    elif len(data) <= _THOROUGH_UP_TO:
        compressor, reader = _TOOLS.compressor, _TOOLS.reader
    else:
        compressor = zstandard.ZstdCompressor(level=_FAST_LEVEL)
        reader = zstandard.ZstdDecompressor(max_window_size=1 << _LARGEST_WINDOW_LOG)
    frame = compressor.compress(data)
    if not _gives(reader, frame, data):
        raise IntegrityFailure("zstd did not give the same bytes back; nothing was stored")
    return frame


def _gives(reader: zstandard.ZstdDecompressor, frame: bytes, data: bytes) -> bool:
    """Say whether a frame holds `data`; what is large is not held once more, whole."""
    if len(data) <= _THOROUGH_UP_TO:
        return bool(reader.decompress(frame, allow_extra_data=False) == data)
    at = 0
    for piece in reader.read_to_iter(frame):
        if not data.startswith(piece, at):
            return False
        at += len(piece)
    return at == len(data)


def expand(frames: Sequence[bytes], sizes: Sequence[int]) -> bytes:
    """Return what the last of `frames` holds; each frame's dictionary is the content of the one before it.

    `sizes` are the recorded lengths: a frame that claims another one is refused before memory is taken for it.

    Raises:
        IntegrityFailure: a frame is no zstd frame, claims another size, or does not decode.
    """
    for frame, size in zip(frames, sizes, strict=True):
        _check_claim(frame, size)
    try:
        decompressor = zstandard.ZstdDecompressor(max_window_size=1 << _LARGEST_WINDOW_LOG)
        data: bytes = decompressor.decompress_content_dict_chain(list(frames))
    except zstandard.ZstdError as error:
        raise IntegrityFailure(f"stored bytes do not decompress: {error}") from error
    if len(data) != sizes[-1]:
        raise IntegrityFailure(f"stored bytes give {len(data):,} bytes, {sizes[-1]:,} are recorded")
    return data


def expand_one(frame: bytes, size: int, base: bytes | None) -> bytes:
    """Return what one frame holds, given the bytes it was told apart from.

    Raises:
        IntegrityFailure: as `expand`.
    """
    _check_claim(frame, size)
    dictionary = None if base is None else _dictionary(base)
    try:
        decompressor = zstandard.ZstdDecompressor(dict_data=dictionary, max_window_size=1 << _LARGEST_WINDOW_LOG)
        return decompressor.decompress(frame, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise IntegrityFailure(f"stored bytes do not decompress: {error}") from error


def most_stored(size: int) -> int:
    """Return the most bytes an honest frame for `size` bytes takes: raw blocks (RFC 8878 §3.1.1.2) and a header."""
    return size + size // 1024 + 64


def _check_claim(frame: bytes, size: int) -> None:
    try:
        claim = zstandard.frame_content_size(frame)
    except zstandard.ZstdError as error:
        raise IntegrityFailure(f"stored bytes are no zstd frame: {error}") from error
    if claim != size:
        raise IntegrityFailure(f"stored frame claims {claim:,} bytes, {size:,} are recorded")


def _dictionary(base: bytes) -> zstandard.ZstdCompressionDict:
    return zstandard.ZstdCompressionDict(base, dict_type=zstandard.DICT_TYPE_RAWCONTENT)


class _Tools(threading.local):
    """What every small whole frame is made and read with; each takes memory that is worth keeping, in each thread."""

    def __init__(self) -> None:
        self.compressor = zstandard.ZstdCompressor(level=_WHOLE_LEVEL)
        self.reader = zstandard.ZstdDecompressor()


_TOOLS: Final = _Tools()
