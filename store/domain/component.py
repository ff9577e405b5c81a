"""What an export is made of: components with stable ids, the connectors they use, and releases of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final, TypeAlias, Union

from store.integrity.canonical import canonical_bytes

Json: TypeAlias = Union[None, bool, int, float, str, list["Json"], dict[str, "Json"]]
Path: TypeAlias = tuple[str, ...]
"""Where a value stands inside a component's content: object keys and list positions, as strings."""
PARTS: Final = "nodes"
"""Under this key a content holds its identified parts by id; it says nothing to people and is not shown."""


@dataclass(frozen=True, kw_only=True, slots=True, weakref_slot=True)
class Component:
    """One independently versioned part of an export: a Node-RED tab, an n8n workflow, a document."""

    id: str
    name: str
    kind: str
    content: Json = field(compare=False, repr=False)
    """Everything the export says of it, noise included; lists of identified things as objects by id."""
    canonical: bytes = field(compare=False, repr=False)
    """The canonical bytes (RFC 8785) of `content` without noise: what `digest` is over."""
    digest: str
    """SHA-256 of `canonical`, 64 lower-case hex digits."""
    labels: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)
    """Inner id → the name people know it by (`a1b2c3` → `Parse order`)."""
    is_bare: bool = field(default=False, compare=False, repr=False)
    """`canonical` is of `content` as it stands: there was no noise, and no text was brought into another form."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Connector:
    """Something outside that components reach: a host, a module, a connection, a credential."""

    kind: str
    """`host`, `module`, `connection` or `credential`."""
    name: str
    version: str | None = None
    licence: str | None = None
    """As the export or the platform states it (an SPDX expression where it can be)."""
    components: tuple[str, ...] = ()
    """The ids of the components that use it, sorted; empty where it belongs to the installation as a whole."""
    ref: str | None = None
    """The id the platform knows it by, where two may carry one name (a credential of n8n)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """Something in a component that a reviewer should see: a shell node, an open endpoint, a secret."""

    code: str
    """`shell`, `file`, `open-endpoint`, `inline-secret`, `tls-off`, `schedule`, `unpublished-draft`."""
    component: str
    detail: str
    """One line in words, `Label of the part: what it does`. Never holds a secret's value."""
    part: str = ""
    """The inner id of the part it is about (a node), as in `Component.labels`; empty where there is none."""
    every: float | None = None
    """Of a `schedule`: seconds between two runs, on average (`store.domain.schedules`); None where nobody can tell."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Parsed:
    """One export, understood."""

    platform: str
    confidence: int
    """How sure the platform is that the bytes are its own, 0 to 100."""
    components: tuple[Component, ...]
    connectors: tuple[Connector, ...] = ()
    notices: tuple[Notice, ...] = ()
    secrets: int | None = None
    """How many secrets stand in the open in the bytes; None where the platform did not count them."""


def _no_noise(_kind: str, _path: Path) -> bool:
    return False


def _no_code(_kind: str, _path: Path, _value: str) -> str | None:
    return None


@dataclass(frozen=True, kw_only=True, slots=True)
class DiffRules:
    """What a platform tells the diff: which fields are noise, which are code; nothing is, where it does not say."""

    is_noise: Callable[[str, Path], bool] = _no_noise
    """(component kind, path) → the field says nothing about behaviour (a position on the canvas)."""
    language: Callable[[str, Path, str], str | None] = _no_code
    """(component kind, path, value) → the language of a code field (`javascript`), None for plain fields."""
    wires: Callable[[Json], Mapping[str, tuple[str, ...]]] | None = None
    """Content → inner id → ids it sends to; None where the platform has no wiring."""
    outputs: Callable[[Json], Mapping[str, Mapping[str, tuple[str, ...]]]] | None = None
    """Content → inner id → name of an output (`output 2`) → ids it sends to, empty outputs too.

    Asked instead of `wires` where parts have several outputs.
    """
    wired_by: frozenset[str] | None = None
    """The only members of a part that `wires` and `outputs` look at; None where they may look at anything."""
    wire_of: Callable[[Path], str | None] | None = None
    """Path → the id or the name of the part whose wires stand there, None where none do."""
    called_by_name: tuple[str, ...] = ()
    """The members of a content in which parts are called by their names, not their ids (`connections` of n8n):
    a new name there is no change of its own."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ExportFile:
    """One export as it travels: its name inside the project (a relative POSIX path) and its exact bytes."""

    name: str
    data: bytes = field(repr=False)

    @property
    def digest(self) -> str:
        """SHA-256 of the exact bytes, 64 lower-case hex digits."""
        return sha256(self.data).hexdigest()


@dataclass(frozen=True, kw_only=True, slots=True)
class ComponentRef:
    """A component inside a release: which digest, which artifact carries it."""

    id: str
    name: str
    kind: str
    digest: str
    artifact: str


def release_digest(pairs: Iterable[tuple[str, str]]) -> str:
    """Return the release digest: SHA-256 over the canonical JSON of the sorted (component id, digest) pairs."""
    return sha256(canonical_bytes([list(pair) for pair in sorted(set(pairs))])).hexdigest()
