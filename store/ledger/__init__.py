"""The chain: appending, reading and verifying entries in one SQLite file."""

from store.ledger.appender import Unanchored
from store.ledger.feed import Feed
from store.ledger.heads import HeadStore, state_heads
from store.ledger.ledger import Ledger
from store.ledger.report import Contradiction, Problem, Report, Verdict
from store.ledger.state import HeadContradiction
from store.ledger.tree import Head, rebuild_nodes
from store.ledger.verify import Audit, VerificationStopped, verify
from store.ledger.writer import Writer

__all__ = [
    "Audit",
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
    "verify",
]
