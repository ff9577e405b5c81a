"""The explanation as a file: Markdown, or HTML that stands alone. Nothing in it but our own markup is markup."""

from __future__ import annotations

import re
from html import escape
from typing import Final

from console.presentation.explained import attested, foot_lines, head_line
from console.presentation.text import display
from store.services.explaining.page import Page, Said, Section

_STYLE: Final = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;color:#1b1f24;"
    "background:#fff}h1{font-size:1.4rem}h2{font-size:1.05rem;border-bottom:1px solid #ccc;margin-top:1.6rem}"
    "dt{font-weight:600;margin-top:.5rem}dd{margin:0;overflow-wrap:anywhere}small{color:#555}"
    ".problem{color:#a40000;font-weight:600}.state{border:1px solid #888;border-radius:3px;padding:0 .3rem}"
)
_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~&$@:^=/\"'])")


def page_markdown(page: Page) -> str:
    """Return the page as Markdown (CommonMark): text from outside is escaped, so that it shows and does nothing."""
    parts = [f"# {_md(head_line(page))}", ""]
    for section in page.sections:
        parts += [f"## {_md(section.title)}", "", *_section_md(section), ""]
    parts += [f"{_md(words)}  " for words in foot_lines(page)]
    return "\n".join(parts) + "\n"


def page_html(page: Page) -> str:
    """Return the page as one HTML document without scripts or anything to fetch; its own policy forbids both."""
    body = "".join(_section_html(section) for section in page.sections)
    foot = "".join(f"<p><small>{_html(words)}</small></p>" for words in foot_lines(page))
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{_html(page.subject)}</title><style>{_STYLE}</style></head>"
        f"<body><h1>{_html(head_line(page))}</h1>{body}{foot}</body></html>\n"
    )


def _section_md(section: Section) -> list[str]:
    if not section.facts:
        return [_md(section.nothing)]
    return [_fact_md(fact) for fact in section.facts]


def _fact_md(fact: Said) -> str:
    state = f" \\[{_md(fact.state)}\\]" if fact.state else ""
    return f"- **{_md(fact.label)}**{state}: {_md(fact.text)}  \n  *{_md(attested(fact))}*"


def _section_html(section: Section) -> str:
    facts = "".join(_fact_html(fact) for fact in section.facts)
    inside = f"<dl>{facts}</dl>" if facts else f"<p>{_html(section.nothing)}</p>"
    return f'<section id="{_html(section.id)}"><h2>{_html(section.title)}</h2>{inside}</section>'


def _fact_html(fact: Said) -> str:
    state = f' <span class="state">{_html(fact.state)}</span>' if fact.state else ""
    mark = ' class="problem"' if fact.problem else ""
    said = f"<small{mark}>{_html(attested(fact))}</small>"
    return f"<dt>{_html(fact.label)}{state}</dt><dd>{_html(fact.text)}<br>{said}</dd>"


def _html(text: str) -> str:
    return escape(display(text), quote=True)


def _md(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", display(text))
