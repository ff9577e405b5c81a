"""Checking up to 256 neighbouring entries at once: whole columns compared, single rows only where one fails."""

from __future__ import annotations

import re
from binascii import hexlify
from collections.abc import Sequence
from hashlib import sha256
from itertools import chain, repeat
from typing import Any, Final

import orjson

from store.errors import BadInput, IntegrityFailure
from store.integrity.canonical import entry_bytes
from store.integrity.entry import open_entry
from store.ledger.report import Problem

Row = tuple[int, bytes, bytes]
"""(seq, body, hash) as stored."""

_STRICT: Final = orjson.OPT_SORT_KEYS | orjson.OPT_STRICT_INTEGER
_KIND: Final = re.compile(r"[a-z][a-z0-9]*(?:[._-][a-z0-9]+)*", re.ASCII)
_DAY: Final = (  # 29 February is left to the slower check
    rb"(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)|02-(?:0[1-9]|1\d|2[0-8]))"
)
_TIMES: Final = re.compile(rb"(?:20\d\d-%bT(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z)*" % _DAY)
_UNSIGNED: Final = b'null,"statement":'
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

    def check(
        self, rows: Sequence[Row], first: int, links: tuple[bytes, bytes]
    ) -> tuple[list[bytes], list[Problem], list[int]]:
        """Return leaf hashes, problems, and the numbers of entries that an audit should look at.

        `first` is the number the first row must have, `links` what its entry may link to: the hash of the
        bytes before it, and the hash stored there, which differ when one of them was changed. The leaf hashes
        returned are those of the bytes.
        """
        numbers, bodies, hashes = zip(*rows, strict=True)
        leaves = [sha256(b"\0" + body).digest() for body in bodies]
        expected = range(first, first + len(rows))
        if numbers == tuple(expected) and leaves == list(hashes) and self._links(bodies, first, links[0], leaves):
            if self._fast:
                return leaves, [], []
            wanted = self._forms(bodies, first)
            if wanted is not None:
                return leaves, [], wanted
        return leaves, *self._one_by_one(rows, first, links, leaves)

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
        width = len(str(first))
        begin = 88 + width + len(_UNSIGNED)
        if width != len(str(first + len(bodies) - 1)) or not self._tails(bodies):
            return None
        plain = [seq for seq, body in enumerate(bodies, first) if body[begin - len(_UNSIGNED) : begin] == _UNSIGNED]
        cut = -self._tail_length
        texts = [bodies[seq - first][begin:cut] + b"}}" for seq in plain]
        wanted: list[int] = []
        if len(plain) < len(bodies):  # signed entries are few, and looked at one by one
            for seq in sorted(set(range(first, first + len(bodies))) - set(plain)):
                body = bodies[seq - first]
                problems, _ = self._form(seq, body, sha256(b"\0" + body).digest())
                if problems:
                    return None
                wanted.append(seq)
        try:
            values = list(map(orjson.loads, texts))
            if list(map(orjson.dumps, values, repeat(None), repeat(_STRICT))) != texts:
                return None
            _check_numbers(texts, values)
        except (orjson.JSONDecodeError, orjson.JSONEncodeError, BadInput):
            return None
        if texts and not self._are_whole(values):
            return None
        if self._kinds:
            wanted.extend(seq for seq, value in zip(plain, values, strict=True) if value["kind"] in self._kinds)
        return sorted(wanted)

    def _tails(self, bodies: Sequence[bytes]) -> bool:
        """Say whether every body ends in our origin, a plain time, and version 1."""
        length, start = self._tail_length, len(self._before_time)
        ends = {body[-length : start - length] + body[start + 24 - length :] for body in bodies}
        times = b"".join([body[start - length : start + 24 - length] for body in bodies])
        return ends == {self._before_time + b'","v":1}}'} and _TIMES.fullmatch(times) is not None

    def _are_whole(self, values: list[dict[str, Any]]) -> bool:
        if set(map(tuple, values)) != _MEMBERS:
            return False
        on = [value["on"] for value in values]
        if {*map(type, on), *map(type, [value["data"] for value in values])} != {dict}:
            return False
        actors = [value["actor"] for value in values]
        if {*map(type, chain.from_iterable(map(dict.values, on))), *map(type, actors)} != {str}:
            return False
        return "" not in actors and self._are_kinds([value["kind"] for value in values])

    def _are_kinds(self, kinds: list[object]) -> bool:
        for kind in set(filter(lambda kind: isinstance(kind, str), kinds)) - self._known_kinds:
            if not (isinstance(kind, str) and _KIND.fullmatch(kind) and len(self._known_kinds) < 10_000):
                return False
            self._known_kinds.add(kind)
        return all(kind.__class__ is str for kind in kinds)

    def _one_by_one(
        self, rows: Sequence[Row], first: int, links: tuple[bytes, bytes], leaves: list[bytes]
    ) -> tuple[list[Problem], list[int]]:
        problems: list[Problem] = []
        wanted: list[int] = []
        expected, before = first, set(links)
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


def _check_numbers(texts: Sequence[bytes], values: Sequence[object]) -> None:
    """Make sure that no number has a fraction or an exponent and no key a letter beyond ASCII.

    A search over the whole block mostly settles it; where a text might hold one, the rule itself is asked.
    """
    whole = b"\n".join(texts)
    if whole.isascii() and not _FRACTION.search(whole) and not _EXPONENT.search(whole):
        return
    for text, value in zip(texts, values, strict=True):
        if not text.isascii() or _FRACTION.search(text) or _EXPONENT.search(text):
            entry_bytes(value)
