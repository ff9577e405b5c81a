"""The code of an application that is kept in git: a JS object and the text of a query each have a file of their own."""

from __future__ import annotations

import re
from typing import Final

from store.domain.build import component
from store.domain.component import Component, Json, Path
from store.errors import BadInput
from store.platforms.appsmith.application import language as language_elsewhere

_MOST: Final = 4 * 1024 * 1024
"""Bytes of the largest of them that is read; people write them."""
_BODY: Final = re.compile(
    r"(?:\A|/)(?:jsobjects/(?P<object>[^/]+)/(?P=object)\.js|queries/(?P<query>[^/]+)/(?P=query)\.txt)\Z"
)
JS_CODE: Final = "js code"
QUERY_TEXT: Final = "query text"


def is_body(name: str) -> bool:
    """Say whether a file lies where Appsmith keeps code: `pages/Home/queries/Orders/Orders.txt`."""
    return _BODY.search(name) is not None


def body(data: bytes, name: str) -> Component:
    """Return the code in such a file.

    Raises:
        BadInput: no text, or too much of it.
    """
    found = _BODY.search(name)
    if found is None or len(data) > _MOST:
        raise BadInput("not the code of an Appsmith application")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(f"the code of an Appsmith application: byte {error.start} is not valid UTF-8") from None
    content: Json = {"body": text.replace("\r\n", "\n")}
    kind = JS_CODE if found["object"] else QUERY_TEXT
    shown = found["object"] or found["query"]
    return component(id=name, name=shown, kind=kind, content=content, behaviour=content, labels={}, source=None)


def language(kind: str, path: Path, value: str) -> str | None:
    """Return the language of a code field, in these files and in the others."""
    if kind == JS_CODE:
        return "javascript"
    if kind == QUERY_TEXT:
        return language_elsewhere("query", ("body",), value) or "text"
    return language_elsewhere(kind, path, value)
