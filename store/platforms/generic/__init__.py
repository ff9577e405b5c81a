"""Whatever is JSON, YAML, TOML, XML or an archive: one component a file, compared by content, called by its name."""

from __future__ import annotations

import re
from collections import deque
from hashlib import sha256
from pathlib import PurePosixPath
from typing import Final

from store.domain.build import Source, component
from store.domain.component import Connector, DiffRules, Json, Notice, Parsed
from store.domain.hosts import hosts_in
from store.domain.memo import Memo
from store.domain.secrets import scan
from store.errors import BadInput
from store.formats.archive_zip import open_zip
from store.formats.safe_toml import read as read_toml
from store.formats.safe_xml import read as read_xml
from store.formats.safe_yaml import read as read_yaml
from store.formats.xml_value import value_of
from store.integrity.strict_json import Document
from store.integrity.strict_json import parse as parse_json
from store.platforms.generic.identified import identified

_MOST_MENDED: Final = 1024 * 1024
"""Bytes of a JSON file with comments; people write them into settings, and those are small."""
_ARCHIVES: Final = {b"PK\x03\x04": "zip", b"PK\x05\x06": "zip", b"\x1f\x8b": "gzip"}
_YAML_NAMES: Final = (".yaml", ".yml")
_PROSE: Final = frozenset({
    ".md", ".rst", ".txt", ".csv", ".html", ".css", ".ps1", ".psm1", ".cs", ".py", ".js", ".ts", ".sh", ".sql",
})  # fmt: skip
_NO_CONFIGURATION: Final = "neither JSON nor YAML nor TOML nor XML: plain text holds no configuration"
_UTF_16: Final = (b"\xff\xfe<\0", b"\xfe\xff\0<")
_SETTING: Final = re.compile(
    rb"^[ \t]*(?:[\w.\"'-]+[ \t]*=[ \t]*[\"'\[{\w+-]|\[\[?[\w.\"' -]+\]\]?[ \t]*$)", re.MULTILINE
)
"""A line that only TOML has; YAML reads `name = "x"` as a text."""
_SCHEMAS: Final = re.compile(r"schemas?\.|json-schema\.org|www\.w3\.org|soap\.sforce\.com|openajax\.org")
"""Hosts in `$schema` and namespace names are identifiers; nobody is called there."""
_COMMENT: Final = re.compile(rb'("(?:[^"\\]|\\.)*+"?)|//[^\n]*+|/\*(?:[^*]|\*(?!/))*+(?:\*/)?', re.DOTALL)
_LAST_COMMA: Final = re.compile(rb'("(?:[^"\\]|\\.)*+"?)|,(?=\s*+[}\]])', re.DOTALL)
"""Both take what is not closed to the end of the text: looking for the end again and again costs the square of it."""


class Generic:
    """Any document. Nothing in it is known to be noise, and the order of every list counts."""

    name: Final = "generic"

    @property
    def rules(self) -> DiffRules:
        """No noise, no code, no wiring."""
        return DiffRules()

    def detect(self, _data: bytes, _name: str) -> int:
        """Return 10: what no other platform claims is tried here."""
        return 10

    def parse(self, data: bytes, name: str) -> Parsed:
        """Return the file as one component whose id is `name`.

        Raises:
            BadInput: neither strict JSON nor harmless YAML, TOML or XML nor a harmless archive.
        """
        return self.parse_with(data, name, None)

    def parse_with(self, data: bytes, name: str, memo: Memo | None) -> Parsed:
        """Return what `parse` returns, going on from what `memo` knows of YAML.

        Raises:
            BadInput: as `parse`.
        """
        for magic, kind in _ARCHIVES.items():
            if data.startswith(magic):
                return _archive(data, name, kind)
        value, source = _document(data, name, memo)
        labels: dict[str, str] = {}
        content = identified(value, labels)
        part = component(
            id=name,
            name=name,
            kind="document",
            content=content,
            behaviour=content,
            labels=labels,
            source=source,
        )
        text = part.canonical.decode() if b"://" in part.canonical else ""
        hosts = sorted(host for host in hosts_in(text) if not _SCHEMAS.match(host))
        kinds = dict.fromkeys(span.kind for span in scan(part.canonical))
        return Parsed(
            platform=self.name,
            confidence=10,
            components=(part,),
            connectors=tuple(Connector(kind="host", name=host, components=(name,)) for host in hosts),
            notices=tuple(
                Notice(code="inline-secret", component=name, detail=f"{name}: holds a secret in the open ({kind})")
                for kind in kinds
            ),
        )


def _document(data: bytes, name: str, memo: Memo | None) -> tuple[Json, Source | None]:
    """Return the value of a file in any of the four formats, and what is known of how it can be written."""
    ending = PurePosixPath(name.lower()).suffix
    start = data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")[:2]
    if ending == ".toml":
        return read_toml(data), None
    if start[:1] == b"<" or data.startswith(_UTF_16):
        value = value_of(read_xml(data))
        return value, Source.of_value(value)
    if ending not in _YAML_NAMES and (start[:1] in {b"{", b"["} or ending == ".json" or start in {b"//", b"/*"}):
        try:
            document = _json(data)
        except BadInput:
            if ending == ".json" or not _SETTING.search(data):
                raise
            return read_toml(data), None
        return document.value, Source.of(data, has_float=document.has_float)
    if b"\0" in data[:4096]:
        raise BadInput("neither JSON nor YAML nor TOML nor XML nor an archive")
    value = _text(data, ending, memo)
    return value, Source.of_value(value)


def _json(data: bytes) -> Document:
    """Return a JSON document. Comments and last commas, as editors write them into their settings, are taken out."""
    try:
        return parse_json(data)
    except BadInput:
        if len(data) > _MOST_MENDED:
            raise
        bare = _COMMENT.sub(lambda match: match[1] or b"", data)
        if bare == data:
            raise
    return parse_json(_LAST_COMMA.sub(lambda match: match[1] or b"", bare))


def _text(data: bytes, ending: str, memo: Memo | None) -> Json:
    """Return the value of a YAML file, or of a TOML file without its ending.

    Raises:
        BadInput: it is neither.
    """
    try:
        documents = read_yaml(data, memo)
    except BadInput:
        if ending in _PROSE:  # where its first line breaks the rules of YAML tells nobody anything
            raise BadInput(_NO_CONFIGURATION) from None
        if ending in _YAML_NAMES or not _SETTING.search(data):
            raise
        return read_toml(data)
    if all(document is None for document in documents):
        raise BadInput("it holds nothing but comments: no configuration")
    if not all(isinstance(document, str) for document in documents):
        return documents[0] if len(documents) == 1 else list(documents)
    if ending not in _YAML_NAMES and _SETTING.search(data):
        return read_toml(data)
    raise BadInput(_NO_CONFIGURATION)


def _archive(data: bytes, name: str, kind: str) -> Parsed:
    """Return an archive as one component. A zip is looked at first; gzip is never unpacked, so it can do no harm."""
    if kind == "zip":
        for member in open_zip(data):
            deque(member.pieces(), maxlen=0)  # to the end: what is declared must be what is there
    content: Json = {"archive": kind, "bytes": len(data), "sha256": sha256(data).hexdigest()}
    part = component(id=name, name=name, kind="archive", content=content, behaviour=content, labels={}, source=None)
    return Parsed(platform=Generic.name, confidence=10, components=(part,))
