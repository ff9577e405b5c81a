"""Which fields of a step are code, and in which language."""

from __future__ import annotations

import re
from typing import Final

from store.domain.component import Path

_POWERSHELL: Final = re.compile(
    r"(?mi)^\s*(?:param\s*\(|\$\w+\s*=|function\s+\w+-\w+|(?:get|set|push|write|invoke)-\w+)"
)
_CSHARP: Final = re.compile(
    r"(?m)^\s*(?:using\s+[\w.]+;|#r\s+\"|(?:public|private|internal)\s+(?:static|class|async)\b)"
)
_SQL: Final = re.compile(r"(?i)\s*(?:select|insert|update|delete|merge|exec|execute|with|declare)\s")
_FILES: Final = (".ps1", ".csx", ".cs", ".js")


def language(path: Path, value: str) -> str | None:
    """Return the language of a field in a content, None where it is no code.

    A step's type does not stand in the path, so inline code is known by its looks.
    """
    if len(path) < 3 or path[0] != "nodes" or not value:
        return None
    name = path[-1].lower()
    if name in {"code", "script", "scripttext", "codefile"} and "inputs" in path:
        return _inline(value)
    if (value.startswith("@") and not value.startswith("@@")) or "@{" in value:
        return "expression"
    if name.rpartition("/")[2] in {"query", "sqlquery", "commandtext"} and _SQL.match(value):
        return "sql"
    if name.rpartition("/")[2] in {"body", "html", "content"} and "</" in value:
        return "html"
    return None


def _inline(value: str) -> str | None:
    if "\n" not in value and value.endswith(_FILES):
        return None  # the name of a file is no code
    if _CSHARP.search(value):
        return "csharp"
    return "powershell" if _POWERSHELL.search(value) and "workflowContext" not in value else "javascript"
