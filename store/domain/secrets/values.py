"""What a value looks like: a secret, a placeholder, an expression, a label, code."""

from __future__ import annotations

import math
import re
from base64 import b64decode
from collections import Counter
from typing import Final

SHORTEST: Final = 6
_NO_SECRET: Final = re.compile(
    r"\s*(?:=?\s*\{\{.*|=.*\{\{.*\}\}.*|\$\{.*|\$\(.*|#\{.*|%[\w.]+%|%\{.*|<[^>]*>|&lt;.*|__\w+__|##\w+##|\[redacted.*|\[[^\]]*\]|"
    r"SEALED-[a-z0-9-]+-[a-z2-7]{10}|__n8n_BLANK_VALUE_.*|!(?:secret|env_var)\b.*|"
    r"(?:\$?(?:msg|flow|global|env|process|this|self|node|config|data|req|res|payload|context|params|body|item|"
    r"json|settings|options|secrets|var|local|input|inputs|event|ctx|os|vault|ssm|trigger|triggerbody)|\$\w*)"
    r"(?:[.\[(/:][\w$.\[\]'\"()/:!?-]*)?|"
    r"null|none|nil|true|false|undefined|str|string|securestring|edm\.string|text|int|integer|number|boolean|object|"
    r"array|any|jsonata|pass|password|passwd|passwort|pwd|secret|token|api[ _-]?key|key|bearer|basic|"
    r"n/?a|tbd|todo|fixme|dummy|sample|redacted|hidden|masked|removed|forbid|forbidden|secure|"
    r"managed[ _-]?identity|"
    r"[0-9a-f]{7,8}\.[0-9a-f]{4,6}|"
    r"(?P<same>.)(?P=same)*|"
    r"[*_\"'\\<(\[{]{0,8}(?:[a-z]{2,6}[_-])?(?:your|change|replace|insert|enter|paste|put|add|set|type|fill)[ _-].*|"
    r"(?:change|replace)(?:me|this|it|with).*|your(?:own|api|app|bot|access|auth|client|secret|token|pass|key|user).*|"
    r"[a-z]{2,6}[_-](?:x{3,}|\.{3,}|\*{3,})|omit|include|same-origin|read|write|"
    r"[a-z_]\w{0,40}(?:\.\w{1,40}){0,4}\.(?:access_?|refresh_?|id_?|api_?|client_?)?(?:token|password|secret|key)|"
    r".*(?:[ _-]here|_goes_here)[>\]!.*\"\\]*|.*\bplaceholder\b.*|example(?:[ _-].*)?|.*[ _-]example|inherit(?:ed)?|"
    r"\{[^{}]*\}|@?parameters\(.*|@\{.*|@\w+\(.*|@Microsoft\.KeyVault\(.*|\[\w+\(.*|arn:aws[\w-]*:.*|"
    r"projects/[^/]+/secrets/.*|vault:.*|secretref:.*|op://.*|[,;)].*)?\s*",
    re.IGNORECASE | re.DOTALL,
)
_IDENTIFIER: Final = re.compile(r"[A-Za-z_$][\w$]*(?:\??\.[A-Za-z_$][\w$]*)*")
_DOTTED: Final = re.compile(r"[A-Za-z_$][\w$]*(?:\??\.[A-Za-z_$][\w$]*)+")
_PATH: Final = re.compile(r"(?:~|\.{1,2})?/[\w.-]+(?:/[\w.-]*)*|[\w. -]+(?:/[\w. -]+)*/[\w. -]*\.[A-Za-z]{2,5}")
_HEX: Final = re.compile(r"[0-9a-f]{32,}|[0-9A-F]{32,}")
_DIGIT: Final = re.compile(r"[0-9]")
_LETTER: Final = re.compile(r"[A-Za-z]")
_UUID: Final = re.compile(
    r"(?:[a-z]{1,12}-)?[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}(?:-[0-9]{1,3})?", re.IGNORECASE
)
"""Also as tools number what they made: `Q-…-0`, `test-…`."""
_MEMBER: Final = re.compile(r"[A-Za-z_$][\w$]{0,40}(?:\[[0-9]{1,4}\]|\??\.[A-Za-z_$][\w$]{0,30}){1,9}")
"""A path into an object: `menuItems.menuItem3.onClick`, `queryParameters[0].value`."""
_CONTRACT: Final = re.compile(r"0x[0-9a-fA-F]{40}")
"""The public address of a contract that keeps the accounts of a coin: where money moves, that is a token."""
_LABEL: Final = re.compile(
    r"pass ?(?:word|wort|phrase|code)|token|secret|(?:api|access) ?key|credential|kennwort", re.IGNORECASE
)
_ECHO: Final = re.compile(
    r"(?:client|my|the|test|sample|request|some)?[ _-]?(?:token|secret|key|apikey|password)[ _-]?[0-9]{0,2}",
    re.IGNORECASE,
)
_EXAMPLE: Final = re.compile(r"EXAMPLE(?:KEY)?\Z")


def is_placeholder(value: str) -> bool:
    """Say whether a value is none at all: a placeholder, an expression, a reference to where the secret really is."""
    return bool(_NO_SECRET.fullmatch(value) or _EXAMPLE.search(value))


def is_value(value: str, kind: str = "") -> bool:
    """Say whether a value given to a secret's name is one: no placeholder, no expression, no sentence, no label."""
    if len(value) < 3 or is_placeholder(value) or "\n" in value:
        return False
    if " " in value and (value.count(" ") > 3 or _LABEL.search(value)):
        return False
    if _PATH.fullmatch(value) or value.startswith(("http://", "https://", "mqtt://", "msg.", "${", "#/")):
        return False
    if kind != "password" and (_ECHO.fullmatch(value) or " " in value or not value.isascii()):
        return False
    return not (kind == "token" and (_CONTRACT.fullmatch(value) or (value.isdigit() and len(value) < 8)))


def is_literal(text: bytes, end: int, value: str, *, kind: str, sign: bytes, gap: bytes) -> bool:
    """Say whether an unquoted value, which ends at `end`, is a literal: `PW=hunter2` is, `pw = user.name` is code."""
    if len(value) < SHORTEST or not _DIGIT.search(value):
        return False
    if kind == "token" and value.isdigit():  # `max_tokens: 100000`
        return False
    if text[end : end + 1] in {b"(", b"["} or _DOTTED.fullmatch(value):
        return False
    return not (sign != b":" and gap and _IDENTIFIER.fullmatch(value))


def is_user_and_password(token: bytes) -> bool:
    """Say whether a text is what RFC 7617 (section 2) makes of `user:password`."""
    try:
        plain = b64decode(token + b"=" * (-len(token) % 4)).decode("utf-8")
    except ValueError:
        return False
    return ":" in plain and plain.isprintable()


def looks_random(value: str) -> bool:
    """Say whether a value has the length, the mixture and the entropy (bits a character) of a generated key."""
    if not 16 <= len(value) <= 8192 or not _DIGIT.search(value) or not _LETTER.search(value):
        return False
    if " " in value or "://" in value or _UUID.fullmatch(value) or is_placeholder(value) or _PATH.fullmatch(value):
        return False
    if _MEMBER.fullmatch(value):
        return False
    least = 3.5 if len(value) >= 20 and not _HEX.fullmatch(value) else 3.0
    return entropy(value) >= least


def entropy(value: str) -> float:
    """Return the entropy of a text's characters in bits a character."""
    counts = Counter(value)
    return -sum(n / len(value) * math.log2(n / len(value)) for n in counts.values())
