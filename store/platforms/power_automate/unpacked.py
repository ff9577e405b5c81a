"""What else the command line tool lays a solution out into: the folders of canvas apps and of Copilot Studio agents."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Final

from store.domain.component import Component, Json
from store.errors import BadInput
from store.formats.safe_xml import read as read_xml
from store.formats.safe_yaml import read as read_yaml
from store.integrity.strict_json import parse as parse_json
from store.platforms.power_automate.parts import MAX_TEXT, part
from store.platforms.power_automate.xml_value import tag, value

LAYOUT: Final = "app-layout"
"""What the studio writes down for itself: the order of things, what was folded in."""
AGENTS: Final = {"bot": "agent", "botcomponent": "agent-component"}
"""Root element → kind of component."""
DIALOG: Final = "agent-dialog"
_IN_APP: Final = re.compile(r"(?:\A|/)CanvasApps/(?:src/)?[^/]+/.+\.(?:json|xml|sarif)\Z", re.IGNORECASE)
_LAYOUT: Final = re.compile(r"(?:\A|/)(?:Entropy/[^/]+|Src/EditorState/.+)\Z", re.IGNORECASE)
_AGENT: Final = re.compile(rb"\A(?:\xef\xbb\xbf)?(?:<\?xml[^>]{0,100}\?>)?\s{0,9}<(?:bot|botcomponent) schemaname=")
_DIALOG: Final = re.compile(
    rb"^kind: (?:AdaptiveDialog|TaskDialog|GptComponentMetadata|KnowledgeSourceConfiguration)[ \t\r]*$", re.MULTILINE
)
_KIND: Final = re.compile(rb"^kind: [A-Z]\w{2,60}[ \t\r]*$", re.MULTILINE)
_CONFIGURATION: Final = b'"BotConfiguration"'
_WEB: Final = re.compile(r"(?:\A|/)WebResources/.+\.(?:js|ts|html?|css)\Z", re.IGNORECASE)
_HEAD: Final = 4096


def is_unpacked(data: bytes, name: str) -> bool:
    """Say at a glance whether a file is a part of an unpacked canvas app or agent."""
    head = data[:_HEAD]
    if _is_web_resource(data, name):
        return True
    if _IN_APP.search(name) is not None or _AGENT.match(head) is not None:
        return True
    if b'"$kind"' in head and _CONFIGURATION in head:
        return True
    return is_dialog(head, name)


def _is_web_resource(data: bytes, name: str) -> bool:
    """Say whether a file is a script or a page of a solution, and text that is short enough to be shown."""
    return _WEB.search(name) is not None and len(data) <= MAX_TEXT and b"\0" not in data[:_HEAD]


def is_dialog(data: bytes, name: str) -> bool:
    """Say whether a file is a topic, or another part of an agent, in YAML: most have no ending."""
    head, path = data[:_HEAD], name.lower()
    is_ours = "botcomponents/" in path or path.endswith((".mcs.yml", ".mcs.yaml"))
    return _DIALOG.search(head) is not None or (is_ours and _KIND.search(head) is not None)


def unpacked(data: bytes, name: str) -> tuple[Component, ...]:
    """Return what one file of an unpacked app or agent holds.

    Raises:
        BadInput: it cannot be read.
    """
    shown = PurePosixPath(name).name
    if _is_web_resource(data, name):
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise BadInput(f"a web resource: byte {error.start} is not valid UTF-8") from None
        return (part("file", {"source": {shown: text.replace("\r\n", "\n")}}, key=name, name=shown),)
    if is_dialog(data, name):
        documents = read_yaml(data)
        if len(documents) != 1 or not isinstance(documents[0], dict):
            raise BadInput("not a part of an agent")
        folder = PurePosixPath(name).parent.name
        called = folder.rpartition(".")[2] if shown == "data" and folder else shown
        return (part(DIALOG, documents[0], key=name, name=called),)
    if data[:64].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<":
        root = read_xml(data)
        content = value(root)
        kind = AGENTS.get(tag(root), "app-file")
        schema = content.get("@schemaname") if isinstance(content, dict) else None
        title = content.get("name") if isinstance(content, dict) else None
        key = schema if kind != "app-file" and isinstance(schema, str) and schema else name
        return (part(kind, content, key=key, name=title if isinstance(title, str) and title else shown),)
    document: Json = parse_json(data).value
    return (part(LAYOUT if _LAYOUT.search(name) else "app-file", document, key=name, name=shown),)
