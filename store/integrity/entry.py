"""The ledger's unit: what somebody did (a statement), and its place in the chain (an entry); docs/integrity.md."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeAlias, cast

import orjson

from store.clock import parse_timestamp
from store.errors import BadInput, IntegrityFailure
from store.integrity.canonical import Json, entry_bytes
from store.integrity.merkle import HASH_BYTES, leaf_hash
from store.integrity.note import decode_base64, is_key_name

VERSION = 1
MAX_BODY = 65_535
"""A body has a 16-bit length in c2sp.org/tlog-tiles."""
FIRST_PREV = bytes(HASH_BYTES)
"""The `prev` of entry 1."""

_KIND = re.compile(r"[a-z][a-z0-9]*(?:[._-][a-z0-9]+)*", re.ASCII)
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", re.ASCII)
_BODY = re.compile(
    rb'\{"prev":"([0-9a-f]{64})","seq":([1-9][0-9]{0,15}),"sig":(?:null|"([A-Za-z0-9+/]+={0,2})"),'
    rb'"statement":(\{.*\})\}',
    re.DOTALL,
)
_Source: TypeAlias = bytes | Mapping[str, object]  # `bytes` is a method inside Statement
_MEMBERS = {"v", "origin", "kind", "time", "actor", "on", "data"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Statement:
    """What one actor says happened: the bytes that a person signs and that an entry carries.

    Raises:
        BadInput: on construction, when a member has not the form it must have.
    """

    origin: str
    """The ledger it belongs to: a schema-less URL."""
    kind: str
    """A name such as `approval.granted`; kinds that are not known here verify like any other."""
    time: str
    """RFC 3339, UTC, milliseconds, `Z`: a claim. Order is the entry's `seq`."""
    actor: str
    """Pseudonymous id of who acted."""
    on: Mapping[str, str] = field(default_factory=dict)
    """What it is about: `request`, `project`, … → id."""
    data: Mapping[str, Json] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not (isinstance(self.origin, str) and _is_origin(self.origin)):
            raise BadInput(f"statement: {ascii(self.origin)[:60]} is no origin (no spaces, no '+')")
        if not (isinstance(self.kind, str) and _is_kind(self.kind)):
            raise BadInput(f"statement: {ascii(self.kind)[:60]} is no kind of entry (like approval.granted)")
        if not (isinstance(self.time, str) and _is_instant(self.time)):
            raise BadInput(f"statement: {ascii(self.time)[:60]} is no UTC time with milliseconds")
        if not (isinstance(self.actor, str) and self.actor):
            raise BadInput("statement: an actor's id must not be empty")
        for key, value in self.on.items():
            if not (isinstance(key, str) and isinstance(value, str)):
                raise BadInput("statement: 'on' holds ids as text only")

    def bytes(self) -> bytes:
        """Return the RFC 8785 bytes, `"v":1` included: what is signed and hashed.

        Raises:
            BadInput: `data` holds what no entry may hold (a fraction, a huge integer, a non-ASCII key).
        """
        return entry_bytes(
            {
                "v": VERSION,
                "origin": self.origin,
                "kind": self.kind,
                "time": self.time,
                "actor": self.actor,
                "on": dict(self.on),
                "data": dict(self.data),
            }
        )

    @staticmethod
    def parse(source: _Source) -> Statement:
        """Return the statement that canonical bytes, or a parsed JSON object, hold.

        Raises:
            BadInput: not a statement, of another version, or bytes that are not in canonical form.
        """
        if isinstance(source, bytes):
            return _parse_canonical(source)
        if not isinstance(source, Mapping):
            raise BadInput("statement: not a JSON object")
        version = source.get("v")
        if type(version) is not int or version != VERSION:
            raise BadInput(f"statement: version {ascii(version)[:20]} is not the version {VERSION} known here")
        if set(source) != _MEMBERS:
            odd = ", ".join(sorted(ascii(name)[:40] for name in set(source) ^ _MEMBERS)[:5])
            raise BadInput(f"statement: missing or unknown members: {odd}")
        on, data = source["on"], source["data"]
        if not isinstance(on, Mapping) or not isinstance(data, Mapping):
            raise BadInput("statement: 'on' and 'data' must be JSON objects")
        return Statement(
            origin=cast("str", source["origin"]),
            kind=cast("str", source["kind"]),
            time=cast("str", source["time"]),
            actor=cast("str", source["actor"]),
            on=on,
            data=data,
        )


@dataclass(frozen=True, slots=True)
class Entry:
    """One link of the chain, one leaf of the tree: the stored bytes, and what is read from them."""

    seq: int
    """Position, from 1; leaf number `seq` − 1 of the tree."""
    body: bytes = field(repr=False)
    hash: bytes = field(repr=False)
    """SHA-256(0x00 ‖ body): 32 bytes."""
    prev: bytes = field(repr=False)
    """The hash of the entry before; `FIRST_PREV` for entry 1."""
    statement: Statement
    signature: bytes | None = field(repr=False)
    """The raw SSHSIG blob over the statement's bytes; None where no person signed."""


