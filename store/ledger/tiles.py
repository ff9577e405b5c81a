"""Checking up to 256 neighbouring entries at once: whole columns compared, single rows only where one fails."""

from __future__ import annotations

import re
from binascii import hexlify
from collections.abc import Sequence
from hashlib import sha256
from itertools import chain, repeat
from typing import Any, Final

import orjson

from store.errors import IntegrityFailure
from store.integrity.entry import open_entry
from store.ledger.report import Problem

Row = tuple[int, bytes, bytes]
"""(seq, body, hash) as stored."""

_STRICT: Final = orjson.OPT_SORT_KEYS | orjson.OPT_STRICT_INTEGER
_KIND: Final = re.compile(r"[a-z][a-z0-9]*(?:[._-][a-z0-9]+)*", re.ASCII)
_TIMES: Final = re.compile(rb"(?:20\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z)*")
_MEMBERS: Final = {("actor", "data", "kind", "on")}
_FRACTION: Final = re.compile(rb"\.[0-9]")
_EXPONENT: Final = re.compile(rb"-(?<=e-)[0-9]")


class TileChecker:
    """Checks entries in blocks. Speed is its whole point: about 3 µs an entry, a third of it in SHA-256."""

    def __init__(self, origin: str, *, kinds: frozenset[str], fast: bool) -> None:
        self._origin = origin
        self._kinds = kinds
        self._fast = fast
        self._known_kinds: set[object] = set()
        tail = b'},"origin":%b,"time":"' % orjson.dumps(origin)
        self._before_time = tail
        self._tail_length = len(tail) + 24 + len(b'","v":1}}')

    def check(self, rows: Sequence[Row], first: int, prev: bytes) -> tuple[list[bytes], list[Problem], list[int]]:
        """Return leaf hashes, problems, and the numbers of entries that an audit should look at.

        `first` is the number the first row must have, `prev` the hash its entry must link to. The leaf hashes
        are those of the stored bytes, whatever the stored hashes say.
        """
        numbers, bodies, hashes = zip(*rows, strict=True)
        leaves = [sha256(b"\0" + body).digest() for body in bodies]
        expected = range(first, first + len(rows))
        if numbers == tuple(expected) and leaves == list(hashes) and self._links(bodies, first, prev, leaves):
            if self._fast:
                return leaves, [], []
            wanted = self._forms(bodies, first)
            if wanted is not None:
                return leaves, [], wanted
        return leaves, *self._one_by_one(rows, first, prev, leaves)

    @staticmethod
    def _links(bodies: Sequence[bytes], first: int, prev: bytes, leaves: list[bytes]) -> bool:
        digests = hexlify(b"".join([prev, *leaves[:-1]]))
        stated = b"".join([body[9:73] for body in bodies])
        places = (b'{"prev":"","seq":%d,"sig":' * len(bodies)) % tuple(range(first, first + len(bodies)))
        # From the first to the last number of a block the digits may grow by one; two slices cover that.
        short, long = len(str(first)), len(str(first + len(bodies) - 1))
        cut = len(bodies) if short == long else 10**short - first
        said = b"".join(
            [body[:9] + body[73 : 88 + short] for body in bodies[:cut]]
            + [body[:9] + body[73 : 88 + long] for body in bodies[cut:]]
        )
        return stated == digests and said == places

    def _forms(self, bodies: Sequence[bytes], first: int) -> list[int] | None:
        """Return the entries an audit wants, when every body is surely canonical and whole; None when in doubt."""
        last = first + len(bodies) - 1
        if len(str(first)) != len(str(last)):
            return None
        begin = 88 + len(str(last)) + len(b'null,"statement":')
        if {body[begin - 17 : begin] for body in bodies} != {b'null,"statement":'}:
            return None  # signatures: each is looked at by itself
        cut = -self._tail_length
        texts = [body[begin:cut] + b"}}" for body in bodies]
        if not self._tails(bodies) or not _surely_integers(texts):
            return None
        try:
            values = list(map(orjson.loads, texts))
            if list(map(orjson.dumps, values, repeat(None), repeat(_STRICT))) != texts:
                return None
        except (orjson.JSONDecodeError, orjson.JSONEncodeError):
            return None
        return self._members(values, first)

    def _tails(self, bodies: Sequence[bytes]) -> bool:
        """Say whether every body ends in our origin, a plain time, and version 1."""
        length, start = self._tail_length, len(self._before_time)
        ends = {body[-length : start - length] + body[start + 24 - length :] for body in bodies}
        times = b"".join([body[start - length : start + 24 - length] for body in bodies])
        return ends == {self._before_time + b'","v":1}}'} and _TIMES.fullmatch(times) is not None

    def _members(self, values: list[dict[str, Any]], first: int) -> list[int] | None:
        if set(map(tuple, values)) != _MEMBERS:
            return None
        on = [value["on"] for value in values]
        containers = {*map(type, on), *map(type, [value["data"] for value in values])}
        if containers != {dict}:
            return None
        texts = {*map(type, chain.from_iterable(map(dict.values, on))), *(type(v["actor"]) for v in values)}
        kinds = [value["kind"] for value in values]
        if texts != {str} or not self._are_kinds(kinds) or "" in {v["actor"] for v in values}:
            return None
        return [first + place for place, kind in enumerate(kinds) if kind in self._kinds] if self._kinds else []

    def _are_kinds(self, kinds: list[object]) -> bool:
        for kind in set(filter(lambda kind: isinstance(kind, str), kinds)) - self._known_kinds:
            if not (isinstance(kind, str) and _KIND.fullmatch(kind) and len(self._known_kinds) < 10_000):
                return False
            self._known_kinds.add(kind)
        return all(kind.__class__ is str for kind in kinds)

    def _one_by_one(
        self, rows: Sequence[Row], first: int, prev: bytes, leaves: list[bytes]
    ) -> tuple[list[Problem], list[int]]:
        problems: list[Problem] = []
        wanted: list[int] = []
        expected, before = first, {prev}
        for (seq, body, stored), leaf in zip(rows, leaves, strict=True):
            if seq != expected:
                missing = f"entries {expected} to {seq - 1} are missing" if seq > expected else "out of order"
                problems.append(Problem(seq=expected, problem="sequence", detail=missing))
            elif body[9:73] not in {hexlify(hash_) for hash_ in before}:
                detail = f"entry {seq} does not link to the entry before it"
                problems.append(Problem(seq=seq, problem="link", detail=detail))
            if leaf != stored:
                detail = f"the bytes of entry {seq} do not hash to the stored hash"
                problems.append(Problem(seq=seq, problem="hash", detail=detail))
            if not self._fast:
                problem, is_wanted = self._form(seq, body, leaf)
                problems.extend(problem)
                if is_wanted:
                    wanted.append(seq)
            # A changed body and a changed hash column are each blamed on their own entry only.
            expected, before = seq + 1, {leaf, stored}
        return problems, wanted

    def _form(self, seq: int, body: bytes, leaf: bytes) -> tuple[list[Problem], bool]:
        try:
            entry = open_entry(seq, body, leaf)
        except IntegrityFailure as error:
            return [Problem(seq=seq, problem="form", detail=str(error))], False
        if entry.statement.origin != self._origin:
            detail = f"entry {seq} belongs to {entry.statement.origin}"
            return [Problem(seq=seq, problem="origin", detail=detail)], False
        return [], entry.signature is not None or entry.statement.kind in self._kinds


def _surely_integers(texts: Sequence[bytes]) -> bool:
    """Say whether no number in the texts can have a fraction or exponent, and no key a non-ASCII letter.

    A doubt is enough for False: a version number inside a string raises one.
    """
    whole = b"\n".join(texts)
    return whole.isascii() and not _FRACTION.search(whole) and not _EXPONENT.search(whole)
