"""Colouring code one line at a time with a regular expression: enough to read JSON, scripts and YAML by."""

from __future__ import annotations

import re
from collections.abc import Iterator

_STRING = r"\"(?:[^\"\\]|\\.)*\"?|'(?:[^'\\]|\\.)*'?|`(?:[^`\\]|\\.)*`?"
_NUMBER = r"-?\b\d[\w.]*\b"
_JSON_WORDS = r"\b(?:true|false|null)\b"
_CODE_WORDS = (
    r"\b(?:true|false|null|undefined|None|True|False|if|else|elif|for|while|return|const|let|var|function|new|await|"
    r"async|try|catch|finally|throw|switch|case|break|continue|import|from|export|class|def|in|of|not|and|or|typeof|"
    r"SELECT|FROM|WHERE|INSERT|UPDATE|DELETE|JOIN|ON|AND|OR|NOT|NULL)\b"
)
_LANGUAGES = {
    "json": re.compile(
        rf"(?P<string>{_STRING})|(?P<keyword>{_JSON_WORDS})|(?P<number>{_NUMBER})|(?P<muted>[{{}}\[\],:]+)"
    ),
    "code": re.compile(
        rf"(?P<muted>//.*|\#.*|/\*.*?\*/)|(?P<string>{_STRING})|(?P<keyword>{_CODE_WORDS})|(?P<number>{_NUMBER})"
    ),
}


def tokens(text: str, language: str) -> Iterator[tuple[str, str]]:
    """Yield `(piece, tone)` whose pieces together are `text`. A JSON key is `text`, a JSON value `string`.

    `language` is `json`, `text` (no colours) or any other name, which means code. Linear in the length of the line.
    """
    if language == "text" or len(text) > 2_000:
        yield text, "text"
        return
    pattern = _LANGUAGES.get(language, _LANGUAGES["code"])
    at = 0
    for found in pattern.finditer(text):
        if found.start() > at:
            yield text[at : found.start()], "text"
        tone = found.lastgroup or "text"
        if language == "json" and tone == "string" and text[found.end() :].lstrip().startswith(":"):
            tone = "text"
        yield found.group(), tone
        at = found.end()
    if at < len(text):
        yield text[at:], "text"
