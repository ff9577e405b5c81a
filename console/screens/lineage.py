"""Lineage: from a request to what is live and back, as a tree that is read where it is opened."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.widget import Widget

from console.presentation import lineage as words
from console.presentation.spans import fit
from console.screen import Pane, act, look, remains_acts, request_writing, ticking_acts
from console.screen.desk import Desk
from console.screen.entry_dialog import show_entry
from console.screen.explain_dialog import show_explanation, write_explanation
from console.screen.forest import Forest, ForestReader
from console.screen.node_detail import NodeDetail
from console.screen.rollback_dialog import confirm_rollback
from console.widgets.beside import beside, in_worker
from console.widgets.change_panel import FIND_HINT, ChangePanel
from console.widgets.keyed_tree import KeyedTree
from console.widgets.text_view import Facts
from store.errors import QuarterdeckError
from store.services.lineage import lineage_detail
from store.services.lineage.lineage_detail import Detail
from store.services.lineage.nodes import Node

_EXPLAINED = frozenset({"request", "deployment", "rollback"})


class Lineage(Pane[Forest]):
    """The tree, and beside or below it everything about the node under the cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [
        act("rollback"),
        act("resume"),
        act("takeback"),
        act("playbook"),
        act("write", "New request"),
        look("diff", "Full diff"),
        look("time"),
        look("entry"),
        look("explain", show=False),
        look("browser", show=False),
    ]
    HELP_TEXT = (
        "Where everything that is live came from: project, environment, request, and under it its exports, gates,"
        " approvals, deployments, and what became of those: drift, rollback, incident, notes.",
        "`space` or `enter` opens and folds, arrows walk in and out; `/` looks through everything, `n` and `N` go from"
        " match to match; :lineage CR-0004 goes to any id.",
        "`R` on a deployment (or its request) rolls back to its release, on an environment to the release before; on a"
        " drift it pushes the desired release over it.",
        "`F` finishes a deployment that failed, `U` takes it back; `P` works through a playbook; `+` writes a request.",
        "`W` on a request or deployment explains it on one page, from its reason to what came of it; `o` writes that"
        " page for a browser.",
    )

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._is_read = False
        self._forest = ForestReader(desk.context)
        self._detail: Detail | None = None
        self._detail_size = -1
        self._detail_reading = False
        self._detail_full = False

    def compose(self) -> ComposeResult:
        yield Facts(id="headline")
        with Horizontal(id="halves"):
            yield KeyedTree(empty="nothing yet: quarterdeck watch takes in what is dropped")
            yield NodeDetail(id="detail")

    # Reading.

    def load(self) -> Forest:
        return self._forest.read()

    def show_data(self, data: Forest) -> None:
        tree = self._tree
        tree.show_twigs(self._forest.twigs(data))
        self._is_read = True
        self._show_headline()
        if data.start:
            tree.unfold(*data.start)
            trouble = self._forest.trouble(tree.paths)
            if trouble is not None:
                tree.select(trouble)
        if data.goal is not None and not tree.select(data.goal):
            self.say(f"{data.goal[-1]} is older than what is read here; open … and look below", tone="info")
        if data.missing:
            self.say(data.missing, tone="warn")
        self._forest.opened = tree.unfolded
        self._read_detail()
        self._arrange()

    def open(self, subject: str) -> None:
        self._forest.want(subject)
        self.reload()

    def filter_entered(self, text: str) -> None:
        if self._detail_full and not self.query_one(ChangePanel).find(text, entered=True):
            self.say(f"nothing that changes here holds “{text}”", tone="warn")

    def filter_hint(self) -> str:
        return FIND_HINT if self._detail_full else ""

    def filter_rows(self, text: str) -> None:
        if self._detail_full and text:
            self.query_one(ChangePanel).find(text)
            return
        searched, self._forest.searching = self._forest.searching, bool(text.strip())
        self._tree.filter = text
        if self._forest.searching and not searched:
            self.reload()

    def first_focus(self) -> Widget | None:
        return self.query_one(ChangePanel).reader if self._detail_full else self._tree

    def on_keyed_tree_opened(self, event: KeyedTree.Opened) -> None:
        event.stop()
        self._forest.turn_page(event.path)
        self._forest.opened = self._tree.unfolded
        self.reload()

    def on_keyed_tree_highlighted(self, event: KeyedTree.Highlighted) -> None:
        event.stop()
        self.crumbs = event.path[-1:] if event.path else ()
        self.refresh_bindings()
        self._read_detail()

    # The node under the cursor.

    @property
    def _tree(self) -> KeyedTree:
        return self.query_one(KeyedTree)

    @property
    def _node(self) -> Node | None:
        path = self._tree.path
        return self._forest.nodes.get(path) if path is not None else None

    def _read_detail(self) -> None:
        if self._node is None:
            self.query_one(NodeDetail).display = False
        elif self._fits():
            self._show_detail()
        elif not self._detail_reading:
            self._detail_reading = True
            in_worker(self, self._load_details, group="detail", name="read node")

    def _fits(self) -> bool:
        size = self._desk.context.ledger.head().size
        return self._detail is not None and self._detail.node == self._node and self._detail_size == size

    async def _load_details(self) -> None:
        """Read the node under the cursor until the cursor rests on one that has been read."""
        try:
            while (node := self._node) is not None and not self._fits():
                self._detail_size = self._desk.context.ledger.head().size
                self._detail = await beside(self, lineage_detail.detail, self._desk.context, node, self._desk.handle)
            self._show_detail()
        except QuarterdeckError as error:
            self.report(error)
        finally:
            self._detail_reading = False

    def _show_detail(self) -> None:
        detail = self._detail
        if detail is None or not self.is_attached:
            return
        self.query_one(NodeDetail).show_detail(detail, self._forest.forest.at)
        self._arrange()
        self.refresh_bindings()

    # Room.

    def on_resize(self, event: events.Resize) -> None:
        del event
        if self._is_read:
            self._show_headline()
        self._arrange()

    def _show_headline(self) -> None:
        room = self.size.width - 2
        line = words.headline(
            [branch.node for branch in self._forest.forest.branches], room, acts=self._desk.read_only is None
        )
        self.query_one("#headline", Facts).show_lines(fit(line, max(room, 20), middle=False))

    def _arrange(self) -> None:
        """Show the node beside the tree or below it, its change as far as there is one; `d` gives it all the room."""
        detail = self._detail
        changed = detail is not None and detail.comparison is not None
        if self._detail_full and not changed:
            self._detail_full = False
        self._tree.display = not self._detail_full
        about = self.query_one(NodeDetail)
        about.display = self._node is not None
        about.show_change(shown=changed and (self._detail_full or self.size.height >= 18))

    def subject(self) -> str | None:
        node = self._node
        return node.key if node is not None and node.key.startswith(("CR-", "DEP-", "DR-", "INC-")) else None

    def back(self) -> bool:
        if not self._detail_full:
            return False
        self._detail_full = False
        self._arrange()
        self._tree.focus()
        return True

    # Acts.

    def _key(self) -> str:
        """Return the id of the node under the cursor; only asked where `why_not` found one."""
        assert self._node is not None
        return self._node.key

    def why_not(self, name: str) -> str | None:
        node = self._node
        if node is None:
            return "nothing is selected"
        detail = self._detail if self._detail is not None and self._detail.node == node else None
        match name:
            case "rollback":
                if detail is None or detail.goal is None:
                    return "`R` goes back to a release: put the cursor on a deployment, a request or an environment"
                return "\n".join(detail.goal.blocked) or None
            case "resume" | "takeback":
                return remains_acts.why_not(name, detail.remains if detail is not None else None, node.key)
            case "diff" if detail is None or detail.comparison is None:
                return "this changed nothing by itself: requests, deployments and drifts have a diff"
            case "explain" | "browser" if node.kind not in _EXPLAINED:
                return f"{node.key} is explained with its request or deployment: put the cursor there"
            case "time" | "entry" if node.seq is None:
                return f"{node.key} is no single entry: go to something below it"
            case _:
                return None

    async def act_rollback(self) -> None:
        goal = self._detail.goal if self._detail is not None else None
        if goal is not None:
            await confirm_rollback(
                self, self._desk, environment=goal.environment, project=goal.project, to=goal.to, drift=goal.drift
            )

    async def act_resume(self) -> None:
        await remains_acts.finish(self, self._desk, self._key())

    async def act_takeback(self) -> None:
        await remains_acts.take_back(self, self._desk, self._key())

    async def act_playbook(self) -> None:
        incident = self._key() if self._node is not None and self._node.kind == "incident" else None
        await ticking_acts.work_playbook(self, self._desk, incident=incident)

    async def act_write(self) -> None:
        project, environment = self._detail.place if self._detail is not None else (None, None)
        await request_writing.write_request(self, self._desk, project=project, environment=environment)

    def look_diff(self) -> None:
        self._detail_full = not self._detail_full
        self._arrange()
        if (target := self.first_focus()) is not None:
            target.focus()

    def look_time(self) -> None:
        if self._node is not None and self._node.seq is not None:
            self.go("replay", str(self._node.seq))

    async def look_entry(self) -> None:
        if self._node is not None and self._node.seq is not None:
            await show_entry(self, self._desk, self._node.seq)

    async def look_explain(self) -> None:
        await show_explanation(self, self._desk, self._key())

    async def look_browser(self) -> None:
        await write_explanation(self, self._desk, self._key())

    def copied(self) -> str | None:
        return self._key().removeprefix("#") if self._node is not None else None
