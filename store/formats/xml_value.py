"""XML as a value that loses nothing but comments: for documents whose meaning nobody knows."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from store.domain.component import Json

ORDER = "#order"
"""Beside the children by name stands the order they came in: in a document nobody knows, order may matter."""


def value_of(root: Element) -> Json:
    """Return `{name: content}`: attributes as `@name`, text as `#text`, children by name.

    Several children of one name are a list. An element that holds text alone is that text. Names in the root's own
    namespace stand without it, and the root says which one it is as `@xmlns`.
    """
    space = root.tag[1:].partition("}")[0] if root.tag.startswith("{") else ""
    content = _content(root, space)
    if space:
        content = {"@xmlns": space, **(content if isinstance(content, dict) else {"#text": content})}
    return {_name(root.tag, space): content}


def _content(element: Element, space: str) -> Json:
    members: dict[str, Json] = {f"@{_name(key, space)}": value for key, value in element.attrib.items()}
    text = element.text or ""
    if any((child.tail or "").strip() for child in element):
        return {**members, "#mixed": _mixed(element, space)}
    if len(element) == 0:
        return {**members, "#text": text} if members and text.strip() else members or text
    if text.strip():
        members["#text"] = text
    several: dict[str, list[Json]] = {}
    for child in element:
        several.setdefault(_name(child.tag, space), []).append(_content(child, space))
    if len(several) > 1:
        members[ORDER] = [_name(child.tag, space) for child in element]
    for name, items in several.items():
        members[name] = items[0] if len(items) == 1 else list(items)
    return members


def _mixed(element: Element, space: str) -> list[Json]:
    """Return text and elements in turn, where they stand between each other as in a page."""
    parts: list[Json] = [element.text] if element.text else []
    for child in element:
        parts.append({_name(child.tag, space): _content(child, space)})
        if child.tail:
            parts.append(child.tail)
    return parts


def _name(tag: str, space: str) -> str:
    return tag.removeprefix(f"{{{space}}}") if space else tag
