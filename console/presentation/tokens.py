"""Colouring code one line at a time with a regular expression: enough to read JSON, scripts, queries and templates by.

One line alone, because only what is on the screen is coloured: a comment of several lines is known by its first and
last line, and by the `*` that its lines begin with.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

_STRING = r"\"(?:[^\"\\]|\\.)*\"?|'(?:[^'\\]|\\.)*'?"
_TICKED = r"`(?:[^`\\]|\\.)*`?"
_NUMBER = r"-?\b\d[\w.]*\b"
_HOLE = r"\{\{(?:(?!\{\{|\}\}).){0,400}\}\}|\{%(?:(?!\{%|%\}).){0,400}%\}|\{![^{}]{0,400}\}|[$@]\{[^{}]{0,400}\}"
"""What a template puts a value in for: `{{ $json.total }}`, `{% if %}`, `{!Account.Name}`, `${env}`, `@{body()}`."""
_JSON_WORDS = r"\b(?:true|false|null)\b"
_SCRIPT_WORDS = (
    r"\b(?:true|false|null|undefined|NaN|if|else|for|while|do|return|const|let|var|function|new|await|async|try|catch|"
    r"finally|throw|switch|case|default|break|continue|import|from|export|class|extends|of|in|typeof|instanceof|delete|"
    r"void|this|yield)\b"
)
_PYTHON_WORDS = (
    r"\b(?:None|True|False|if|elif|else|for|while|return|def|class|lambda|import|from|as|with|try|except|finally|raise|"
    r"assert|pass|break|continue|in|is|not|and|or|await|async|yield|global|nonlocal|del|match|case)\b"
)
_SQL_WORDS = (
    r"\b(?i:select|from|where|insert|into|values|update|set|delete|join|left|right|inner|outer|full|cross|on|as|and|or|"
    r"not|null|is|in|like|between|exists|group|by|order|having|limit|offset|union|all|distinct|with|case|when|then|"
    r"else|end|create|alter|drop|table|index|view|primary|key|default|returning|asc|desc|count|sum|avg|min|max)\b"
)
_LANGUAGES = {
    "json": rf"(?P<string>{_STRING}|{_TICKED})"
    rf"|(?P<keyword>{_JSON_WORDS})|(?P<number>{_NUMBER})|(?P<muted>[{{}}\[\],:]+)",
    "javascript": rf"(?P<muted>//.*|/\*.*?(?:\*/|$)|^\s*\*(?:[ /].*)?$)|(?P<string>{_STRING}|{_TICKED})"
    rf"|(?P<keyword>{_SCRIPT_WORDS})|(?P<number>{_NUMBER})",
    "python": rf"(?P<muted>\#.*)|(?P<string>[rbfuRBFU]{{0,2}}(?:\"\"\".*?(?:\"\"\"|$)|'''.*?(?:'''|$)|{_STRING}))"
    rf"|(?P<keyword>{_PYTHON_WORDS})|(?P<number>{_NUMBER})",
    "sql": rf"(?P<muted>--.*|/\*.*?(?:\*/|$))|(?P<hole>{_HOLE})|(?P<string>{_STRING})|(?P<keyword>{_SQL_WORDS})"
    rf"|(?P<number>{_NUMBER})",
    "template": rf"(?P<hole>{_HOLE})",
    "prose": rf"(?P<hole>{_HOLE})",
    "code": rf"(?P<muted>//.*|\#.*|/\*.*?\*/)|(?P<string>{_STRING}|{_TICKED})"
    rf"|(?P<keyword>{_SCRIPT_WORDS}|{_PYTHON_WORDS}|{_SQL_WORDS})"
    rf"|(?P<number>{_NUMBER})",
}
_HOLES = re.compile(_HOLE)
_TONES = {"hole": "keyword"}
LONGEST = 2_000
"""Letters of a line that is coloured at all."""


@lru_cache(maxsize=1_024)
def tokens(text: str, language: str) -> tuple[tuple[str, str], ...]:
    """Return `(piece, tone)` whose pieces together are `text`. A JSON key is `text`, a JSON value `string`.

    `language` is `json`, `text` (no colours), one of `_LANGUAGES`, or any other name, which means code. What a
    template fills in is a `keyword` in any string. Bounded by the length of the line.
    """
    if language == "text" or len(text) > LONGEST:
        return ((text, "text"),)
    return tuple(_tokens(text, language))


@lru_cache(maxsize=16)
def _compiled(language: str) -> re.Pattern[str]:
    return re.compile(_LANGUAGES[language])


def _tokens(text: str, language: str) -> Iterator[tuple[str, str]]:
    pattern = _compiled(language if language in _LANGUAGES else "code")
    at = 0
    for found in pattern.finditer(text):
        if found.start() > at:
            yield text[at : found.start()], "text"
        tone = found.lastgroup or "text"
        if language == "json" and tone == "string" and text[found.end() :].lstrip().startswith(":"):
            tone = "text"
        yield from _with_holes(found.group()) if tone == "string" else ((found.group(), _TONES.get(tone, tone)),)
        at = found.end()
    if at < len(text):
        yield text[at:], "text"


def _with_holes(string: str) -> Iterator[tuple[str, str]]:
    """Yield a string's pieces, what a template fills in told apart."""
    at = 0
    for hole in _HOLES.finditer(string):
        if hole.start() > at:
            yield string[at : hole.start()], "string"
        yield hole.group(), "keyword"
        at = hole.end()
    if at < len(string):
        yield string[at:], "string"
