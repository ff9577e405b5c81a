"""JSON for other programs: members in the order they have, integers of any size, as `strict_json` reads them."""

from __future__ import annotations

import json
from typing import Final

import orjson

_INDENT: Final = 2


def dumps(value: object, *, indented: bool = False) -> bytes:
    """Return `value` as JSON; `indented` puts each member on a line of its own."""
    try:
        return orjson.dumps(value, option=orjson.OPT_INDENT_2 if indented else None)
    except orjson.JSONEncodeError:  # an integer beyond 64 bits, which only the slower writer knows
        separators = (",", ": ") if indented else (",", ":")
        written = json.dumps(value, ensure_ascii=False, indent=_INDENT if indented else None, separators=separators)
        return written.encode()
