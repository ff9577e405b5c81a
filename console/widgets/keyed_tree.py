"""A tree whose cursor is on a node, not on a row: it stays there while branches are read, folded and reloaded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.binding import Binding, BindingType
from textual.reactive import reactive

from console.presentation.spans import Line, Span, fit, keyed, line, plain, width
from console.widgets.line_view import LineView
from console.widgets.messages import WidgetMessage
from console.widgets.own_keys import named

Path = tuple[str, ...]
"""Keys from the root down to a node."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Twig:
    """One node, drawn: what it is (`key`), what it says, and what hangs on it as far as that has been read."""

    key: str
    label: Line
    right: Line = ()
    """What stands at the right edge (an age)."""
    opens: bool = False
    """Whether something hangs on it, read or not."""
    twigs: tuple[Twig, ...] = ()


@dataclass(frozen=True, slots=True)
class _Row:
    path: Path
    twig: Twig
    guides: str
    open: bool


class KeyedTree(LineView):
    """Twigs by key; `space` or `enter` opens and folds, arrows walk in and out."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "turn", "Open/fold", show=False, id="list.toggle"),
        Binding("right,l", "inward", "Open, go in", show=False, id="list.in"),
        Binding("left,h", "outward", "Fold, go out", show=False, id="list.out"),
        Binding("n", "match(1)", "Next match", show=False, id="diff.next"),
        Binding("N", "match(-1)", "Previous match", show=False, id="diff.previous"),
    ]

    filter: reactive[str] = reactive("", init=False)
    """Only nodes that hold every word of this, and what leads to them."""

    @dataclass(eq=False)
    class Highlighted(WidgetMessage["KeyedTree"]):
        """The cursor is on another node (None: the tree is empty)."""

        path: Path | None

    @dataclass(eq=False)
    class Opened(WidgetMessage["KeyedTree"]):
        """A node was opened or folded; `tree.unfolded` says which are open now."""

        path: Path

    def __init__(self, *, empty: str = "nothing here", id: str | None = None) -> None:
        super().__init__(id=id)
        self.empty = empty
        self._tree_roots: tuple[Twig, ...] = ()
        self._tree_told = False
        """Somebody said what there is: before, nobody knows that there is nothing."""
        self._tree_open: frozenset[Path] = frozenset()
        self._tree_rows: list[_Row] = []
        self._tree_path: Path | None = None
        self._tree_hits: frozenset[Path] = frozenset()

    @property
    def path(self) -> Path | None:
        """Where the cursor is."""
        return self._tree_path

    @property
    def key(self) -> str | None:
        """The key of the node the cursor is on."""
        return self._tree_path[-1] if self._tree_path else None

    @property
    def unfolded(self) -> frozenset[Path]:
        """The nodes that are open."""
        return self._tree_open

    @property
    def paths(self) -> tuple[Path, ...]:
        """The nodes in view, from the top."""
        return tuple(row.path for row in self._tree_rows)

    def show_twigs(self, roots: Sequence[Twig]) -> None:
        """Show these; the cursor stays on its node, or goes to the nearest one above that is left."""
        if not self._tree_told or tuple(roots) != self._tree_roots:
            self._tree_told = True
            self._tree_roots = tuple(roots)
            self._relay()

    def unfold(self, *paths: Path) -> None:
        """Open these nodes and everything that leads to them."""
        self._tree_open |= {path[: i + 1] for path in paths for i in range(len(path))}
        self._relay()

    def select(self, path: Path) -> bool:
        """Put the cursor on a node, opening what leads to it; return whether it is there."""
        if len(path) > 1:
            self.unfold(path[:-1])
        index = self._index_of(path)
        if index is not None:
            self._tree_path = None
            self.cursor = index
            self._tell_path()
            self.call_after_refresh(self._show_cursor)
        return index is not None

    def watch_filter(self) -> None:
        self._relay()
        first = next((i for i, row in enumerate(self._tree_rows) if row.path in self._tree_hits), None)
        if self.filter and first is not None and self._tree_path not in self._tree_hits:
            self.cursor = first
            self._tell_path()

    # Laying out.

    def _relay(self) -> None:
        before, at = self._tree_path, self.cursor
        words = self.filter.casefold().split()
        self._tree_hits = frozenset(_hits(self._tree_roots, (), words)) if words else frozenset()
        self._tree_rows = list(self._rows(self._tree_roots, (), ""))
        self.rows_changed()
        index = None
        if before is not None:
            ways = (before[: len(before) - cut] for cut in range(len(before)))
            index = next((i for i in map(self._index_of, ways) if i is not None), None)
        if index is not None and index != at:
            self.scroll_to_line(max(self.scroll_offset.y + index - at, 0))
        self.cursor = index if index is not None else self.validate_cursor(at)
        self._tell_path()

    def _rows(self, twigs: Sequence[Twig], above: Path, guides: str) -> list[_Row]:
        found: list[_Row] = []
        shown = [twig for twig in twigs if not self.filter or self._leads((*above, twig.key))]
        for position, twig in enumerate(shown):
            path = (*above, twig.key)
            last = position == len(shown) - 1
            opened = path in self._tree_open or bool(self.filter and self._holds_hits(path))
            own = "" if not above else guides + ("└ " if last else "├ ")
            found.append(_Row(path, twig, own, opened))
            if opened:
                found.extend(self._rows(twig.twigs, path, "" if not above else guides + ("  " if last else "│ ")))
        return found

    def _leads(self, path: Path) -> bool:
        """Return whether a node is a match, leads to one, or hangs on one."""
        return any(hit[: len(path)] == path or path[: len(hit)] == hit for hit in self._tree_hits)

    def _holds_hits(self, path: Path) -> bool:
        return any(len(hit) > len(path) and hit[: len(path)] == path for hit in self._tree_hits)

    def _index_of(self, path: Path) -> int | None:
        return next((i for i, row in enumerate(self._tree_rows) if row.path == path), None)

    def _tell_path(self) -> None:
        path = self._tree_rows[self.cursor].path if self._tree_rows else None
        if path != self._tree_path:
            self._tree_path = path
            self.post_message(self.Highlighted(self, path))

    def cursor_moved(self) -> None:
        self._tell_path()

    # Keys.

    def action_turn(self) -> None:
        if self._tree_path is not None and self._tree_rows[self.cursor].twig.opens:
            self._turn(self._tree_path, opened=self._tree_path not in self._tree_open)

    def action_choose(self) -> None:
        self.action_turn()

    def action_inward(self) -> None:
        """Open the node, or go to the first thing on it."""
        if self._tree_path is None or not self._tree_rows[self.cursor].twig.opens:
            return
        if self._tree_rows[self.cursor].open:
            self.cursor += 1
        else:
            self._turn(self._tree_path, opened=True)

    def action_outward(self) -> None:
        """Fold the node, or go to the one it hangs on."""
        if self._tree_path is None:
            return
        if self._tree_path in self._tree_open:
            self._turn(self._tree_path, opened=False)
        elif len(self._tree_path) > 1:
            index = self._index_of(self._tree_path[:-1])
            self.cursor = index if index is not None else self.cursor

    def action_match(self, direction: int) -> None:
        """Go to the next (or the previous) node that the filter found."""
        hits = [i for i, row in enumerate(self._tree_rows) if row.path in self._tree_hits]
        ahead = [i for i in hits if i > self.cursor] if direction > 0 else [i for i in hits if i < self.cursor]
        if ahead:
            self.cursor = ahead[0] if direction > 0 else ahead[-1]
        else:
            self.app.bell()

    def _turn(self, path: Path, *, opened: bool) -> None:
        self._tree_open = self._tree_open | {path} if opened else self._tree_open - {path}
        self._relay()
        self.post_message(self.Opened(self, path))

    def on_click(self, event: events.Click) -> None:
        """Go where the click is; on a triangle, open or fold what it belongs to."""
        super().on_click(event)
        row = self._tree_rows[self.cursor] if self._tree_rows else None
        if row is not None and event.chain == 1 and event.y + self.scroll_offset.y == self.cursor:
            triangle = 1 + cell_len(row.guides)
            if triangle <= event.x <= triangle + 1:
                self.action_turn()

    # Drawing.

    def row_count(self) -> int:
        return len(self._tree_rows)

    def draw_row(self, index: int, width_: int) -> tuple[Line, str]:
        row = self._tree_rows[index]
        fold = ("▼ " if row.open else "▶ ") if row.twig.opens else "  "
        hit = row.path in self._tree_hits
        head = line(
            ("▸" if index == self.cursor else "*" if hit else " ", "key"), (row.guides, "faint"), (fold, "muted")
        )
        right = (Span(" "), *row.twig.right, Span(" ")) if row.twig.right else ()
        room = width_ - width(right)
        if room < 30:
            right, room = (), width_
        return (*fit((*head, *row.twig.label), room, middle=False), *right), self.ground_of(index)

    def draw_empty(self, width: int) -> Line:
        if not self._tree_told:
            return ()
        words = f"nothing read so far holds “{self.filter}” (`esc` shows all)" if self.filter else self.empty
        return fit((Span("  "), *named(self, keyed(words, "muted"))), width)


def _hits(twigs: Sequence[Twig], above: Path, words: Sequence[str]) -> list[Path]:
    found: list[Path] = []
    for twig in twigs:
        path = (*above, twig.key)
        text = f"{twig.key} {plain(twig.label)}".casefold()
        if all(word in text for word in words):
            found.append(path)
        found.extend(_hits(twig.twigs, path, words))
    return found
