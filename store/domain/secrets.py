"""Secrets that stand in the open: where they are, and the text without them (governance.md, "secrets-clean").

Two families of rules: shapes that are secrets wherever they stand (a GitHub token, a private key), and values
given to a name that promises a secret (`password = "…"`). A placeholder or an expression is not a secret.
"""

from __future__ import annotations

import math
import re
from base64 import b64decode
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from store.domain.component import Json
from store.domain.secret_shapes import LONG_SHAPES, SHAPES, Shape


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Span:
    """Where a secret stands: `text[start:end]` is the secret itself, without its name or its quotes."""

    start: int
    end: int
    kind: str


_LONG: Final = 20
_LONG_RUN: Final = b"a" * _LONG
_WORDS: Final = bytes(0x61 if chr(byte).isalnum() or byte in b"_-" else 0x20 for byte in range(128)) + b" " * 128

_LEAD: Final = 64
"""How far before its long run a shape may begin (`hooks.slack.com/services/…`)."""
_WORDY: Final = re.compile(rb"(?:[_-]*+[A-Z]?[a-z]++[0-9]{0,2}+)++")
"""`write_desired_temp`, `page-backgroundColor`: no generated token, but for one in a thousand."""

_ROOTS: Final = (b"pass", b"pwd", b"secret", b"token", b"key", b"credential", b"appid")
"""What the names that promise a secret end with, or nearly so."""
_NAME: Final = re.compile(rb"pass(?:word|wd|phrase|wort|code)|pwd|secret(?:[_-]?key)?|token|key|credential|appid")
_END_OF_NAME: Final = re.compile(rb"s?(?:[_-]?[0-9]{1,3})?")
_KEY_OF: Final = re.compile(rb"(?:api|access|account|private|shared|auth|encryption|secret|master)[_-]?\Z")
"""Before `key`: any value counts. After another word a value counts only when it looks random."""
_KINDS: Final = {b"pass": "password", b"pwd": "password", b"appid": "key"}

_AFTER_NAME: Final = re.compile(
    rb"""s?(?:[_-]?[0-9]{1,3})?(?:\\?["'`])?\]?\s{0,4}(?P<sign>:=|={1,3}|=>|:)(?P<gap>\s{0,4})"""
    rb"""(?:(?P<quote>\\?["'`])(?P<quoted>(?:\\.|[^\\\n]){0,4096}?)(?P=quote)|(?P<bare>[^\s"'`,;&<>(){}\[\]\\]{1,256}))""",
)
_REST: Final = re.compile(rb"""[^\s"'`,;&<>(){}\[\]\\]*+""")
_PAIR_NAME: Final = re.compile(rb'"(?:name|key)"\s{0,9}:\s{0,9}"(?P<name>[^"\\]{1,80})"\s{0,99},\s{0,99}\Z')
_PAIR_VALUE: Final = re.compile(rb'"value"\s{0,9}:\s{0,9}"(?P<value>(?:[^"\\]|\\.)*+)"')
_NO_SECRET: Final = re.compile(
    r"\s*(?:=?\s*\{\{.*|=.*\{\{.*\}\}.*|\$\{.*|\$\(.*|%[\w.]+%|<[^>]*>|\[redacted.*|!(?:secret|env_var)\b.*|"
    r"(?:\$?(?:msg|flow|global|env|process|this|self|node|config|data|req|res|payload|context|params|body|item|"
    r"json)|\$\w*)(?:[.\[][\w$.\[\]'\"]*)?|null|none|nil|true|false|undefined|str|string|text|pass|password|"
    r"passwd|secret|token|api[ _-]?key|bearer|basic|\*+|•+|x{3,}|\.{3,}|-+|your[ _-].*|(?:change|replace)[ _-]?me|"
    r"example|placeholder|inherit|\{[^{}]*\}|@?parameters\(.*|@\{?\w+\(.*|\[\w+\(.*|[,;)].*)?\s*",
    re.IGNORECASE | re.DOTALL,
)
_IDENTIFIER: Final = re.compile(r"[A-Za-z_$][\w$.]*")
_SHORTEST: Final = 6
_TAG: Final = b"!"
"""Before a name it makes a YAML tag: `!secret wifi` names a secret that is kept elsewhere."""
_MARK: Final = "[redacted: {}]"


