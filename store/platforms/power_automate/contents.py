"""The files of an archive, read one by one against one budget: many documents cost no more than one may."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from xml.etree.ElementTree import Element

from store.domain.build import Source
from store.domain.component import Json
from store.errors import BadInput
from store.formats.archive_zip import Member
from store.formats.safe_xml import read as read_xml
from store.integrity.strict_json import parse as parse_json

MAX_DOCUMENT: Final = 16 * 1024 * 1024
"""Bytes of the largest document that is read."""
MAX_BYTES: Final = 32 * 1024 * 1024
"""Bytes of all documents of an archive together."""
MAX_VALUES: Final = 800_000
"""JSON values and XML elements of all documents together; a hundred bytes of memory each, or more."""
_XML_WEIGHT: Final = 2
"""An element is built twice: as the parser has it, and as the value it becomes."""


@dataclass(kw_only=True, slots=True)
class Contents:
    """The files of an archive by name, and which of them have been understood."""

    members: dict[str, Member]
    bytes_read: int = 0
    values_read: int = 0

    def __contains__(self, name: str) -> bool:
        return name in self.members

    def __iter__(self) -> Iterator[str]:
        return iter(self.members)

    def json(self, name: str) -> tuple[Json, Source]:
        """Return a JSON document, and what is known of how it can be written.

        Raises:
            BadInput: it cannot be read, or is more than the archive may hold.
        """
        data = self._read(name)
        self._count(name, data.count(b",") + data.count(b"{") + data.count(b"["))
        document = parse_json(data)
        return document.value, Source.of(data, has_float=document.has_float)

    def xml(self, name: str) -> Element:
        """Return the root of an XML document.

        Raises:
            BadInput: as `json`.
        """
        data = self._read(name)
        self._count(name, _XML_WEIGHT * (data.count(b"<") + data.count(b"=")) // 2)
        return read_xml(data)

    def text(self, name: str) -> str | None:
        """Return a file as text, None where it is none.

        Raises:
            BadInput: it is damaged, or more than the archive may hold.
        """
        data = self._read(name)
        try:
            return data.decode("utf-8-sig") if b"\0" not in data else None
        except UnicodeDecodeError:
            return None

    def has_room(self, name: str) -> bool:
        """Say whether a file that needs not be read (a script, a style sheet) still fits beside those that must be."""
        return self.bytes_read + self.members[name].size <= MAX_BYTES // 2

    def below(self, folder: str) -> Contents:
        """Return the files in a folder (given with its slash), under their names in it, and a budget of their own."""
        found = {name.removeprefix(folder): member for name, member in self.members.items() if name.startswith(folder)}
        return Contents(members=found)

    def _read(self, name: str) -> bytes:
        member = self.members[name]
        self.bytes_read += member.size
        if self.bytes_read > MAX_BYTES:
            raise BadInput(f"the documents in the archive have more than the {MAX_BYTES} bytes that are read")
        return member.read(limit=MAX_DOCUMENT)

    def _count(self, name: str, values: int) -> None:
        self.values_read += values
        if self.values_read > MAX_VALUES:
            raise BadInput(f"{ascii(name)[:90]} is one too many: more than {MAX_VALUES} values in one archive")
