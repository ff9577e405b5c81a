"""YAML as data: no objects made, aliases counted, unknown tags kept (`!secret wifi` → `{"!secret": "wifi"}`).

Plain scalars are read as YAML 1.1 reads them, as Home Assistant does, where JSON has the value: null, booleans,
decimal numbers. What JSON has not (dates, 0x1F, 1:30, .inf) stays a text under its type, so that `1:30` and
`"1:30"` are two things.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from typing import TYPE_CHECKING, Final

from store.domain.component import Json
from store.domain.memo import Memo
from store.errors import BadInput
from store.formats.safe_yaml.shared import is_shared

if TYPE_CHECKING:  # slow to import: most exports are JSON, and a platform that reads YAML too is asked about them all
    import yaml

__all__ = ["MAX_BYTES", "is_shared", "read"]

MAX_BYTES: Final = 8 * 1024 * 1024


def read(data: bytes, memo: Memo | None = None) -> list[Json]:
    """Return the documents of a YAML stream, mappings with their keys as text, in the order of the text.

    With `memo`, what an earlier text has in common with this one is not read again; both then share the values, so
    nobody changes them.

    Raises:
        BadInput: one line: no YAML, not UTF-8, too big, too deep, a key twice, or aliases that blow it up.
    """
    if len(data) > MAX_BYTES:
        raise BadInput(f"YAML: {len(data)} bytes are more than the {MAX_BYTES} that are read")
    data = data.removeprefix(BOM_UTF8)
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise BadInput(f"YAML: byte {error.start} is not valid UTF-8") from None
    import yaml

    from store.formats.safe_yaml.reader import Reader
    from store.formats.safe_yaml.runs import in_runs

    known = in_runs(data, memo) if memo is not None else None
    if known is not None:
        return known
    try:
        return Reader.of(text).documents()
    except yaml.YAMLError as error:
        raise BadInput(f"YAML: {_line(error)}") from None


def _line(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "cannot be read"
    return f"line {mark.line + 1}, column {mark.column + 1}: {problem}" if mark else str(problem)