def find(text: str) -> list[Span]:
    """Return the secrets in `text`, in order, none overlapping another; positions count characters."""
    data = text.encode("utf-8", "surrogatepass")
    spans = scan(data)
    if not spans or len(data) == len(text):
        return spans
    return [
        Span(start=_characters(data, span.start), end=_characters(data, span.end), kind=span.kind) for span in spans
    ]


def scan(data: bytes) -> list[Span]:
    """Return the secrets in UTF-8 text (canonical JSON too), in order; positions count bytes. Linear time."""
    if len(data) < _SHORTEST:
        return []
    lower = data.lower()
    spans = [*_shaped(SHAPES, data, lower, (0, len(data)))]
    for start, end in _long_runs(data):
        spans += _shaped(LONG_SHAPES, data, lower, (max(0, start - _LEAD), end))
    for root in _ROOTS:
        if root in lower:
            spans += _named(root, data, lower)
    spans += _pairs(data)
    return _apart(spans) if len(spans) > 1 else spans


def may_hold(data: bytes) -> bool:
    """Say whether anything in canonical JSON could be redacted; False is certain, True is worth a look."""
    lower = data.lower()
    return any(root in lower for root in _ROOTS) or bool(scan(data))


def redact(text: str) -> str:
    """Return `text` with every secret replaced by a mark; the number of lines stays the same."""
    for span in reversed(find(text)):
        lost_lines = "\n" * text.count("\n", span.start, span.end)
        text = text[: span.start] + _MARK.format(span.kind) + lost_lines + text[span.end :]
    return text


def redact_value(value: Json, *, name: str = "") -> Json:
    """Return a JSON value without secrets: by shape anywhere, and whole where `name` promises a secret.

    `name` is the object key the value stands under. A `{"name": "X-Api-Key", "value": …}` pair counts as named.
    """
    match value:
        case str():
            kind = secret_kind(name, value)
            return _MARK.format(kind) if kind else redact(value)
        case list():
            return [redact_value(item, name=name) for item in value]
        case dict():
            named = pair_name(value)
            return {
                redact(key): redact_value(item, name=named if key == "value" and named else key)
                for key, item in value.items()
            }
        case _:
            return value


def pair_name(value: Json) -> str:
    """Return the name in a `{"name": …, "value": …}` pair, empty where `value` is no such pair."""
    if isinstance(value, dict) and "value" in value:
        name = value.get("name", value.get("key"))
        return name if isinstance(name, str) else ""
    return ""


def secret_kind(name: str, value: str) -> str | None:
    """Return what kind of secret a field `name` with this value holds, None when it holds none."""
    lower = name.lower().encode("utf-8", "surrogatepass")
    for root in _ROOTS if not lower.startswith(_TAG) else ():
        at = lower.rfind(root)
        if at < 0 or not (end := _NAME.match(lower, at)) or not _END_OF_NAME.fullmatch(lower, end.end()):
            continue
        kind, sure = _promise(root, lower, at)
        if _is_value(value) if sure else _looks_random(value):
            return kind
    return None


