"""What texts that were read after one another have in common."""

from __future__ import annotations

from typing import Final

from store.domain.component import Json
from store.domain.memo import Memo

ITEMS: Final = "yaml: items of runs"


def is_shared(value: Json, memo: Memo) -> bool:
    """Say whether a value is an item that the next text may have too: no other is where it is while `memo` holds it."""
    return memo.shelf(ITEMS).get(id(value)) is value
