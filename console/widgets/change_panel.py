"""What changes, told twice: in words component by component, and as the text of the component under the cursor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from console.presentation.changes import ComponentChange
from console.presentation.impacts import brief_impact
from console.presentation.spans import fit, line
from console.widgets.beside import beside, in_worker
from console.widgets.diff_view import DiffView
from console.widgets.semantic_diff import SemanticDiff
from console.widgets.text_view import Facts
from store.domain.impact import Impact

Texts = Callable[[str], tuple[str, str]]
"""Component key → its old and new text. Called in a thread, only for the component under the cursor."""
FIND_HINT = "words to find in what changes; / and enter again goes to the next"
"""What `/` takes where changes are read."""
BOTH_FROM = 9
"""Lines from which words and text stand one below the other; with fewer, `d` changes between them."""


class ChangePanel(Vertical):
    """What the change does on top, then words, and below them the text where there is room for both."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("d", "toggle_text", "Words/text", id="diff.text")]
    DEFAULT_CSS = """
    ChangePanel { height: 1fr; }
    ChangePanel > .-impact { display: none; }
    ChangePanel > .-impact.-filled { display: block; }
    ChangePanel > SemanticDiff { height: 1fr; }
    ChangePanel > DiffView { height: 1fr; display: none; }
    ChangePanel.-text > SemanticDiff { display: none; }
    ChangePanel.-text > DiffView, ChangePanel.-both > DiffView { display: block; }
    ChangePanel.-both > SemanticDiff { display: block; height: auto; max-height: 45%; }
    Screen.-roomy ChangePanel.-both > SemanticDiff, Screen.-tall ChangePanel.-both > SemanticDiff { margin-bottom: 1; }
    """

    def __init__(
        self,
        *,
        roomy: bool = False,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        """With `roomy` the text folds no more than it has to."""
        super().__init__(id=id, classes=classes)
        self._panel_roomy = roomy
        self._panel_texts: Texts = lambda _: ("", "")
        self._panel_labels = ("old", "new")
        self._panel_changes: tuple[ComponentChange, ...] = ()
        self._panel_shown: tuple[str, Texts] | None = None
        self._panel_reading = False
        self._panel_impact = Impact()
        self._panel_backwards = False
        """The next text is gone through from its end: `N` came into it from the component below."""
        self._panel_sought = ""
        """What was looked for last, once `enter` was pressed."""
        self._panel_in_text = False

    def compose(self) -> ComposeResult:
        yield Facts(classes="-impact")
        yield SemanticDiff()
        yield DiffView(roomy=self._panel_roomy)

    def show_changes(
        self,
        changes: Sequence[ComponentChange],
        texts: Texts,
        *,
        old_label: str = "old",
        new_label: str = "new",
        impact: Impact | None = None,
    ) -> None:
        """Show these components, on top what they do as a whole; `texts` gives the old and new text of one."""
        self._panel_impact = impact or Impact()
        self._panel_changes, self._panel_texts = tuple(changes), texts
        self._panel_labels = (old_label, new_label)
        self._panel_shown = None
        if self.is_mounted and self.query(SemanticDiff):
            self._fill()

    def show_words(self, changes: Sequence[ComponentChange]) -> None:
        """Show the same components with other words about them; the text below is left alone."""
        self._panel_changes = tuple(changes)
        self.query_one(SemanticDiff).show_changes(changes)
        self._arrange()

    def on_mount(self) -> None:
        self._fill()

    def _fill(self) -> None:
        words = self.query_one(SemanticDiff)
        words.show_changes(self._panel_changes)
        self._show_text(words.component)
        self._arrange()

    def on_resize(self, event: events.Resize) -> None:
        del event
        self._arrange()

    def _arrange(self) -> None:
        self._show_impact()
        both = self.size.height >= BOTH_FROM and bool(self._panel_changes)
        self.set_class(both, "-both")
        # Without an own height an empty list would take half the room that the text needs.
        words = self.query_one(SemanticDiff)
        words.step_text = self.query_one(DiffView).action_next_change if both else None
        words.styles.height = words.row_count() + words.header_lines if both else None

    def _show_impact(self) -> None:
        """Say on top what the change does, in as many lines as a fifth of the room."""
        told = self.query_one(".-impact", Facts)
        most, room = min(max(self.size.height // 5, 1), 6), max(self.size.width, 20)
        told.set_class(bool(self._panel_impact.facts), "-filled")
        told.show_lines(*(fit(line(" ", *words), room) for words in brief_impact(self._panel_impact, most)))

    def on_semantic_diff_highlighted(self, event: SemanticDiff.Highlighted) -> None:
        event.stop()
        self._show_text(event.component)
        self._arrange()

    def on_semantic_diff_chosen(self, event: SemanticDiff.Chosen) -> None:
        event.stop()
        self.set_class(True, "-text")
        self.query_one(DiffView).focus()

    def on_diff_view_ended(self, event: DiffView.Ended) -> None:
        """Go on in the next component: `n` and `N` know no border between them."""
        event.stop()
        words = self.query_one(SemanticDiff)
        if words.has_next(event.direction):
            self._panel_backwards = event.direction < 0
            words.go_component(event.direction)
        else:
            self.app.bell()

    def on_diff_view_compared(self, event: DiffView.Compared) -> None:
        event.stop()
        if self._panel_backwards:
            self._panel_backwards = False
            event.view.to_last_change()

    def action_toggle_text(self) -> None:
        """Change between words and text; with both in view, move between them."""
        words, text = self.query_one(SemanticDiff), self.query_one(DiffView)
        if self.has_class("-both"):
            (words if text.has_focus else text).focus()
        else:
            self.toggle_class("-text")
            (text if self.has_class("-text") else words).focus()

    # Finding.

    @property
    def reader(self) -> SemanticDiff | DiffView:
        """What is read here: the text once somebody went into it, else the words."""
        return self.query_one(DiffView) if self._panel_in_text and self._text_in_view else self.query_one(SemanticDiff)

    @property
    def _text_in_view(self) -> bool:
        return self.has_class("-text") or self.has_class("-both")

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        self._panel_in_text = isinstance(event.widget, DiffView)

    def find(self, text: str, *, entered: bool = False) -> bool:
        """Go to what holds `text` in what is read here, while it is typed; say if there is anything.

        Where the words do not hold it, the text beside them is looked through. `entered` a second time goes on to the
        next one.
        """
        onward = entered and text == self._panel_sought
        self._panel_sought = text if entered else self._panel_sought
        reader, beside_it = self.reader, self.query_one(DiffView)
        if not text.strip() or reader.find(text, onward=onward):
            return True
        return reader is not beside_it and self.has_class("-both") and beside_it.find(text, onward=onward)

    def _show_text(self, component: str | None) -> None:
        wanted = (component, self._panel_texts) if component is not None else None
        if wanted == self._panel_shown:
            return
        self._panel_shown = wanted
        if wanted is None:
            self.query_one(DiffView).compare("", "")
        elif not self._panel_reading:
            self._panel_reading = True
            in_worker(self, self._read, group="panel", name="read component")

    async def _read(self) -> None:
        """Read texts until the one that is wanted is shown."""
        try:
            shown = None
            while self._panel_shown is not None and self._panel_shown != shown:
                shown = self._panel_shown
                component, texts = shown
                old, new = await beside(self, texts, component)
            if shown is not None and self._panel_shown == shown:
                names = self._panel_labels
                self.query_one(DiffView).compare(old, new, old_label=names[0], new_label=names[1])
        finally:
            self._panel_reading = False