def _long_runs(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield where `_LONG` or more characters stand in a row that could be a token; most texts have none."""
    words = data.translate(_WORDS)
    start = words.find(_LONG_RUN)
    while start >= 0:
        end = words.find(b" ", start)
        end = len(data) if end < 0 else end
        if not _WORDY.fullmatch(data, start, end):
            yield start, end
        start = words.find(_LONG_RUN, end)


def _shaped(shapes: tuple[Shape, ...], data: bytes, lower: bytes, within: tuple[int, int]) -> Iterator[Span]:
    """Yield the secrets of these shapes that begin between two positions."""
    for shape in shapes:
        where = lower if shape.any_case else data
        for needle in shape.needles:
            at = where.find(needle, *within)
            while at >= 0:
                match = shape.pattern.match(data, at)
                if match and _is_shaped(shape, match[1]):
                    yield Span(start=match.start(1), end=match.end(1), kind=shape.kind)
                at = where.find(needle, match.end() if match else at + len(needle), within[1])


def _is_shaped(shape: Shape, found: bytes) -> bool:
    if shape.base64:
        return _is_user_and_password(found)
    return not _NO_SECRET.fullmatch(found.decode("utf-8", "replace"))


def _named(root: bytes, data: bytes, lower: bytes) -> Iterator[Span]:
    """Yield what is given to each name built on `root`."""
    at = lower.find(root)
    while at >= 0:
        after = at + len(root)
        name = _NAME.match(lower, at)
        if name and data[at - 1 : at] != _TAG and (match := _AFTER_NAME.match(data, name.end())):
            kind, sure = _promise(root, lower, at)
            group = "bare" if match["quoted"] is None else "quoted"
            value = match[group].decode("utf-8", "replace")
            if sure:
                holds = _is_value(value) and (group == "quoted" or _is_literal(match, value, kind))
            else:
                holds = _looks_random(value)
            if holds:
                after = match.end(group)
                if group == "bare":
                    after = _REST.match(data, after).end()  # type: ignore[union-attr]  # it always matches
                yield Span(start=match.start(group), end=after, kind=kind)
        at = lower.find(root, after)


def _promise(root: bytes, lower: bytes, at: int) -> tuple[str, bool]:
    """Return the kind of secret a name promises, and whether any value counts (else only a random one)."""
    if root not in {b"key", b"appid"}:
        return _KINDS.get(root, root.decode()), True
    owner = _KEY_OF.search(lower, max(0, at - 12), at)
    if owner is None:
        return "key", False
    return f"{owner[0].decode().strip('_-')} key".replace("api", "API"), True


def _pairs(data: bytes) -> Iterator[Span]:
    """Yield the values of `{"name": "X-Api-Key", "value": "…"}`."""
    at = data.find(b'"value"')
    while at >= 0:
        name = _PAIR_NAME.search(data, max(0, at - 300), at)
        if name and (match := _PAIR_VALUE.match(data, at)):
            value = match["value"].decode("utf-8", "replace")
            if kind := secret_kind(name["name"].decode("utf-8", "replace"), value):
                yield Span(start=match.start("value"), end=match.end("value"), kind=kind)
        at = data.find(b'"value"', at + 7)


def _is_value(value: str) -> bool:
    """Say whether a value given to a secret's name is one: no placeholder, no expression, no sentence."""
    return len(value) >= 3 and value.count(" ") < 4 and not _NO_SECRET.fullmatch(value)


def _is_literal(match: re.Match[bytes], value: str, kind: str) -> bool:
    """Say whether an unquoted value is a literal: `PASSWORD=hunter2` is, `password = user.name` is code."""
    if len(value) < _SHORTEST or not any(char.isdigit() for char in value):
        return False
    if kind == "token" and value.isdigit():  # `max_tokens: 100000`
        return False
    if match.string[match.end() : match.end() + 1] in {b"(", b"["}:
        return False
    return not (match["sign"] != b":" and match["gap"] and _IDENTIFIER.fullmatch(value))


def _is_user_and_password(token: bytes) -> bool:
    """Say whether a text is what RFC 7617 (section 2) makes of `user:password`."""
    try:
        return b":" in b64decode(token + b"=" * (-len(token) % 4))
    except ValueError:
        return False


def _looks_random(value: str) -> bool:
    """Say whether a value has the length, the mixture and the entropy (bits a character) of a generated key."""
    if not 20 <= len(value) <= 512 or " " in value or "://" in value:
        return False
    if not (any(char.isdigit() for char in value) and any(char.isalpha() for char in value)):
        return False
    counts = Counter(value)
    entropy = -sum(n / len(value) * math.log2(n / len(value)) for n in counts.values())
    return entropy >= 3.5


def _characters(data: bytes, position: int) -> int:
    return len(data[:position].decode("utf-8", "surrogatepass"))


def _apart(spans: list[Span]) -> list[Span]:
    """Drop spans inside or overlapping an earlier one; at the same start the longer wins."""
    kept: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.start, -span.end)):
        if not kept or span.start >= kept[-1].end:
            kept.append(span)
    return kept
