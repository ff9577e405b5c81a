"""The chain: appending, reading and verifying entries in one SQLite file.

`verify` and its `report` stand in modules of their own, which whoever only opens a ledger does not import.
"""

from store.ledger.appender import Unanchored
from store.ledger.feed import Feed
from store.ledger.heads import HeadStore, state_heads
from store.ledger.ledger import Ledger
from store.ledger.state import HeadContradiction
from store.ledger.tree import Head, rebuild_nodes
from store.ledger.writer import Writer

__all__ = [
    "Feed",
    "Head",
    "HeadContradiction",
    "HeadStore",
    "Ledger",
    "Unanchored",
    "Writer",
    "rebuild_nodes",
    "state_heads",
]
