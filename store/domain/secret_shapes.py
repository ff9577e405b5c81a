"""The table of shapes that are secrets wherever they stand; to know one more, add a line."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """A secret by its looks. The pattern is tried only where a needle stands, and begins there."""

    kind: str
    needles: tuple[bytes, ...]
    """As they stand in the text; in lower case where the pattern does not mind the case."""
    pattern: re.Pattern[bytes]
    """Group 1 is the secret itself."""
    any_case: bool = False
    base64: bool = False
    """The secret counts only when it is the base64 of `user:password`."""


def _shape(kind: str, needles: str, pattern: str, *, any_case: bool = False, base64: bool = False) -> Shape:
    words = tuple(needle.encode() for needle in needles.split("|"))
    compiled = re.compile(pattern.encode(), re.DOTALL | (re.IGNORECASE if any_case else 0))
    return Shape(kind=kind, needles=words, pattern=compiled, any_case=any_case, base64=base64)


SHAPES: Final = (
    _shape("password in a URL", "://", r"://[^\s/:@\"'`<>\\]{0,128}:([^\s/@\"'`<>\\]{1,256})@"),
    _shape("bearer token", "bearer ", r"bearer +((?=[a-z._~+/-]*[0-9])[a-z0-9._~+/-]{12,}=*)", any_case=True),
    _shape("basic credentials", "basic ", r"basic +([a-z0-9+/]{6,}={0,2})", any_case=True, base64=True),
    _shape(
        "private key",
        "-----BEGIN ",
        r"(-----BEGIN (?:[A-Z0-9]+ ){0,4}PRIVATE KEY(?: BLOCK)?-----.*?"
        r"(?:-----END (?:[A-Z0-9]+ ){0,4}PRIVATE KEY(?: BLOCK)?-----|\Z))",
    ),
    _shape("shared access signature", "sig=", r"(?<=[?&;])sig=([A-Za-z0-9%+/_=-]{20,255})"),
)
LONG_SHAPES: Final = (
    # Each holds at least 20 characters of [A-Za-z0-9_-] in a row: most texts need no closer look.
    _shape("AWS access key", "AKIA|ASIA", r"(?<![A-Za-z0-9_])((?:AKIA|ASIA)[0-9A-Z]{16})(?![A-Za-z0-9_])"),
    _shape("GitHub token", "ghp_|gho_|ghu_|ghs_|ghr_", r"(gh[pousr]_[A-Za-z0-9]{30,255})"),
    _shape("GitHub token", "github_pat_", r"(github_pat_[A-Za-z0-9_]{22,255})"),
    _shape("GitLab token", "glpat-", r"(glpat-[A-Za-z0-9_-]{20,255})"),
    _shape("Slack token", "xox", r"(xox[abeoprs]-[A-Za-z0-9-]{15,255})"),
    _shape("Slack webhook", "hooks.slack.com", r"hooks\.slack\.com/(?:services|workflows)/([A-Za-z0-9_/-]{20,255})"),
    _shape(
        "JSON web token", "eyJ", r"(?<![A-Za-z0-9_-])(eyJ[A-Za-z0-9_-]{17,}+\.eyJ[A-Za-z0-9_-]{8,}+\.[A-Za-z0-9_-]*+)"
    ),
    _shape("Google API key", "AIza", r"(AIza[0-9A-Za-z_-]{35})"),
    _shape("Stripe key", "sk_live_|rk_live_|sk_test_|rk_test_", r"([sr]k_(?:live|test)_[0-9A-Za-z]{16,255})"),
    _shape("API key", "sk-", r"(?<![A-Za-z0-9_-])(sk-(?:[a-z]{1,12}[0-9]{0,4}-){0,3}[A-Za-z0-9_]{20,255})"),
    _shape("SendGrid key", "SG.", r"(SG\.[A-Za-z0-9_-]{20,64}\.[A-Za-z0-9_-]{16,128})"),
    _shape("npm token", "npm_", r"(npm_[A-Za-z0-9]{36})"),
    _shape("Telegram bot token", ":AA", r"(?<=[0-9]{8}):(AA[A-Za-z0-9_-]{32,34})"),
)
