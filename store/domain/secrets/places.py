"""Places that are made for secrets: a node's `credentials`, `secureJsonData`, `secrets.yaml`, `local.settings.json`.

What stands there is a secret whatever it is called, but for the few fields that only say whose it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from store.domain.secrets.shapes import Span
from store.domain.secrets.values import is_placeholder

_HOLDERS: Final = re.compile(
    rb'"(?P<name>credentials|secureJsonData|secureSettings|decryptedSecureJsonData)"\s{0,9}:\s{0,9}\{'
)
HOLDERS: Final = (b'"credentials"', b'"secure', b'"decryptedsecure', b"u2fsdgvkx1", b'"isencrypted"', b'"$"')
"""Without any of these, in whatever case, there is no place made for secrets, but where `is_called_for`."""
_FIELD: Final = re.compile(
    rb'\s*"(?P<name>(?:[^"\\]|\\.){0,200})"\s*:\s*(?:"(?P<value>(?:[^"\\]|\\.)*+)"|(?P<other>[^,{}\[\]"]*+))\s*,?'
)
_WHOSE: Final = re.compile(
    rb"_?(?:id|name|type|user|username|user_?id|email|login|client_?id|host|server|url|port|region|scope|tenant_?id|"
    rb"auth_?type|grant_?type|domain|database|tls|has_.*|is_.*)",
    re.IGNORECASE,
)
_ENCRYPTED: Final = re.compile(rb'\A\s*\{\s*"\$"\s*:\s*"(?P<value>[0-9A-Za-z+/=]{32,}+)"\s*\}\s*\Z')
_SALTED: Final = re.compile(rb'"data"\s{0,9}:\s{0,9}"(?P<value>U2FsdGVkX1[0-9A-Za-z+/=]{16,}+)"')
_YAML_LINE: Final = re.compile(
    rb"""^[\w.-]+:[ \t]+(?:'(?P<single>(?:[^'\n]|''){1,8192})'|"(?P<double>(?:\\.|[^"\\\n]){1,8192})"|"""
    rb"""(?P<plain>[^\s"'&*!|>%@{\[#][^\n]*?))[ \t]*(?:[ \t]#[^\n]*)?\r?$""",
    re.MULTILINE,
)
_CODE: Final = re.compile(
    rb"""^[ \t]*(?:-[ \t]+)?(?:code|master_code|user_?code|pin)[ \t]*:[ \t]*["']?(?P<value>[0-9]{4,10})["']?[ \t]*\r?$""",
    re.MULTILINE,
)
_ENV_LINE: Final = re.compile(
    rb"""^(?:export )?[A-Za-z_][\w.]*=["']?(?P<value>[^\s"'#]{4,8192})["']?\s*$""", re.MULTILINE
)
_SETTING: Final = re.compile(
    rb"(?:true|false|[0-9.]+|dotnet(?:-isolated)?|node|python|java|powershell|custom|UseDevelopmentStorage=true|"
    rb"[A-Za-z]+(?:-[A-Za-z]+)*|~?[0-9]+|[A-Za-z]:\\.*|\[[0-9., )]*|[\w.-]+/[\w.-]+|https?://[^?@]*|\S*%)",
    re.IGNORECASE,
)


def place_of(name: str) -> str:
    """Return what of a file's name may make the whole file a place for secrets; empty for any other file."""
    base = name.rpartition("/")[2].lower()
    return ".env" if base.endswith(".env") else base if base.endswith(("secrets.yaml", "secrets.yml")) else ""


def is_called_for(data: bytes, place: str) -> bool:
    """Say whether a whole file is such a place, or holds the codes of locks and alarms."""
    return bool(place) or _may_hold_codes(data)


def _may_hold_codes(data: bytes) -> bool:
    return data[:1] not in {b"{", b"[", b"<"} and (b"alarm_control_panel" in data or b"lock" in data)


def placed(data: bytes, place: str) -> Iterator[Span]:
    """Yield what stands in places that are made for secrets; `place` is what `place_of` says of the file."""
    if _may_hold_codes(data):
        for code in _CODE.finditer(data):
            yield Span(start=code.start("value"), end=code.end("value"), kind="alarm code")
    if b'"credentials"' in data or b'"secure' in data or b'"decryptedSecure' in data:
        refers = b'"connections"' in data and b'"nodes"' in data  # n8n: credentials are called by their names
        has_others = b'"secure' in data or b'"decryptedSecure' in data
        for holder in _HOLDERS.finditer(data) if has_others or not refers else ():
            if not refers or holder["name"] != b"credentials":
                yield from fields(data, holder.end())
    if b'"$"' in data[:64] and (match := _ENCRYPTED.match(data)):
        yield Span(start=match.start("value"), end=match.end("value"), kind="encrypted credentials")
    if b"U2FsdGVkX1" in data:
        for match in _SALTED.finditer(data):
            yield Span(start=match.start("value"), end=match.end("value"), kind="encrypted credentials")
    if b'"IsEncrypted"' in data and (at := data.find(b'"Values"')) >= 0 and (brace := data.find(b"{", at)) >= 0:
        yield from _settings(data, brace + 1)
    if place in {"secrets.yaml", "secrets.yml"}:
        yield from _lines(_YAML_LINE, data)
    elif place == ".env":
        yield from (span for span in _lines(_ENV_LINE, data) if not _SETTING.fullmatch(data, span.start, span.end))


def fields(data: bytes, at: int, depth: int = 0) -> Iterator[Span]:
    """Yield the string values of the object that begins at `at`; nested ones are somebody's reference, or a node's."""
    found: list[Span] = []
    names: list[bytes] = []
    while field := _FIELD.match(data, at):
        names.append(field["name"])
        value = field["value"]
        is_told = value and not _WHOSE.fullmatch(field["name"]) and not is_placeholder(value.decode("utf-8", "replace"))
        if is_told:
            found.append(Span(start=field.start("value"), end=field.end("value"), kind="credential"))
        at = field.end()
        if depth < 2 and data[at : at + 1] == b"{":
            yield from fields(data, at + 1, depth + 1)
            close = data.find(b"}", at)
            if close < 0:
                break
            at = close + 1
            if data[at : at + 1] == b",":
                at += 1
    yield from found


def _settings(data: bytes, at: int) -> Iterator[Span]:
    """Yield the values in `Values` of a `local.settings.json` that are more than a switch, a word or an address."""
    while field := _FIELD.match(data, at):
        value = field["value"]
        if (
            value
            and not _SETTING.fullmatch(value)
            and len(value) >= 8
            and not is_placeholder(value.decode("utf-8", "replace"))
        ):
            yield Span(start=field.start("value"), end=field.end("value"), kind="application setting")
        at = field.end()


def _lines(pattern: re.Pattern[bytes], data: bytes) -> Iterator[Span]:
    for match in pattern.finditer(data):
        group = match.lastgroup or "value"
        if not is_placeholder(match[group].decode("utf-8", "replace")):
            yield Span(start=match.start(group), end=match.end(group), kind="secret")
