"""XML elements as values that can be compared: attributes under `@name`, children by their tags."""

from __future__ import annotations

from typing import Final
from xml.etree.ElementTree import Element

from store.domain.component import Json

TEXT: Final = "#text"
_NIL: Final = "@nil"


def tag(element: Element) -> str:
    """Return an element's tag without its namespace."""
    return element.tag.rpartition("}")[2]


def value(element: Element) -> Json:
    """Return an element as a value: its text where it has nothing else, a list where a tag stands several times."""
    found: dict[str, Json] = {f"@{key.rpartition('}')[2]}": text for key, text in element.attrib.items()}
    if found.get(_NIL) == "true":
        return None
    children: dict[str, list[Json]] = {}
    for child in element:
        children.setdefault(tag(child), []).append(value(child))
    for name, items in children.items():
        found[name] = items[0] if len(items) == 1 else items
    text = (element.text or "").strip() if children else (element.text or "")
    if not found:
        return text
    if text.strip():
        found[TEXT] = text
    return found
