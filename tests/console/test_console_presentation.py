from __future__ import annotations

from datetime import UTC, datetime, timedelta
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.hostile import HOSTILE

from console.presentation.changes import changes_of
from console.presentation.component_text import component_text
from console.presentation.languages import languages
from console.presentation.spans import GROUNDS, TONES, Span, content, fit, line, plain, width, wrap
from console.presentation.text import display
from console.presentation.themes import PALETTES, variables
from console.presentation.times import age, ago, ago_short, due, lasted, when
from console.presentation.tokens import tokens
from console.presentation.words import KINDS, SEVERITIES, STATUSES, counted, kind, severity, short_digest, status
from store.domain.component import Component, Json

NOW = datetime(2026, 11, 23, 14, 2, 11, tzinfo=UTC)


def test_a_span_is_safe_because_it_was_made() -> None:
    assert [Span(name).text for name in HOSTILE[:1]] == [r"\u{1b}[2J\u{1b}[31337mred"]


def test_a_tone_that_does_not_exist_is_refused() -> None:
    with pytest.raises(KeyError):
        Span("x", "purple")


def test_content_is_never_parsed_as_markup() -> None:
    for name in HOSTILE:
        assert content(line((name, "danger"))).plain == plain(line(name))


def test_what_is_cut_twice_says_so_once() -> None:
    once = fit(line("a long title", ("that goes on", "strong")), 18)
    assert plain(fit((*once, Span("  more", "muted")), 18)).count("…") == 1
    assert plain(fit(line("prod", plain(fit(line("a long title"), 6)) + "tail"), 9)).count("……") == 0
    assert "……" not in display(display("refund-approvals-of-production", 13), 12)


@given(st.lists(st.text(max_size=20), min_size=1, max_size=4), st.integers(0, 40))
def test_fitting_gives_exactly_the_cells_asked_for_or_a_little_less(parts: list[str], cells: int) -> None:
    assert width(fit(line(*parts), cells)) <= cells
    if width(line(*parts)) <= cells:
        assert width(fit(line(*parts), cells)) == cells


@given(st.text(st.characters(codec="ascii", categories=("L", "Zs")), max_size=200), st.integers(6, 60))
def test_wrapping_loses_nothing_but_blanks(text: str, cells: int) -> None:
    lines = wrap(line(text), cells)
    assert all(width(found) <= cells for found in lines), "what stands over the edge is cut, and a letter with it"
    assert "".join(plain(found) for found in lines).replace(" ", "") == text.replace(" ", "")


def test_every_tone_and_ground_names_a_variable_that_every_palette_has() -> None:
    built_in = {"foreground", "success", "accent", "warning", "error", "panel"}
    for palette in PALETTES:
        known = set(variables(palette)) | built_in
        for style in (*TONES.values(), *GROUNDS.values()):
            assert {word[1:] for word in style.split() if word.startswith("$")} <= known


@pytest.mark.parametrize("table", [SEVERITIES, STATUSES, KINDS])
def test_every_mark_has_one_cell_and_an_ascii_stand_in(table: dict[str, object]) -> None:
    for mark in table.values():
        assert len(mark.symbol) == 1
        assert mark.ascii.isascii()
        assert mark.word


def test_a_value_from_a_newer_version_is_shown_in_its_own_word() -> None:
    assert plain(status("levitating").line()) == "· levitating"
    assert kind("teleport.began").word == "teleport.began" or "teleport" in kind("teleport.began").word
    assert severity("critical").word == "CRIT"


def test_numbers_read_as_people_write_them() -> None:
    assert counted(1, "flow") == "1 flow"
    assert counted(1204, "entry", "entries") == "1,204 entries"
    assert short_digest("9f1c" * 16) == "9f1c9f…9f1c"


@pytest.mark.parametrize(
    ("seconds", "short", "long"),
    [(0, "now", "just now"), (40, "40s", "40 s ago"), (200, "3m", "3 min ago"), (7300, "2h", "2 h ago"),
     (3 * 86400, "3d", "3 d ago"), (63 * 86400, "9w", "9 weeks ago"), (-5, "now", "just now")],
)  # fmt: skip
def test_ages_are_short(seconds: int, short: str, long: str) -> None:
    then = NOW - timedelta(seconds=seconds)
    assert age(then, NOW) == short
    assert ago(then, NOW) == long


