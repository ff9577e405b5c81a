"""The chain: appending, reading and verifying entries in one SQLite file.

`verify` stands in its own module, which whoever only opens a ledger does not import.
"""

from store.ledger.appender import Unanchored
from store.ledger.feed import Feed
from store.ledger.heads import HeadStore, state_heads
from store.ledger.ledger import Ledger
from store.ledger.report import Contradiction, Problem, Report, Verdict, VerificationStopped
from store.ledger.state import HeadContradiction
from store.ledger.tree import Head, rebuild_nodes
from store.ledger.writer import Writer

__all__ = [
    "Contradiction",
    "Feed",
    "Head",
    "HeadContradiction",
    "HeadStore",
    "Ledger",
    "Problem",
    "Report",
    "Unanchored",
    "Verdict",
    "VerificationStopped",
    "Writer",
    "rebuild_nodes",
    "state_heads",
]
