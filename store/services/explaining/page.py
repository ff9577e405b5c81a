"""The page itself, as values: sections of facts, each with the entry it stands in."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """One fact. Its texts are outside texts: whoever draws them makes them safe."""

    label: str
    text: str
    seq: int
    """The entry that says it, or that names what it was worked out from."""
    actor: str = ""
    time: str = ""
    state: str = ""
    """A word such as `pass`, `fail`, `void`, `wider`; empty for most."""
    key: str = ""
    """`SHA256:…` of the key that signed the entry; empty where nobody signed."""
    problem: str = ""
    """Why the entry's signature does not count; empty where it does."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """A question a reader has, and what the ledger answers."""

    id: str
    title: str
    facts: tuple[Said, ...]
    nothing: str
    """What to say where there is no fact."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """Everything the ledger knows about one subject when it held `size` entries."""

    subject: str
    title: str
    project: str
    environment: str
    state: str
    sections: tuple[Section, ...]
    origin: str
    size: int
    root: str
    """Hex of the Merkle root over the `size` entries."""
    at: str

    def to_json(self) -> dict[str, object]:
        """Return the page as plain values."""
        return asdict(self)
