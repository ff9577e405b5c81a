"""What a verification came to, in words that always say against what. Pure."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable

from console.presentation.spans import Line, line
from console.presentation.text import display_lines
from console.presentation.times import lasted
from console.presentation.words import counted
from store.ledger.report import Problem, Report, Verdict

_AGAINST = {
    Verdict.INVALID: "something in this file is not what it was",
    Verdict.DIVERGED: "it contradicts a head that was kept outside",
    Verdict.SHORTER: "a head kept outside is larger than this file: entries are missing at its end",
    Verdict.UNSIGNED: "no signed checkpoint covers the newest entry",
    Verdict.SELF_CONSISTENT: "checked against the log's own key only: no head is kept outside",
    Verdict.ANCHORED: "agrees with the kept head of {0:,}",
    Verdict.WITNESSED: "agrees with a head of {0:,} that witnesses cosigned",
}
_MOST_NOTES = 4
_ABOUT_THE_WHOLE = frozenset({"unsigned", "diverged", "shorter", "head", "checkpoint", "tree", "tables"})


def verdict_line(report: Report, size: int) -> Line:
    """Return the verdict in one line; `size` is how many entries there are by now."""
    tone, symbol = ("ok", "✓") if report.ok else ("danger", "✗")
    anchored = report.anchored[0] if report.anchored else 0
    newer = max(size - report.entries, 0)
    parts: list[tuple[str, str]] = [
        (f"{symbol} {report.verdict.value}", tone if report.ok else "badge-danger"),
        (f"  {counted(report.entries, 'entry', 'entries')} in {lasted(report.seconds)}", "text"),
    ]
    if newer:
        parts.append((f"  +{newer:,} newer, not looked at", "warn"))
    if report.problems:
        problems = counted(len(report.problems), "problem")
        parts += [(f"  {problems}: ", "danger"), ("p", "key"), (" lists them", "danger")]
    if report.warnings:
        parts += [(f"  {counted(len(report.warnings), 'warning')}: ", "warn"), ("p", "key"), (" lists them", "warn")]
    parts.append((f"  {_AGAINST[report.verdict].format(anchored)}", "muted"))
    return line(*parts)


def verdict_lines(report: Report, scope: str) -> list[Line]:
    """Return the verdict with all it rests on; `scope` says in words what was looked at."""
    anchored = report.anchored[0] if report.anchored else 0
    lines = [
        line((_AGAINST[report.verdict].format(anchored), "text" if report.ok else "danger")),
        line(("looked at     ", "muted"), f"{counted(report.entries, 'entry', 'entries')}, {scope}"),
        line(("root          ", "muted"), b64encode(report.root).decode()),
        line(("unanchored    ", "muted"), f"{counted(report.tail_entries, 'entry', 'entries')} at the end, "
             f"over {counted(report.tail_minutes, 'minute')}"),
    ]  # fmt: skip
    kept = dict.fromkeys(("kept outside", one.kept) for one in report.contradictions)
    ours = dict.fromkeys(("signed here", one.ours or b"") for one in report.contradictions)
    for label, note in [*kept, *ours][:_MOST_NOTES]:
        size = display_lines(note.decode("utf-8", errors="replace"))[1:3]
        lines.append(line((f"{label:<14}", "muted"), " entries, root ".join(size) or "nothing"))
    return lines


def by_cause(problems: Iterable[Problem]) -> list[Problem]:
    """Return problems with causes first: what is wrong with an entry, then what follows for the whole."""
    return sorted(problems, key=lambda found: (found.seq == 0 or found.problem in _ABOUT_THE_WHOLE, found.seq))


def problem_where(problem: Problem) -> str:
    """Return what a problem is about."""
    return f"#{problem.seq:,}" if problem.seq else "the file"


def progress_line(what: str, done: int, total: int, seconds: float) -> Line:
    """Return how far a verification is: never a wait without a number."""
    share = done * 100 // total if total else 0
    far = f"  {what} {done:,} of {total:,} · {lasted(seconds)}"
    return line((" VERIFYING ", "badge-info"), far, (f" · {share} %   ", "muted"), ("esc", "key"), " stops")
