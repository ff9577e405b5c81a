"""The explanation of a request or deployment as lines: for the terminal and for the console's dialog."""

from __future__ import annotations

from console.presentation.about import place
from console.presentation.spans import Line, line, plain
from store.services.explaining.page import Page, Said, Section

_TONES = {
    "pass": "ok", "approved": "ok", "verified": "ok", "fail": "danger", "failed": "danger", "refused": "danger",
    "waived": "warn", "wider": "warn", "open": "warn", "rollback": "warn", "quarantined": "danger",
}  # fmt: skip


def head_line(page: Page) -> str:
    """Return what the page is about in one line."""
    return f"{page.subject}  {page.title}  {place(page.environment, page.project)}  {page.state}"


def foot_lines(page: Page) -> tuple[str, str]:
    """Return what the page rests on, and how to check it without this console."""
    return (
        f"from the {page.size} entries of {page.origin}, root {page.root}, read {page.at}",
        "check any number: quarterdeck prove NUMBER --out FILE, and quarterdeck verify",
    )


def attested(fact: Said) -> str:
    """Return who said it, when, with which key, and in which entry."""
    signed = f" · {fact.key}" if fact.key else ""
    wrong = f" · SIGNATURE DOES NOT COUNT: {fact.problem}" if fact.problem else ""
    who = f"{fact.actor} · {fact.time} · " if fact.actor else ""
    return f"{who}entry {fact.seq}{signed}{wrong}"


def page_lines(page: Page) -> list[Line]:
    """Return the whole page, a section after the other."""
    lines = [line((head_line(page), "title")), line("")]
    for section in page.sections:
        lines += [line((section.title, "title")), *_section_lines(section), line("")]
    return lines + [line((words, "muted")) for words in foot_lines(page)]


def page_text(page: Page) -> list[str]:
    """Return the page as safe plain lines."""
    return [plain(words).rstrip() for words in page_lines(page)]


def _section_lines(section: Section) -> list[Line]:
    if not section.facts:
        return [line((f"  {section.nothing}", "muted"))]
    return [_fact_line(fact) for fact in section.facts]


def _fact_line(fact: Said) -> Line:
    state = ((f"[{fact.state}] ", _TONES.get(fact.state, "info")),) if fact.state else ()
    tone = "danger" if fact.problem else "muted"
    return line("  ", *state, (fact.label, "strong"), f": {fact.text}", (f"  ({attested(fact)})", tone))
