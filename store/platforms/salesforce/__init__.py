"""Salesforce flows: the metadata files (`*.flow-meta.xml`, `*.flow`) that its tools retrieve and deploy."""

from __future__ import annotations

import re
from typing import Final

from store.domain.component import DiffRules, Parsed
from store.domain.secrets import scan
from store.formats.safe_xml import read as read_xml
from store.platforms.salesforce.flow import NOISE, component_of, language, wires
from store.platforms.salesforce.watch import connectors_of, notices_of

_ROOT: Final = re.compile(rb"<(?:\w+:)?Flow(?:Definition)?[\s>]")
_NAMESPACE: Final = b"http://soap.sforce.com/2006/04/metadata"


class Salesforce:
    """Salesforce flows of any API version, processes of Process Builder too. A component is a flow."""

    name: Final = "salesforce"
    rules: Final = DiffRules(
        is_noise=lambda _kind, path: NOISE.covers(path),
        language=language,
        wires=wires,
    )

    def detect(self, data: bytes, name: str) -> int:
        """Return how much `data` looks like the metadata of a flow."""
        head = data[:4096]
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            head = head.replace(b"\0", b"")
        if not _ROOT.search(head):
            return 0
        if _NAMESPACE in head:
            return 95
        return 60 if name.lower().endswith((".flow-meta.xml", ".flow")) else 0

    def parse(self, data: bytes, name: str) -> Parsed:
        """Return the flow with its elements by name, and the actions, components and flows it calls.

        Raises:
            BadInput: no harmless XML, or no flow.
        """
        part = component_of(read_xml(data), name)
        spans = scan(data)
        return Parsed(
            platform=self.name,
            confidence=95,
            components=(part,),
            connectors=connectors_of(part),
            notices=notices_of(part, any_secret=bool(spans)),
            secrets=len(spans),
        )
