"""XML as a tree of elements: no document type, no entities, nothing fetched, everything counted while it is read.

Names in a namespace are `{uri}name`, as ElementTree has them. Comments and processing instructions are left out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final
from xml.etree.ElementTree import Element, ParseError, TreeBuilder
from xml.parsers.expat import XMLParserType

from defusedxml import DefusedXmlException, DTDForbidden
from defusedxml.ElementTree import DefusedXMLParser

from store.errors import BadInput

MAX_BYTES: Final = 16 * 1024 * 1024
MAX_DEPTH: Final = 200
MAX_ELEMENTS: Final = 250_000
"""How many elements and attributes, together, a document may hold."""
MAX_NAMES: Final = 64 * 1024 * 1024
"""Bytes that the names may take: a parser writes the namespace out before each name, so a long one multiplies."""

_DOCTYPE: Final = re.compile(rb"(?:\s|<\?.*?\?>|<!--.*?-->)*+<!DOCTYPE", re.DOTALL)
"""It can only stand before the first element. A parser told to stop would still expand what it declares."""
_ATTRIBUTE: Final = re.compile(rb"=\s{0,64}[\"']")
_NAMESPACE: Final = re.compile(rb"xmlns(?::[^\s=\"'<>&/]{1,64})?\s{0,64}=\s{0,64}(?:\"([^\"]*+)\"|'([^']*+)')")
_ODD_NAMESPACE: Final = re.compile(rb"xmlns(?::[^\s=\"'<>&/]{65}|(?::[^\s=\"'<>&/]{1,64})?(?:\s{65}|\s{0,64}=\s{65}))")


def read(data: bytes) -> Element:
    """Return the root element of an XML document in UTF-8, or in UTF-16 with a byte order mark.

    Raises:
        BadInput: one line: no XML, a document type or an entity of its own, too big, too deep, too many elements.
    """
    if len(data) > MAX_BYTES:
        raise BadInput(f"XML: {len(data)} bytes are more than the {MAX_BYTES} that are read")
    data = _utf8(data)
    _refuse_costly(data)
    counting = _Counting()
    parser = DefusedXMLParser(target=counting, encoding="utf-8", forbid_dtd=True)
    counting.listen(parser.parser)
    try:
        parser.feed(data)  # in one piece: in many, an element that does not end is read again for each
        root = parser.close()
    except ParseError as error:
        raise BadInput(f"XML: {error}") from None
    except DTDForbidden:
        raise BadInput("XML: it has a document type (DTD), which is not read") from None
    except DefusedXmlException:
        raise BadInput("XML: it declares entities, which are not read") from None
    if not isinstance(root, Element):
        raise BadInput("XML: there is no element in it")
    return root


def _utf8(data: bytes) -> bytes:
    utf16 = data[:2] in {b"\xff\xfe", b"\xfe\xff"}
    try:
        return data.decode("utf-16" if utf16 else "utf-8-sig").encode()
    except UnicodeDecodeError as error:
        raise BadInput(f"XML: byte {error.start} is not valid {'UTF-16' if utf16 else 'UTF-8'}") from None


def _refuse_costly(data: bytes) -> None:
    """Refuse what a parser would spend memory and time on before anybody could stop it."""
    if _DOCTYPE.match(data):
        raise BadInput("XML: it has a document type (DTD), which is not read")
    if sum(1 for _ in _ATTRIBUTE.finditer(data)) > MAX_ELEMENTS:  # a parser builds all of an element's at once
        raise BadInput(f"XML: more than {MAX_ELEMENTS} elements and attributes")
    longest = max((len(match[1] or match[2] or b"") for match in _NAMESPACE.finditer(data)), default=0)
    if longest * (data.count(b"=") + data.count(b"<")) > MAX_NAMES or _ODD_NAMESPACE.search(data):
        raise BadInput("XML: the names of its namespaces are too long to be written out")


@dataclass(kw_only=True, slots=True)
class _Counting:
    """Builds the tree for the parser and stops it at the limits."""

    builder: TreeBuilder = field(default_factory=TreeBuilder)
    depth: int = 0
    count: int = 0

    def listen(self, expat: XMLParserType) -> None:
        """Hear of elements and texts from the guarded parser itself: half of the time is what stands in between."""
        expat.ordered_attributes = False
        expat.StartElementHandler = self.start
        expat.EndElementHandler = self.end
        expat.CharacterDataHandler = self.builder.data

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        self.count += 1
        if attributes:
            self.count += len(attributes)
            if "}" in "".join(attributes):
                attributes = {_whole(name): value for name, value in attributes.items()}
        if self.depth > MAX_DEPTH:
            raise BadInput(f"XML: more than {MAX_DEPTH} elements inside each other")
        if self.count > MAX_ELEMENTS:
            raise BadInput(f"XML: more than {MAX_ELEMENTS} elements and attributes")
        self.builder.start(_whole(tag), attributes)

    def end(self, tag: str) -> None:
        self.depth -= 1
        self.builder.end(tag)

    def close(self) -> Element:
        return self.builder.close()


def _whole(name: str) -> str:
    """Return a name as ElementTree has it: `{uri}name` for expat's `uri}name`."""
    return "{" + name if "}" in name else name
