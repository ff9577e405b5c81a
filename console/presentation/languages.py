"""Which lines of a component's text are code, and in which language: for colouring alone, so a guess may be wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

_HEAD = re.compile(r'( *)(?:"(?P<key>(?:[^"\\]|\\.)*)": )?\|\Z')
"""What `component_text` writes above a text of several lines, which stands indented below it."""
_LOOKED_AT = 40
"""Lines of a text that are looked at to tell its language."""
_BY_KEY = (
    (re.compile(r"python|\.py\b", re.IGNORECASE), "python"),
    (re.compile(r"sql|\bquery\b|statement", re.IGNORECASE), "sql"),
    (
        re.compile(r"javascript|jscode|functioncode|func\b|initialize|finalize|script|\.js\b", re.IGNORECASE),
        "javascript",
    ),
)
"""How platforms call a field of code → its language."""
_SQL = re.compile(r"\s*(?:--.*\n\s*)*(?:SELECT|INSERT|UPDATE|DELETE|WITH|CREATE|ALTER|MERGE|DROP)\b", re.IGNORECASE)
_PYTHON = re.compile(
    r"^\s*(?:def \w+\(|import \w|from \w+(?:\.\w+)* import |elif |class \w+.*:|#!.*python)", re.MULTILINE
)
_SCRIPT = re.compile(r"\b(?:const|let|var|function|return|await|=>|typeof)\b|=>|;\s*$|//", re.MULTILINE)
_TEMPLATE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\$\{|@\{|\{!")
_DOCUMENT = re.compile(r"\s*[\[{]\s*(?:[\"\]}\[{]|$)")


def languages(lines: Sequence[str]) -> Mapping[int, str]:
    """Return line number → language of every line of code in a text that `component_text` made; linear."""
    found: dict[int, str] = {}
    at = 0
    while at < len(lines):
        head = _HEAD.match(lines[at]) if lines[at].endswith("|") else None
        at += 1
        if head is None:
            continue
        inside = len(head[1]) + 2
        start = at
        while at < len(lines) and (not lines[at] or lines[at].startswith(" " * inside)):
            at += 1
        language = language_of(
            head["key"] or "", "\n".join(line[inside:400] for line in lines[start : start + _LOOKED_AT])
        )
        found.update(dict.fromkeys(range(start, at), language))
    return found


def language_of(key: str, text: str) -> str:
    """Return the language of a text of several lines by how its field is called and by how it begins."""
    if _SQL.match(text):
        return "sql"
    if _DOCUMENT.match(text):
        return "json"
    if _PYTHON.search(text):
        return "python"
    for pattern, language in _BY_KEY:
        if pattern.search(key):
            return language
    if _SCRIPT.search(text):
        return "javascript"
    return "template" if _TEMPLATE.search(text) else "prose"
