"""Whatever is JSON, YAML or an archive: one component a file, compared by content, called by the file's name."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Final

from store.domain.build import Source, component
from store.domain.component import Connector, DiffRules, Json, Notice, Parsed, Path
from store.domain.hosts import hosts_in
from store.domain.secrets import scan
from store.errors import BadInput
from store.formats.archive_zip import open_zip
from store.formats.safe_yaml import read as read_yaml
from store.integrity.strict_json import parse as parse_json
from store.platforms.generic.identified import identified

_ARCHIVES: Final = {b"PK\x03\x04": "zip", b"PK\x05\x06": "zip", b"\x1f\x8b": "gzip"}
_YAML_NAMES: Final = (".yaml", ".yml")
_SCHEMAS: Final = re.compile(r"schema\.|json-schema\.org|www\.w3\.org")
"""Hosts in `$schema` and namespace names are identifiers; nobody is called there."""
_COMMENT: Final = re.compile(rb'("(?:[^"\\]|\\.)*+")|//[^\n]*+|/\*.*?\*/|,(?=\s*+[}\]])', re.DOTALL)


class Generic:
    """Any document. Nothing in it is known to be noise, and the order of every list counts."""

    name: Final = "generic"

    @property
    def rules(self) -> DiffRules:
        """No noise, no code, no wiring."""
        return DiffRules(is_noise=_no_noise, language=_no_language)

    def detect(self, data: bytes, name: str) -> int:  # noqa: ARG002  the shape of Platform.detect
        """Return 10: what no other platform claims is tried here."""
        return 10

    def parse(self, data: bytes, name: str) -> Parsed:
        """Return the file as one component whose id is `name`.

        Raises:
            BadInput: neither strict JSON nor harmless YAML nor a harmless archive.
        """
        for magic, kind in _ARCHIVES.items():
            if data.startswith(magic):
                return _archive(data, name, kind)
        value, source = _document(data, name)
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
        hosts = sorted(host for host in hosts_in(part.canonical.decode()) if not _SCHEMAS.match(host))
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


def _document(data: bytes, name: str) -> tuple[Json, Source | None]:
    """Return the value of a JSON or YAML file, and what is known of how it can be written."""
    start = data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")[:2]
    if not name.lower().endswith(_YAML_NAMES) and (start[:1] in {b"{", b"["} or name.lower().endswith(".json")):
        if start in {b"//", b"/*"}:  # JSON with comments, as editors write their settings
            data = _COMMENT.sub(lambda match: match[1] or b"", data)
        document = parse_json(data)
        return document.value, Source.of(data, has_float=document.has_float)
    if start[:1] == b"<" or b"\0" in data[:4096]:
        raise BadInput("neither JSON nor YAML nor an archive")
    documents = read_yaml(data)
    if not documents or all(isinstance(document, str) for document in documents):
        raise BadInput("neither JSON nor YAML: plain text holds no configuration")
    return documents[0] if len(documents) == 1 else list(documents), None


def _archive(data: bytes, name: str, kind: str) -> Parsed:
    """Return an archive as one component. A zip is looked at first; gzip is never unpacked, so it can do no harm."""
    if kind == "zip":
        open_zip(data)
    content: Json = {"archive": kind, "bytes": len(data), "sha256": sha256(data).hexdigest()}
    part = component(id=name, name=name, kind="archive", content=content, behaviour=content, labels={}, source=None)
    return Parsed(platform=Generic.name, confidence=10, components=(part,))


def _no_noise(kind: str, path: Path) -> bool:  # noqa: ARG001
    return False


def _no_language(kind: str, path: Path, value: str) -> str | None:  # noqa: ARG001
    return None
