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
    children = list(element)
    text = element.text or ""
    given = element.items()
    if not children and not given:
        return text
    members: dict[str, Json] = {f"@{_name(key, space)}": value for key, value in given}
    if not children:
        return {**members, "#text": text} if text.strip() else members
    for child in children:
        if (tail := child.tail) and not tail.isspace():
            return {**members, "#mixed": _mixed(element, space)}
    if text.strip():
        members["#text"] = text
    names = [child.tag for child in children]
    if space:
        names = [_name(name, space) for name in names]
    contents = [_content(child, space) for child in children]
    if len(several := set(names)) == len(names):  # each name once
        if len(names) > 1:
            members[ORDER] = list(names)
        members.update(zip(names, contents, strict=True))
        return members
    if len(several) > 1:
        members[ORDER] = list(names)
    grouped: dict[str, list[Json]] = {}
    for name, content in zip(names, contents, strict=True):
        grouped.setdefault(name, []).append(content)
    for name, items in grouped.items():
        members[name] = items[0] if len(items) == 1 else items
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
