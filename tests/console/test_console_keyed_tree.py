from __future__ import annotations

from console_scene import Host, screen_text
from support.hostile import HOSTILE

from console.presentation.spans import line
from console.presentation.words import ASCII_TABLE
from console.widgets.keyed_tree import KeyedTree, Twig


def twig(key: str, *twigs: Twig, opens: bool = False) -> Twig:
    return Twig(key=key, label=line(key), opens=opens or bool(twigs), twigs=twigs)


FOREST = (twig("a", twig("b", twig("c")), twig("d")), twig("e", opens=True))


async def test_a_folded_node_hides_what_hangs_on_it() -> None:
    tree = KeyedTree()
    async with Host(tree).run_test(size=(60, 20)):
        tree.show_twigs(FOREST)
        assert tree.paths == (("a",), ("e",))
        tree.unfold(("a", "b"))
        assert tree.paths == (("a",), ("a", "b"), ("a", "b", "c"), ("a", "d"), ("e",))


async def test_selecting_opens_what_leads_there() -> None:
    tree = KeyedTree()
    async with Host(tree).run_test(size=(60, 20)):
        tree.show_twigs(FOREST)
        assert tree.select(("a", "b", "c"))
        assert tree.path == ("a", "b", "c")
        assert not tree.select(("a", "x"))


async def test_the_cursor_stays_on_its_node_when_others_come_before_it() -> None:
    tree = KeyedTree()
    async with Host(tree).run_test(size=(60, 20)):
        tree.show_twigs(FOREST)
        tree.select(("a", "d"))
        tree.show_twigs((twig("0"), twig("a", twig("a1"), twig("b"), twig("d")), twig("e")))
        assert tree.path == ("a", "d")
        assert tree.cursor == 4


async def test_a_node_that_went_leaves_the_cursor_on_the_one_it_hung_on() -> None:
    tree = KeyedTree()
    async with Host(tree).run_test(size=(60, 20)):
        tree.show_twigs(FOREST)
        tree.select(("a", "b", "c"))
        tree.show_twigs((twig("a", twig("b")),))
        assert tree.path == ("a", "b")


async def test_opening_an_unread_node_says_so() -> None:
    tree = KeyedTree()
    app = Host(tree)
    async with app.run_test(size=(60, 20)) as pilot:
        tree.show_twigs(FOREST)
        tree.focus()
        await pilot.press("G", "enter")
        await pilot.pause()
        opened = app.said(KeyedTree.Opened)
        assert [message.path for message in opened if isinstance(message, KeyedTree.Opened)] == [("e",)]
        assert ("e",) in tree.unfolded


async def test_a_filter_shows_matches_and_what_leads_to_them() -> None:
    tree = KeyedTree()
    async with Host(tree).run_test(size=(60, 20)) as pilot:
        tree.show_twigs(FOREST)
        tree.focus()
        tree.filter = "c"
        assert tree.paths == (("a",), ("a", "b"), ("a", "b", "c"))
        assert tree.path == ("a", "b", "c")
        tree.filter = "nothing"
        assert tree.path is None
        await pilot.pause()
        assert "nothing read so far holds “nothing”" in screen_text(pilot.app)
        tree.filter = ""
        assert tree.paths == (("a",), ("e",))


async def test_hostile_labels_reach_the_terminal_as_stand_ins() -> None:
    tree = KeyedTree()
    app = Host(tree)
    async with app.run_test(size=(80, 40)) as pilot:
        tree.show_twigs([Twig(key=f"{i}{name}", label=line((name, "danger"))) for i, name in enumerate(HOSTILE)])
        await pilot.pause()
        text = screen_text(app)
    assert all(character.isprintable() for character in text.replace("\n", ""))


def test_in_ascii_an_open_branch_does_not_look_like_something_that_passed() -> None:
    drawn = {sign: ASCII_TABLE[ord(sign)] for sign in "▼▶✓✗▸├└│"}
    assert len({drawn[sign] for sign in "▼▶✓✗▸"}) == 5
    assert not {drawn[sign] for sign in "├└│"} & {drawn[sign] for sign in "▼▶✓✗"}


async def test_a_click_on_the_triangle_folds_and_opens_and_anywhere_else_only_selects() -> None:
    tree = KeyedTree()
    async with Host(tree).run_test(size=(60, 20)) as pilot:
        tree.show_twigs(FOREST)
        tree.unfold(("a",))
        await pilot.pause()
        await pilot.click(KeyedTree, offset=(3, 1))  # ` ├ ▶ b`
        assert ("a", "b", "c") in tree.paths
        assert tree.path == ("a", "b")
        await pilot.click(KeyedTree, offset=(1, 0))
        assert tree.paths == (("a",), ("e",))
        await pilot.click(KeyedTree, offset=(10, 0))
        await pilot.click(KeyedTree, offset=(10, 1))
        assert tree.paths == (("a",), ("e",))
        assert tree.path == ("e",)


class Eager(KeyedTree):
    """A tree that is read before it is laid out, as a fast disk makes it."""

    def on_mount(self) -> None:
        fill(self)


def fill(tree: KeyedTree) -> None:
    tree.show_twigs([twig("root", *(twig(f"{number:02}") for number in range(60)))])
    tree.select(("root", "30"))


async def test_where_it_is_scrolled_to_does_not_depend_on_whether_it_was_read_or_laid_out_first() -> None:
    tops = []
    for tree, later in ((Eager(), False), (KeyedTree(), True)):
        async with Host(tree).run_test(size=(60, 20)) as pilot:
            if later:
                await pilot.pause()
                fill(tree)
            await pilot.pause()
            tops.append(tree.scroll_offset.y)
    assert tops[0] == tops[1]


async def test_the_scrollbar_stands_where_the_list_does_though_it_was_scrolled_before_there_was_one() -> None:
    tree = KeyedTree()
    async with Host(tree).run_test(size=(60, 20)) as pilot:
        await pilot.pause()
        fill(tree)  # scrolls at once: the scrollbar comes with the next layout
        await pilot.pause()
        assert tree.show_vertical_scrollbar
        assert tree.scroll_offset.y > 0
        assert tree.vertical_scrollbar.position == tree.scroll_offset.y