def seal(seq: int, prev: bytes, statement: Statement, signature: bytes | None) -> Entry:
    """Return the entry that puts `statement` at position `seq`, after the entry whose hash is `prev`.

    `signature` is a raw SSHSIG blob; it is not checked here.

    Raises:
        BadInput: the statement cannot be written, or the body would not stay below 65,536 bytes.
    """
    if seq < 1 or len(prev) != HASH_BYTES or (seq == 1) != (prev == FIRST_PREV):
        raise BadInput(f"entry {seq}: needs the 32-byte hash of the entry before it (zeros for entry 1 only)")
    if signature == b"":
        raise BadInput(f"entry {seq}: an empty signature")
    sig = b"null" if signature is None else b'"' + b64encode(signature) + b'"'
    # Canonical JSON composes: these four keys are in order, and so is the statement inside.
    body = b'{"prev":"%s","seq":%d,"sig":%s,"statement":%s}' % (
        prev.hex().encode(), seq, sig, statement.bytes(),
    )  # fmt: skip
    if len(body) > MAX_BODY:
        raise BadInput(f"entry {seq}: {len(body):,} bytes; an entry stays below {MAX_BODY + 1:,}")
    return Entry(seq, body, leaf_hash(body), prev, statement, signature)


def open_entry(seq: int, body: bytes, hash: bytes) -> Entry:
    """Return the entry that stored bytes are, after checking everything the bytes alone can show.

    That is: the hash, the canonical form of all of it, the sequence number, and a whole statement (its kind
    need not be known). Not the link to the entry before (`check_links`) and not the signature.

    Raises:
        IntegrityFailure: says which of these fails.
    """
    if type(body) is not bytes:  # a damaged page: SQLite says NULL, or a number
        raise IntegrityFailure(f"entry {seq}: there are no bytes")
    if leaf_hash(body) != hash:
        raise IntegrityFailure(f"entry {seq}: the bytes do not hash to the stored hash")
    if len(body) > MAX_BODY:
        raise IntegrityFailure(f"entry {seq}: longer than {MAX_BODY:,} bytes")
    parts = _BODY.fullmatch(body)
    if not parts:
        raise IntegrityFailure(f"entry {seq}: the bytes are not a canonical entry")
    prev, number, sig, statement_bytes = parts.groups()
    if int(number) != seq:
        raise IntegrityFailure(f"entry {seq}: the bytes say they are entry {int(number)}")
    signature = None if sig is None else decode_base64(sig.decode())
    if sig is not None and signature is None:
        raise IntegrityFailure(f"entry {seq}: the signature is not canonical base64")
    try:
        statement = Statement.parse(statement_bytes)
    except BadInput as error:
        raise IntegrityFailure(f"entry {seq}: {error}") from None
    return Entry(seq, body, hash, bytes.fromhex(prev.decode()), statement, signature)


def check_links(seq: int, body: bytes, hash: bytes, prev: bytes) -> None:
    """Check only hash, place and link: that `body` hashes to `hash`, is entry `seq` and follows hash `prev`.

    The quick path: about a microsecond. It does not read the statement.

    Raises:
        IntegrityFailure: says which of these fails.
    """
    if leaf_hash(body) != hash:
        raise IntegrityFailure(f"entry {seq}: the bytes do not hash to the stored hash")
    if not body.startswith(b'{"prev":"%s",' % prev.hex().encode()):
        raise IntegrityFailure(f"entry {seq}: does not name the entry before it")
    if not body.startswith(b'"seq":%d,"sig":' % seq, 75):
        raise IntegrityFailure(f"entry {seq}: the bytes say they are another entry")


def _parse_canonical(source: bytes) -> Statement:
    """Read canonical bytes: whatever reads back to the very same bytes has exactly one meaning.

    That also refuses duplicate keys, spaces, other escapes and numbers that a reader would round.
    """
    try:
        value = orjson.loads(source)
    except orjson.JSONDecodeError as error:
        raise BadInput(f"statement: not JSON ({error})") from None
    if entry_bytes(value) != source:
        raise BadInput("statement: not in canonical form (RFC 8785)")
    return Statement.parse(value)


@lru_cache(maxsize=16)
def _is_origin(text: str) -> bool:
    return is_key_name(text)


@lru_cache(maxsize=256)
def _is_kind(text: str) -> bool:
    return _KIND.fullmatch(text) is not None


@lru_cache(maxsize=64)
def _is_instant(time: str) -> bool:
    if not _TIME.fullmatch(time):
        return False
    try:
        parse_timestamp(time)
    except ValueError:
        return False
    return True
