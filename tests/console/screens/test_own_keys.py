"""A person's own keys: every word on the screen names the key in force, never the one that was built in."""

from __future__ import annotations

from console_scene import Host, drawn, screen_text
from screens_scene import DemoDesk, said, settled

from console.app import Console
from console.presentation.changes import ComponentChange, FieldChange
from console.presentation.spans import line
from console.widgets.diff_view import DiffView
from console.widgets.semantic_diff import SemanticDiff
from console.widgets.three_way_view import ThreeWayView

OWN = {"act.rollback": "f5", "act.acknowledge": "f7", "app.help": "f1", "screen.9": "f9", "look.verify": "f6"}


async def test_panes_messages_and_help_name_the_keys_in_force(mira: DemoDesk) -> None:
    async with Console(mira.desk, palette="truecolor", keymap=OWN).run_test(size=(140, 45)) as pilot:
        await settled(pilot)
        shown = screen_text(pilot.app)
        assert "prod/orders was changed behind us (DR-0002): f5 restores it" in shown
        assert "▸ f5 restores it  f7 acknowledges  enter compares" in shown
        await pilot.press("a")
        await settled(pilot)
        assert "f5 restores it, f7 acknowledges" in said(pilot)
        await pilot.press("f1")
        await settled(pilot)
        assert "f5 on a drift pushes the desired release over it" in screen_text(pilot.app)
        await pilot.press("escape", "6")
        await settled(pilot)
        assert "f6 verifies" in screen_text(pilot.app)


async def test_the_tour_and_the_palette_name_the_keys_in_force(mira: DemoDesk) -> None:
    app = Console(mira.desk, palette="truecolor", keymap=OWN)
    app.greet(toured=lambda: None)
    async with app.run_test(size=(140, 45)) as pilot:
        await settled(pilot)
        tour = screen_text(app)
        assert "f9 Incidents" in tour
        assert "f1 lists both" in tour
        await pilot.press("escape", "ctrl+p")
        await settled(pilot)
        await pilot.press(*"incidents")
        await settled(pilot)
        assert "screen f9" in screen_text(app)


async def test_differences_name_the_keys_in_force() -> None:
    words, text, three = SemanticDiff(), DiffView(), ThreeWayView()
    app = Host(words, text, three)
    app.own_keys = {"diff.noise": "f5", "diff.fold": "f6", "list.open": "f7"}
    async with app.run_test(size=(80, 60)):
        moved = FieldChange(path="x", old="1", new="2", noise=True)
        code = FieldChange(path="func", old="a", new="b", code=True)
        words.show_changes([ComponentChange(key="a", name="A", kind="tab", change="changed", fields=(moved, code))])
        long, shorter = "\n".join(map(str, range(90))), "\n".join(map(str, range(89)))
        text.compare(long, shorter)
        three.show_texts(long, shorter, long, labels=(line("desired"), line("live"), line("previous")))
        words.focus()
        await drawn(app)
        shown = screen_text(app)
        assert "1 layout only, f5 shows" in shown
        assert "1 layout change folded (f5 shows)" in shown
        assert "f7 opens" in shown
        assert shown.count("(f6 opens)") == 2, "in the text and in the comparison of three"
