"""What a plain scalar of YAML means: YAML 1.1 where JSON has the value, else a text under its type."""

from __future__ import annotations

import re
from typing import Final

import yaml

from store.domain.component import Json

TAG: Final = "tag:yaml.org,2002:"
_INTEGER: Final = re.compile(r"0|-?[1-9][0-9]{0,17}")
_DECIMAL: Final = re.compile(r"[-+]?[0-9]{1,17}\.[0-9]{0,17}(?:[eE][-+]?[0-9]{1,2})?")
_WORDS: Final[dict[str, bool | None]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"), True),
    **dict.fromkeys(("false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"), False),
}
_LONGEST_WORD: Final = max(map(len, _WORDS))


def plain_scalar(text: str) -> Json:
    """Return what a text means that stands without quotes and without a tag."""
    if len(text) <= _LONGEST_WORD and text in _WORDS:
        return _WORDS[text]
    if text[0] not in "-+.0123456789" or text in {"-", "+", "."}:
        return text
    if _INTEGER.fullmatch(text):
        return int(text)
    if _DECIMAL.fullmatch(text):
        return float(text)
    kind = _kind(text)
    return text if kind == TAG + "str" else {short(kind): text}


def short(tag: str) -> str:
    """Return a tag as people write it: `!int` for one of YAML's own."""
    return "!" + tag.removeprefix(TAG) if tag.startswith(TAG) else tag


def _kind(text: str) -> str:
    """Return the tag YAML 1.1 gives a plain scalar, from PyYAML's table of patterns by first character."""
    for tag, pattern in yaml.SafeLoader.yaml_implicit_resolvers.get(text[0], ()):
        if pattern.match(text):
            return str(tag)
    return TAG + "str"
