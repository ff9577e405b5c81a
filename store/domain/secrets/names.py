"""Values given to a name that promises a secret: `password = "…"`, `<pwd>…`, and what such a name is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from store.domain.secrets.anchors import Anchors
from store.domain.secrets.shapes import Span
from store.domain.secrets.values import is_literal, is_value, looks_random

ROOTS: Final = (
    b"pass", b"pwd", b"secret", b"token", b"key", b"credential", b"appid", b"psk", b"kennwort", b"contrase", b"authorization", b"pw",
)  # fmt: skip
"""What the names that promise a secret end with, or nearly so."""
_NAME: Final = re.compile(
    rb"pass(?:word|wd|phrase|wort|code|wrd|(?=key))|pass(?![a-z])|pwd|pw(?![a-z])|secret(?:[_-]?key)?|token|key|credential|appid|psk|kennwort|"
    rb"contrase(?:n|\xc3\xb1|\\u00f1)a|authorization"
)
_REST_OF_NAME: Final = rb"s?(?:[_-]?(?:value|plain|plaintext|base64|b64))?(?:[_-]?[0-9]{1,3})?(?:__c)?"
_END_OF_NAME: Final = re.compile(_REST_OF_NAME)
_KEY_OF: Final = re.compile(
    rb"(?:api|access|account|private|shared|auth|encryption|encrypt|secret|master|pass|function|functions|host|subscription|"
    rb"storage|service|license|licence|app|application|bot|admin|write|client)[_-]?\Z"
)
"""Before `key`: any value counts. After another word a value counts only when it looks random."""
_WEAK_KEY_OF: Final = re.compile(
    rb"(?:function|functions|host|subscription|storage|service|license|licence|app|application|bot|admin|write|"
    rb"client|encrypt)[_-]?\Z"
)
"""Before `key`: a value counts when it has some length and a digit."""
_NO_SECRET_OF: Final = re.compile(
    rb"(?:public[_-]?key|postman|next|page|paging|pagination|continuation|sync|delta|skip|cursor|client[_-]?request|idempotency|"
    rb"cancell?ation|csrf|xsrf|flow|extends|max|min|num|total|prompt|completion|input|output|used|count|of)[_-]?\Z"
)
_NO_KEY_OF: Final = re.compile(
    rb"(?:public|publishable|partition|sort|primary|foreign|cache|object|row|unique|idempotency|translation|lookup|hot|"
    rb"short|i18n|map|dict|group|route|routing|instrumentation|tracking|site|registry|sub|hash|range|index|"
    rb"entity|logical|natural|surrogate|business|alternate|message|locali[sz]ation|resource|label|value|json)[_-]?\Z"
)
_WORD_ALONE: Final = re.compile(rb"psk|pass(?![a-z])|pw(?![a-z])")
_CODES: Final = re.compile(rb'"(?:PT|PY|QA|KMF|KRW|KWD)"\s{0,9}:')
"""What stands beside PW (Palau) in a list of countries, and beside KPW in one of currencies."""
_CODES_REACH: Final = 160
_KINDS: Final = {
    b"pass": "password", b"pwd": "password", b"appid": "key", b"psk": "password", b"pw": "password", b"kennwort": "password",
    b"contrase": "password",
}  # fmt: skip
_WEAK_LENGTH: Final = 16

_AFTER_NAME: Final = re.compile(
    _REST_OF_NAME + rb"""(?:\\{0,7}["'`])?\]?\s{0,4}(?P<sign>:=|={1,3}|=>|:)(?P<gap>\s{0,4})"""
    rb"""(?:(?P<quote>\\{0,7}["'`])(?P<quoted>(?:\\.|[^\\\n]){0,8192}?)(?P=quote)|(?P<bare>[^\s"'`,;&<>(){}\[\]\\]{1,160}))"""
)
_OPENED: Final = re.compile(_REST_OF_NAME + rb"""(?:\\{0,7}["'`])?\]?\s{0,4}(?::=|={1,3}|=>|:)\s{0,4}\\{0,7}["'`]""")
"""As far as the opening quote of what is given."""
_REST: Final = re.compile(rb"""[^\s"'`,;&<>(){}\[\]\\]*+""")
_IN_XML: Final = re.compile(
    _REST_OF_NAME + rb"""(?:\s[^<>]{0,200})?>\s{0,40}(?P<value>[^<>\s][^<>]{0,8192}?)\s{0,40}</"""
)
_IN_YAML: Final = re.compile(
    _REST_OF_NAME
    + rb"""["']?[ \t]{0,4}:[ \t]{1,40}(?:'(?P<single>(?:[^'\n]|''){0,8192})'|"(?P<double>(?:\\.|[^"\\\n]){0,8192})"|"""
    rb"""(?P<plain>[^\s"'&*!|>%@{\[#][^\n#]{0,8192}?))[ \t]*(?:[ \t]#[^\n]*)?(?:\r?\n|\Z)"""
)
_NESTED: Final = re.compile(
    _REST_OF_NAME
    + rb"""(?:\\{0,7}["'])\s{0,9}:\s{0,9}\{[^{}]{0,200}?"(?:value|defaultValue)"\s{0,9}:\s{0,9}"(?P<value>(?:[^"\\]|\\.)*+)\""""
)
_TAG: Final = re.compile(rb"[<>]")
REACH: Final = 64
"""Bytes after a name that are looked at before anything but its value decides: 46 up to a quote, 40 for a tag."""
QUOTES: Final = 4
"""More quotes than any rule reads past, but for the two of `are_settled`."""
_AUTHORIZATION: Final = re.compile(
    r"(?:(?:bearer|basic|token|api-?key|key|digest|oauth|sso-key|bot)(?: (?:token|apikey)=| |=))?(?P<value>\S{8,})",
    re.IGNORECASE,
)


def named(root: bytes, data: bytes, anchors: Anchors, *, yaml: bool) -> Iterator[Span]:
    """Yield what is given to each name built on `root`."""
    lower = anchors.lower
    at = anchors.find(root)
    while at >= 0:
        after = at + len(root)
        name = _NAME.match(lower, at)
        if name is not None and root != b"authorization":
            promise = _promise(root, data, lower, at)
            found = promise and _given(data, lower, name.start(), name.end(), *promise, yaml=yaml)
            if found:
                after = max(after, found.end)
                yield found
        at = anchors.find(root, after)


def are_settled(data: bytes, anchors: Anchors) -> bool:
    """Say whether nothing that may follow a JSON text changes what is given to the names in it.

    Two rules read on past the end of a string: what is given in quotes ends at the next quote like it, and XML at the
    next tag. True is certain where the names stand more than `REACH` bytes and `QUOTES` quotes before the end.
    """
    lower = anchors.lower
    for root in ROOTS:
        for at in anchors.places.get(root, ()):
            name = _NAME.match(lower, at)
            if name is None or root == b"authorization":
                continue
            end = name.end()
            if data.find(b">", end, end + 40) >= 0:
                first = _TAG.search(data, end)
                if first is not None and first[0] == b">" and not _TAG.search(data, first.end(), len(data) - 1):
                    return False
            if _OPENED.match(data, end):
                given = _AFTER_NAME.match(data, end)
                if given is None or given["quoted"] is None:
                    return False
    return True


def secret_kind(name: str, value: str) -> str | None:
    """Return what kind of secret a field `name` with this value holds, None when it holds none."""
    part = secret_part(name, value)
    return part[2] if part else None


def secret_part(name: str, value: str) -> tuple[int, int, str] | None:
    """Return (start, end, kind) of the secret in the value of a field `name`, None when it holds none."""
    data = name.encode("utf-8", "surrogatepass")
    lower = data.lower()
    for root in ROOTS:
        at = lower.rfind(root)
        if at < 0 or not (end := _NAME.match(lower, at)) or not _END_OF_NAME.fullmatch(lower, end.end()):
            continue
        if root == b"authorization":
            match = _AUTHORIZATION.fullmatch(value.strip()) if value == value.strip() else None
            if match and is_value(match["value"], "token") and any(c.isdigit() for c in match["value"]):
                return match.start("value"), match.end("value"), "authorization"
            continue
        promise = _promise(root, data, lower, at)
        if promise and _holds(value, *promise):
            return 0, len(value), promise[0]
    return None


def _holds(value: str, kind: str, sure: int) -> bool:
    if sure == 2:
        return is_value(value, kind)
    if sure == 1 and len(value) >= _WEAK_LENGTH and any(char.isdigit() for char in value):
        return is_value(value, kind)
    return looks_random(value)


def _promise(root: bytes, data: bytes, lower: bytes, at: int) -> tuple[str, int] | None:
    """Return the kind of secret a name promises, and how sure: 2 any value counts, 1 a longer one, 0 a random one."""
    before = (lower, max(0, at - 16), at)
    if data[at - 1 : at] == b"!":
        return None  # a YAML tag: `!secret wifi` names a secret that is kept elsewhere
    if _WORD_ALONE.match(lower, at) and at and lower[at - 1 : at].isalpha() and not data[at : at + 1].isupper():
        return None  # `bypass`
    if root == b"pw" and _is_code(data, at):
        return None
    if root in {b"token", b"credential"} and _NO_SECRET_OF.search(*before):
        return None
    if root not in {b"key", b"appid"}:
        return _KINDS.get(root, root.decode()), 2
    if root == b"key" and _NO_KEY_OF.search(*before):
        return None
    owner = _KEY_OF.search(*before)
    if owner is None:
        return "key", 0
    kind = f"{owner[0].decode().strip('_-')} key".replace("api", "API")
    return kind, 1 if _WEAK_KEY_OF.search(*before) else 2


def _is_code(data: bytes, at: int) -> bool:
    """Say whether `PW` stands among the codes of countries or currencies, in one object with them."""
    if data[at : at + 2] != b"PW":
        return False
    begin = max(0, at - _CODES_REACH)
    end = min(at + _CODES_REACH, len(data))
    begin = max(begin, data.rfind(b"{", begin, at), data.rfind(b"}", begin, at))
    end = min((there for brace in b"{}" if (there := data.find(brace, at, end)) >= 0), default=end)
    return _CODES.search(data, begin, end) is not None


def _given(data: bytes, lower: bytes, start: int, end: int, kind: str, sure: int, *, yaml: bool) -> Span | None:
    """Return what is given to the name at `start` to `end`, where it is a secret."""
    if data[end : end + 40].find(b">") >= 0 and (match := _IN_XML.match(data, end)):
        return _span(match, "value", kind) if _holds(as_text(match["value"]), kind, sure) else None
    if yaml and (match := _IN_YAML.match(data, end)) and _begins_line(data, start):
        group = match.lastgroup or ""
        return _span(match, group, kind) if _holds(as_text(match[group]), kind, sure) else None
    match = _AFTER_NAME.match(data, end)
    if match is None:
        match = _NESTED.match(data, end)
        return _span(match, "value", kind) if match and _holds(as_text(match["value"]), kind, sure) else None
    if match["quoted"] is not None:
        return _span(match, "quoted", kind) if _holds(as_text(match["quoted"]), kind, sure) else None
    value = as_text(match["bare"])
    if sure == 0:
        return _rest(match, kind) if looks_random(value) else None
    is_told = _is_assigned(data, lower, start, match) or is_literal(
        data, match.end(), value, kind=kind, sign=match["sign"], gap=match["gap"]
    )
    return _rest(match, kind) if is_told and _holds(value, kind, sure) else None


def _is_assigned(data: bytes, lower: bytes, start: int, match: re.Match[bytes]) -> bool:
    """Say whether a bare value stands where no code can: a query, a connection string, an environment variable."""
    if match["sign"] != b"=" or match["gap"] or len(match["bare"]) < 4:
        return False
    begin = start
    while begin and (lower[begin - 1 : begin].isalnum() or lower[begin - 1 : begin] in {b"_", b"-", b" "}):
        begin -= 1
        if start - begin > 40:
            break
    before, behind = data[begin - 1 : begin] if begin else b"", data[match.end() : match.end() + 1]
    name = data[begin : match.start()].strip()
    is_variable = name.isupper() and b"_" in name + data[start : match.start()]
    return (
        before in {b"?", b"&", b";"}
        or (behind == b";" and data[match.end() + 1 : match.end() + 2].isalpha())
        or is_variable
    )


def _begins_line(data: bytes, at: int) -> bool:
    """Say whether what stands before a name on its line is no more than indentation, a dash and the name's start."""
    line = data[data.rfind(b"\n", max(0, at - 200), at) + 1 : at]
    return re.fullmatch(rb"""[ \t]*(?:-[ \t]+)*["']?[\w.-]*""", line) is not None


def _rest(match: re.Match[bytes], kind: str) -> Span:
    end = _REST.match(match.string, match.end("bare"))
    assert end is not None
    return Span(start=match.start("bare"), end=end.end(), kind=kind)


def _span(match: re.Match[bytes], group: str, kind: str) -> Span:
    return Span(start=match.start(group), end=match.end(group), kind=kind)


def as_text(value: bytes) -> str:
    """Return bytes of an export as text; what is no UTF-8 is replaced."""
    return value.decode("utf-8", "replace")
