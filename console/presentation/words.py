"""Severity, status and kind → symbol, word and tone: said three ways, so that colour may be missing.

Symbols are ones that every terminal font draws in one cell; no emoji, no variation selector.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from console.presentation.spans import Line, Span


@dataclass(frozen=True, slots=True)
class Mark:
    """How one value is shown."""

    symbol: str
    word: str
    tone: str
    ascii: str
    """The symbol where only ASCII can be drawn, one or two characters."""

    def line(self) -> Line:
        """Return symbol and word in their tone."""
        return (Span(f"{self.symbol} {self.word}", self.tone),)


SEVERITIES: Mapping[str, Mark] = MappingProxyType(
    {
        "critical": Mark("■", "CRIT", "danger", "!!"),
        "high": Mark("▲", "HIGH", "danger", "!"),
        "medium": Mark("●", "MED", "warn", "*"),
        "low": Mark("·", "low", "muted", "."),
        "info": Mark("·", "info", "muted", "."),
        "none": Mark("·", "none", "muted", "."),
    }
)

STATUSES: Mapping[str, Mark] = MappingProxyType(
    {
        "ok": Mark("✓", "ok", "ok", "ok"),
        "pass": Mark("✓", "pass", "ok", "ok"),
        "verified": Mark("✓", "verified", "ok", "ok"),
        "approved": Mark("✓", "approved", "ok", "ok"),
        "deployed": Mark("✓", "deployed", "ok", "ok"),
        "live": Mark("✓", "live", "ok", "ok"),
        "met": Mark("✓", "met", "ok", "ok"),
        "closed": Mark("✓", "closed", "muted", "ok"),
        "fail": Mark("✗", "fail", "danger", "XX"),
        "failed": Mark("✗", "failed", "danger", "XX"),
        "refused": Mark("✗", "refused", "danger", "XX"),
        "invalid": Mark("✗", "INVALID", "danger", "XX"),
        "diverged": Mark("✗", "DIVERGED", "danger", "XX"),
        "shorter": Mark("✗", "SHORTER", "danger", "XX"),
        "blocked": Mark("✗", "blocked", "danger", "XX"),
        "drift": Mark("!", "drift", "danger", "!!"),
        "drifted": Mark("!", "drifted", "danger", "!!"),
        "quarantined": Mark("!", "quarantined", "danger", "!!"),
        "overdue": Mark("!", "overdue", "danger", "!!"),
        "undone": Mark("◀", "undone", "muted", "<<"),
        "stale": Mark("!", "stale", "warn", "!!"),
        "unsigned": Mark("!", "UNSIGNED", "warn", "!!"),
        "frozen": Mark("■", "frozen", "info", "##"),
        "waived": Mark("~", "waived", "warn", "~~"),
        "acknowledged": Mark("○", "acknowledged", "muted", "--"),
        "pending": Mark("○", "pending", "warn", ".."),
        "submitted": Mark("○", "submitted", "warn", ".."),
        "draft": Mark("○", "draft", "muted", ".."),
        "deploying": Mark("▸", "deploying", "info", ">>"),
        "running": Mark("▸", "running", "info", ">>"),
        "open": Mark("○", "open", "warn", ".."),
        "withdrawn": Mark("–", "withdrawn", "muted", "--"),
        "superseded": Mark("–", "superseded", "muted", "--"),
        "expired": Mark("–", "expired", "muted", "--"),
        "unknown": Mark("?", "unknown", "muted", "??"),
        "empty": Mark("·", "empty", "muted", ".."),
    }
)

KINDS: Mapping[str, Mark] = MappingProxyType(
    {
        "artifact": Mark("+", "artifact", "muted", "+"),
        "request": Mark("○", "request", "info", "o"),
        "approval": Mark("✓", "approval", "ok", "v"),
        "deployment": Mark("●", "deploy", "info", "@"),
        "promotion": Mark("▲", "promote", "info", "^"),
        "rollback": Mark("◀", "rollback", "warn", "<"),
        "drift": Mark("!", "drift", "danger", "!"),
        "incident": Mark("■", "incident", "danger", "#"),
        "quarantine": Mark("!", "quarantine", "danger", "!"),
        "waiver": Mark("~", "waiver", "warn", "~"),
        "breakglass": Mark("■", "break-glass", "danger", "#"),
        "freeze": Mark("■", "freeze", "info", "#"),
        "policy": Mark("§", "policy", "muted", "p"),
        "principal": Mark("·", "principal", "muted", "."),
        "key": Mark("·", "key", "muted", "."),
        "checkpoint": Mark("·", "checkpoint", "muted", "."),
        "ledger": Mark("·", "ledger", "muted", "."),
    }
)

_ENDINGS: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {
        "refused": ("✗", "danger", "x"),
        "failed": ("✗", "danger", "x"),
        "undone": ("◀", "ok", "<"),
        "acknowledged": ("○", "warn", "o"),
        "resolved": ("✓", "ok", "v"),
        "closed": ("✓", "ok", "v"),
    }
)
"""Verbs that say more than their noun: symbol, tone, ASCII. A refusal must not look like an approval."""

CHANGES: Mapping[str, Mark] = MappingProxyType(
    {
        "added": Mark("+", "added", "add", "+"),
        "removed": Mark("−", "removed", "remove", "-"),
        "changed": Mark("~", "changed", "warn", "~"),
        "renamed": Mark("→", "renamed", "info", ">"),
        "noise": Mark("·", "layout", "muted", "."),
        "same": Mark(" ", "same", "muted", " "),
    }
)

DIRECTIONS: Mapping[str, Mark] = MappingProxyType(
    {
        "wider": Mark("▲", "wider", "danger", "^"),
        "other": Mark("~", "other", "warn", "~"),
        "narrower": Mark("▼", "narrower", "ok", "-"),
    }
)
"""Whether a change lets more be done than before."""

# One cell for one cell, for fonts without these shapes; used by the last filter before the terminal.
ASCII_TABLE: Mapping[int, str] = MappingProxyType(
    {
        ord(character): stand_in
        for characters, stand_in in (
            ("✓", "v"), ("✗", "x"), ("■█▔▍▎▌▐▀", "#"), ("▁", "_"), ("▂", ","), ("▃", "-"),
            ("▄", "~"), ("▅", "="), ("▆", "+"), ("▇", "#"), ("▲↑", "^"), ("●", "*"), ("○", "o"), ("·", "."),
            ("◀←‹", "<"), ("▸→›↪", ">"), ("▶", "+"), ("▼−–—─━┄╌╺╸", "-"), ("↓", "v"), ("…", "~"), ("⋯", "."),
            ("│┃▏▕├┤", "|"), ("└", "`"), ("╭╮╰╯┬┴┼┏┓┗┛┌┐┘", "+"), ("╱", "/"), ("§", "p"), ("⏎", "E"), ("×", "x"),
            ("≠", "!"), ("“”", '"'),
        )
        for character in characters
    }
)  # fmt: skip


def severity(name: str) -> Mark:
    """Return how a severity or risk level is shown."""
    return _look_up(SEVERITIES, name)


def status(name: str) -> Mark:
    """Return how the status of anything (a request, a check, a deployment, a verdict) is shown."""
    return _look_up(STATUSES, name)


def kind(name: str) -> Mark:
    """Return how a kind of entry (`approval.granted`) is shown: by its noun, in its own words when it has no mark."""
    noun, _, verb = name.partition(".")
    mark = _look_up(KINDS, noun)
    symbol, tone, ascii_symbol = _ENDINGS.get(verb, (mark.symbol, mark.tone, mark.ascii))
    return Mark(symbol, f"{mark.word} {verb.replace('_', ' ')}".rstrip(), tone, ascii_symbol)


def change(name: str) -> Mark:
    """Return how one line of a semantic diff is shown."""
    return _look_up(CHANGES, name)


def direction(name: str) -> Mark:
    """Return how it is shown whether a change widens or narrows what can be done."""
    return _look_up(DIRECTIONS, name)


def _look_up(table: Mapping[str, Mark], name: str) -> Mark:
    """Return the mark of `name`; a value from a newer version is shown in its own word, never hidden."""
    return table.get(name.lower().replace(" ", "")) or Mark("·", name, "muted", ".")


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """Return `1 flow`, `2 flows`, `1,204 entries`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def short_digest(digest: str) -> str:
    """Return the ends of a digest that people compare: `9f1c…a07e`; short ones as they are."""
    return digest if len(digest) <= 12 else f"{digest[:6]}…{digest[-4:]}"
