from __future__ import annotations

from console_scene import Host, screen_text
from hypothesis import given
from hypothesis import strategies as st

from console.presentation.component_text import component_text
from console.presentation.line_diff import Change
from console.presentation.spans import line
from console.presentation.three_way import line_up, visible
from console.widgets.three_way_view import ThreeWayView
from store.domain.component import Component, Json

LABELS = (line("desired"), line("live"), line("previous"))
texts = st.lists(st.sampled_from("abcd"), max_size=12).map("\n".join)


@given(texts, texts, texts)
def test_every_line_of_every_text_stands_in_exactly_one_row_in_order(
    desired: str, observed: str, previous: str
) -> None:
    three = line_up(desired, observed, previous)
    for name, lines in (("desired", three.desired), ("observed", three.observed), ("previous", three.previous)):
        shown = [getattr(row, name) for row in three.rows if getattr(row, name) is not None]
        assert shown == list(range(len(lines)))


@given(texts, texts, texts)
def test_a_row_is_the_same_only_where_the_lines_are(desired: str, observed: str, previous: str) -> None:
    three = line_up(desired, observed, previous)
    for row in three.rows:
        if row.live is Change.SAME and row.desired is not None:
            assert row.observed is not None
            assert three.desired[row.desired] == three.observed[row.observed]
        if row.last is Change.SAME and row.desired is not None:
            assert row.previous is not None
            assert three.desired[row.desired] == three.previous[row.previous]


def test_as_much_stays_unfolded_as_the_room_holds() -> None:
    desired = "\n".join(map(str, range(200)))
    three = line_up(desired, desired.replace("100", "x", 1), desired)
    few, many, all_ = (visible(three, three.foldable(room), frozenset()) for room in (10, 60, 300))
    assert len(few) < len(many) <= 60
    assert len(all_) == 200


async def test_the_view_starts_at_the_drift_and_marks_both_sides() -> None:
    view = ThreeWayView()
    app = Host(view)
    desired = "\n".join(f'"{i}": {i}' for i in range(100))
    async with app.run_test(size=(120, 20)) as pilot:
        view.show_texts(desired, desired.replace('"70": 70', '"70": 71'), desired, labels=LABELS)
        await pilot.pause()
        text = screen_text(app)
    drifted = next(row for row in text.split("\n") if "−" in row)
    assert drifted.startswith("▸")
    assert '"70": 70' in drifted
    assert '"70": 71' in drifted
    assert "change 1/1" in text


async def test_the_same_texts_again_move_nothing() -> None:
    view = ThreeWayView()
    desired = "\n".join(map(str, range(100)))
    async with Host(view).run_test(size=(120, 20)) as pilot:
        view.show_texts(desired, desired.replace("5", "x"), desired, labels=LABELS)
        view.focus()
        await pilot.press("n", "n")
        at = view.cursor
        view.show_texts(desired, desired.replace("5", "x"), desired, labels=LABELS)
        assert view.cursor == at > 0


def component(content: Json, **labels: str) -> Component:
    return Component(id="1", name="n", kind="tab", content=content, canonical=b"", digest="", labels=labels)


def test_a_script_is_written_line_by_line() -> None:
    text = component_text(component({"b": {"func": "one\n\n  two"}, "a": []}, b="Add up"))
    assert text.split("\n") == [
        "{",
        '  "a": []',
        '  "Add up (b)": {',
        '    "func": |',
        "      one",
        "",
        "        two",
        "  }",
        "}",
    ]


def test_a_secret_in_a_component_is_taken_out() -> None:
    text = component_text(component({"token": "ghp_" + "a1B2" * 9, "password": "hunter2-hunter2"}))
    assert "ghp_" not in text
    assert "hunter2" not in text
    assert "[redacted" in text


def test_no_component_is_no_text() -> None:
    assert component_text(None) == ""