def test_deadlines_and_durations_are_in_words() -> None:
    assert due(NOW + timedelta(hours=3), NOW) == "due in 3 h"
    assert due(NOW - timedelta(minutes=20), NOW) == "overdue 20 min"
    assert [lasted(s) for s in (0.42, 12, 80, 7500)] == ["0.4 s", "12 s", "1 min 20 s", "2 h 5 min"]
    assert when(NOW, NOW) == "14:02:11Z"
    assert when(NOW - timedelta(days=2), NOW) == "2026-11-21 14:02Z"


@pytest.mark.parametrize("seconds", [0, 4, 59, 3_599, 86_399, 13 * 86_400, 99 * 7 * 86_400])
def test_how_long_something_is_overdue_fits_its_column(seconds: int) -> None:
    now = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
    assert len(ago_short(now - timedelta(seconds=seconds), now)) <= 7


@given(
    st.text(max_size=300), st.sampled_from(["json", "javascript", "python", "sql", "template", "prose", "code", "text"])
)
def test_tokens_put_together_are_the_text(text: str, language: str) -> None:
    assert "".join(piece for piece, _ in tokens(text, language)) == text


@pytest.mark.parametrize(
    ("language", "text", "found"),
    [
        ("javascript", "return msg; // done", {("return", "keyword"), ("// done", "muted")}),
        ("python", "def f(x): return None  # no", {("def", "keyword"), ("None", "keyword"), ("# no", "muted")}),
        ("sql", "select a from b where c = 'x'", {("select", "keyword"), ("where", "keyword"), ("'x'", "string")}),
        ("template", "Dear {{ $json.name }},", {("{{ $json.name }}", "keyword")}),
        ("json", '"url": "https://x/{{ id }}"', {('"url"', "text"), ("{{ id }}", "keyword")}),
    ],
)
def test_code_is_coloured_by_its_language(language: str, text: str, found: set[tuple[str, str]]) -> None:
    assert found <= set(tokens(text, language))


def test_every_line_of_code_inside_a_component_is_known_by_its_language() -> None:
    content: Json = {
        "func": "const a = 1;\nreturn a;",
        "pythonCode": "x = 1\ny = 2",
        "query": "SELECT 1\nFROM t",
        "html": "Dear {{ name }},\nbye",
        "note": "just\nwords|",
        "z": 1,
    }
    part = Component(id="a", name="a", kind="tab", content=content, canonical=b"", digest="0" * 64)
    lines = component_text(part).split("\n")
    told = {lines[at].strip(): language for at, language in languages(lines).items()}
    assert told == {
        "const a = 1;": "javascript", "return a;": "javascript", "x = 1": "python", "y = 2": "python",
        "SELECT 1": "sql", "FROM t": "sql", "Dear {{ name }},": "template", "bye": "template",
        "just": "prose", "words|": "prose",
    }  # fmt: skip


@pytest.mark.parametrize("evil", ["{{", "{%", '"{{', "/*", "`\\", '"""', "${", "--", "-1", "f'"])
@pytest.mark.usefixtures("collector_waits")
def test_no_line_makes_colouring_slow(evil: str) -> None:
    text = (evil * 1_000)[:2_000]
    for language in ("json", "javascript", "python", "sql", "template", "code"):
        before = process_time()
        assert "".join(piece for piece, _ in tokens(text, language)) == text
        assert process_time() - before < 0.1


def test_a_diff_document_becomes_rows() -> None:
    document = {
        "summary": {},
        "components": [
            {"id": "a", "name": "Orders", "kind": "tab", "change": "changed",
             "fields": [{"path": "Limit.max", "old": 250, "new": 2500, "noise": False}],
             "code": [{"field": "Parse.func", "language": "javascript", "unified": "--- a\n+++ b\n-x\n+y\n+z"}]},
        ],
    }  # fmt: skip
    (component,) = changes_of(document)
    assert [(f.path, f.old, f.new) for f in component.fields] == [
        ("Parse.func", None, "code: +2 −1 lines"),
        ("Limit.max", "250", "2500"),
    ]
