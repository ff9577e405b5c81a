"""SARIF 2.1: how many results a scanner found, by level, and which scanner it was.

Results that the file says are suppressed count all the same: what need not pass is said by an exception, in the
ledger, and not by whoever wrote the file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from store.domain.events import ReportCounts
from store.errors import BadInput
from store.integrity.strict_json import parse

MAX_BYTES: Final = 16 * 1024 * 1024
_MOST_TOOLS: Final = 20
_FOUND: Final = ("fail", "open", "review")
"""Kinds of results that say something is, or may be, wrong; a result without a kind is one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Scan:
    """What a SARIF says."""

    counts: ReportCounts
    tools: tuple[str, ...]


def read(data: bytes) -> Scan:
    """Return what a SARIF counts.

    Raises:
        BadInput: it is no JSON that is read here (`strict_json`), no SARIF 2, or holds no run.
    """
    if len(data) > MAX_BYTES:
        raise BadInput(f"SARIF: {len(data)} bytes are more than the {MAX_BYTES} that are read")
    document = parse(data).value
    if not isinstance(document, dict) or not str(document.get("version", "")).startswith("2."):
        raise BadInput("SARIF: it does not say that it is version 2")
    runs = _list(document, "runs")
    if not runs:
        raise BadInput("SARIF: it holds no run: nothing was scanned")
    if not all(isinstance(run, dict) for run in runs):
        raise BadInput("SARIF: a run is no object")
    levels = Counter(level for run in runs for level in _levels(run))
    tools = tuple(dict.fromkeys(_tool(run) for run in runs))
    if len(tools) > _MOST_TOOLS:
        raise BadInput(f"SARIF: {len(tools)} tools are more than the {_MOST_TOOLS} that are read")
    counts = ReportCounts(
        passed=0,
        errors=levels["error"],
        warnings=levels["warning"],
        notes=levels["note"] + levels["none"],
        broken=sum(not _ended_well(run) for run in runs),
    )
    return Scan(counts=counts, tools=tools)


def _levels(run: Any) -> Iterator[str]:
    """Yield the level of each result: its own, else its rule's, else `warning` (SARIF 2.1.0, 3.27.10)."""
    if run.get("results") is None:
        raise BadInput("SARIF: a run has no results: it did not scan")
    rules = _rules(run)
    for result in _list(run, "results"):
        if not isinstance(result, dict):
            raise BadInput("SARIF: a result is no object")
        if result.get("kind", "fail") not in _FOUND:
            continue
        level = result.get("level", _level_of(rules, result))
        yield level if level in {"error", "warning", "note", "none"} else "error"


def _rules(run: Any) -> list[Any]:
    driver = _driver(run)
    return _list(driver, "rules") if driver.get("rules") is not None else []


def _level_of(rules: list[Any], result: dict[str, Any]) -> str:
    index, name = result.get("ruleIndex"), result.get("ruleId")
    rule: Any = None
    if type(index) is int and 0 <= index < len(rules):
        rule = rules[index]
    elif name is not None:
        rule = next((one for one in rules if isinstance(one, dict) and one.get("id") == name), None)
    configuration = rule.get("defaultConfiguration") if isinstance(rule, dict) else None
    level = configuration.get("level") if isinstance(configuration, dict) else None
    return level if isinstance(level, str) else "warning"


def _tool(run: Any) -> str:
    name = _driver(run).get("name")
    if not isinstance(name, str) or not name.strip():
        raise BadInput("SARIF: a run does not name its tool")
    return name.strip()[:80]


def _driver(run: Any) -> dict[str, Any]:
    tool = run.get("tool") if isinstance(run, dict) else None
    driver = tool.get("driver") if isinstance(tool, dict) else None
    if not isinstance(driver, dict):
        raise BadInput("SARIF: a run does not name its tool")
    return driver


def _ended_well(run: Any) -> bool:
    invocations = _list(run, "invocations") if run.get("invocations") is not None else []
    return all(isinstance(one, dict) and one.get("executionSuccessful") is not False for one in invocations)


def _list(holder: Any, name: str) -> list[Any]:
    found = holder.get(name) if isinstance(holder, dict) else None
    if not isinstance(found, list):
        raise BadInput(f"SARIF: {name} is no list")
    return found
