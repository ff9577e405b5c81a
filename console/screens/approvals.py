"""Approvals: what waits for a yes or a no, and everything a reviewer needs to say it."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.widget import Widget

from console.presentation import reviews
from console.screen import Pane, act, comment_acts, look, request_acts, request_writing, ticking_acts
from console.screen.desk import Desk
from console.screen.entry_dialog import show_entry
from console.screen.explain_dialog import show_explanation, write_explanation
from console.screen.following import Follower
from console.screen.request_rows import REQUESTS, request_rows
from console.screen.review_view import ReviewView
from console.widgets.change_panel import FIND_HINT, ChangePanel
from console.widgets.diff_view import DiffView
from console.widgets.keyed_table import KeyedTable
from console.widgets.semantic_diff import SemanticDiff
from console.widgets.text_view import Facts
from store.domain.change import OPEN_STATES
from store.domain.policy.in_force import PLACE
from store.errors import QuarterdeckError
from store.services.requests.review import Review, review
from store.services.requests.review_list import ReviewList, review_list
from store.services.triage.triage import Item

SPLIT_FROM = 120
"""Columns of the terminal from which the text of a review stands side by side."""
LEAST_FOR_SPLIT = 80
"""Columns that somebody who always wants both sides needs."""


class Approvals(Pane[ReviewList]):
    """A list with a preview; `enter` makes the preview the whole screen: the review."""

    HELP_TEXT = (
        "Requests that wait for a decision stand first, then drafts, then what was decided before.",
        "`enter` opens the review: what is stated on the left, what changes on the right. `d` goes between words and"
        " text, `n` and `N` from change to change, `v` ticks a component off, `w` shows what only moved, `s` splits the"
        " text, `f` shows the facts where there is no room for both.",
        "`c` comments on the component under the cursor (in the list: on the request), `.` and `,` go to the next and"
        " the previous component with comments, `C` settles the comment under the cursor.",
        "`+` writes a new request in a form, `ctrl+e` edits one; what is typed there survives a crash. `T` ticks off"
        " the checklist, item by item: where its template says so, approving waits for every item.",
        "An approval is signed with your key and names the digest that was on your screen. An edit makes it void.",
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        act("approve"),
        act("refuse"),
        act("deploy"),
        act("promote"),
        act("submit"),
        act("write", "New"),
        act("edit"),
        look("checklist"),
        look("viewed"),
        act("comment"),
        act("settle"),
        look("entry", show=False),
        look("explain", show=False),
        look("browser", show=False),
        Binding("w", "noise", "Noise", show=False, id="diff.noise"),
        Binding("f", "facts", "Facts", show=False, id="diff.facts"),
    ]

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._follower = Follower[Review](self, self._show_read, self._cannot_read)
        self._waiting: tuple[Item, ...] | None = None
        self._view = ReviewView(self, desk.context.clock.now())
        self._view.noise = desk.views.noise

    def compose(self) -> ComposeResult:
        yield Facts(id="approvals-head")
        with Container(id="approvals-body"):
            with Container(id="side"):
                yield KeyedTable(REQUESTS, empty="no request yet: + writes one", id="requests")
                with VerticalScroll(id="facts-scroll"):
                    yield Facts(id="facts")
            yield ChangePanel(id="changes")

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#requests").border_title = "Requests"
        words = self.query_one(SemanticDiff)
        words.noise = self._desk.views.noise
        self.watch(words, "noise", self._show_noise, init=False)

    def first_focus(self) -> Widget | None:
        return self.query_one(ChangePanel).reader if self.has_class("-review") else self.query_one("#requests")

    # Reading.

    def load(self) -> ReviewList:
        return review_list(self._desk.context, self._desk.handle, self._follower.wanted)

    def show_data(self, data: ReviewList) -> None:
        self._view.at, self._waiting = data.at, data.waiting
        table = self.query_one("#requests", KeyedTable)
        table.sync(request_rows(data.rows, self._desk.context.policy, data.at, lapsed=data.lapsed))
        if data.review is not None and self._follower.wanted in {None, data.review.request.id}:
            self._follower.wanted = data.review.request.id
            table.select(self._follower.wanted)
            self._view.show(data.review)
        if data.unread is not None:
            self.report(data.unread)
        self._show_head()
        self._fit()

    def on_keyed_table_highlighted(self) -> None:
        key = self.query_one("#requests", KeyedTable).key
        if key is not None and key != self._follower.wanted:
            self._want(key)
        super().on_keyed_table_highlighted()

    def _want(self, request: str) -> None:
        self._follower.follow(request, partial(review, self._desk.context, request, self._desk.handle))

    def _show_read(self, found: Review) -> None:
        self._view.show(found)
        self._show_head()

    def _cannot_read(self, error: QuarterdeckError) -> None:
        self.report(error)
        self._follower.wanted = self._view.review.request.id if self._view.review is not None else None
        self.back()

    # Drawing.

    def _show_facts(self) -> None:
        self._view.show_facts(head=not self.has_class("-review"))

    def _show_head(self) -> None:
        head, panel = self.query_one("#approvals-head", Facts), self.query_one(ChangePanel)
        found = self._view.review
        if found is not None and self.has_class("-review"):
            head.show_lines(*self._view.head(self.size.width - 2))
            self.crumbs = (found.request.id,)
            panel.border_title = self._view.title()
        else:
            if self._waiting is not None:  # nobody is told that nothing waits before anything was read
                head.show_lines(reviews.waiting_line(self._waiting))
            self.crumbs = ()
            panel.border_title = "Changes"

    def _show_noise(self) -> None:
        self._view.noise = self._desk.views.noise = self.query_one(SemanticDiff).noise
        self._view.show_changes()

    def on_resize(self) -> None:
        self._split()
        self._show_head()
        self.call_after_refresh(self._fit)

    def _fit(self) -> None:
        """Give the list the lines it needs, up to two fifths, and the rest to what stands below it."""
        table = self.query_one("#requests", KeyedTable)
        most = max(self.query_one("#approvals-body").size.height * 2 // 5, 5)
        table.styles.height = min(max(len(table.rows), 1) + 2, most)
        self.call_after_refresh(self._show_facts)

    def _split(self) -> None:
        """Put both sides next to each other in the review of a wide terminal only; in the list the view decides."""
        split = self._desk.views.split(self.app.size.width, wide=SPLIT_FROM, least=LEAST_FOR_SPLIT)
        self.query_one(DiffView).split = split if self.has_class("-review") else None

    def on_diff_view_turned(self, event: DiffView.Turned) -> None:
        """Remember what a person chose with `s`."""
        event.stop()
        self._desk.views.text = "split" if event.split else "unified"

    # Moving.

    def open(self, subject: str) -> None:
        if subject != self._follower.wanted:
            self._want(subject)
        self.query_one("#requests", KeyedTable).select(subject)
        self._enter()

    def on_keyed_table_chosen(self) -> None:
        self._enter()

    def _enter(self) -> None:
        self.set_class(True, "-review")
        self._arrange()
        self.query_one(SemanticDiff).focus()

    def subject(self) -> str | None:
        return self._follower.wanted if self.has_class("-review") else None

    def back(self) -> bool:
        if not self.has_class("-review"):
            return False
        panel = self.query_one(ChangePanel)
        if panel.has_class("-text") and not panel.has_class("-both"):
            panel.action_toggle_text()
            return True
        self.remove_class("-review", "-facts")
        self._view.left()
        self._arrange()
        self.query_one("#requests").focus()
        return True

    def _arrange(self) -> None:
        self._split()
        self.call_after_refresh(self._show_facts)
        if self._view.review is not None and self._view.review.request.id == self._follower.wanted:
            self._view.show(self._view.review)
        self._show_head()
        self.refresh_bindings()

    def copied(self) -> str | None:
        found = self._current()
        if found is None:
            return self._follower.wanted
        return found.request.digest if self.has_class("-review") else found.request.id

    def action_noise(self) -> None:
        self.query_one(SemanticDiff).action_toggle_noise()

    def action_facts(self) -> None:
        """Change between facts and changes where there is room for one."""
        self.toggle_class("-facts")
        self.call_after_refresh(self._show_facts)
        (self.query_one("#facts-scroll") if self.has_class("-facts") else self.query_one(SemanticDiff)).focus()

    # Finding.

    def filter_rows(self, text: str) -> None:
        """Narrow the list; in a review go to the words: a list that nobody sees must not put another one under them."""
        if not self.has_class("-review") or not text:
            super().filter_rows(text)
        if self.has_class("-review"):
            self.query_one(ChangePanel).find(text)

    def filter_entered(self, text: str) -> None:
        if self.has_class("-review") and not self.query_one(ChangePanel).find(text, entered=True):
            self.say(f"nothing that changes here holds “{text}”", tone="warn")

    def filter_hint(self) -> str:
        return FIND_HINT if self.has_class("-review") else ""

    # Acting.

    def _current(self) -> Review | None:
        """Return the review of the request the cursor is on, None while it is being read."""
        found = self._view.review
        return found if found is not None and found.request.id == self._follower.wanted else None

    def why_not(self, name: str) -> str | None:
        found = self._current()
        if name == "write":
            return None
        if found is None:
            return f"still reading {self._follower.wanted}" if self._follower.wanted else "there is no request"
        if self._view.moved:
            return f"{found.request.id} has just changed; look, then press again"
        if name == "submit" and found.request.state != "draft":
            return f"{found.request.id} is {found.request.state}: only a draft is handed in"
        if name == "settle":
            under = self.query_one(SemanticDiff).comment if self.has_class("-review") else None
            return comment_acts.why_not_settle(found, under)
        if name == "comment" and found.request.state in OPEN_STATES:
            return "\n".join(found.comment_blocked) or None
        if name == "viewed" and not self.has_class("-review"):
            return "`enter` opens the review; there `v` ticks off what you have looked at"
        return request_acts.why_not(name, found)

    def _shown(self) -> Review:
        found = self._current()
        assert found is not None
        return found

    async def act_approve(self) -> None:
        found = self._shown()
        await request_acts.approve(self, self._desk, found, viewed=self._view.viewed())

    async def act_refuse(self) -> None:
        await request_acts.refuse(self, self._desk, self._shown())

    async def act_deploy(self) -> None:
        await request_acts.deploy(self, self._desk, self._shown())

    async def act_promote(self) -> None:
        await request_acts.promote(self, self._desk, self._shown())

    async def act_submit(self) -> None:
        await request_acts.submit(self, self._desk, self._shown().request.id)

    async def look_checklist(self) -> None:
        await ticking_acts.tick_checklist(self, self._desk, self._shown().request.id)

    async def act_write(self) -> None:
        request = await request_writing.write_request(self, self._desk)
        if request is not None:
            self.open(request)

    async def act_edit(self) -> None:
        await request_writing.edit_request(self, self._desk, self._shown().request.id)

    async def act_comment(self) -> None:
        """Comment on the component under the cursor of a review; in the list, on the request as a whole."""
        found, words = self._shown(), self.query_one(SemanticDiff)
        component = words.component if self.has_class("-review") else None
        if component is None or found.request.state not in OPEN_STATES or found.request.environment == PLACE:
            await comment_acts.comment(self, self._desk, found.request.id)
        else:
            await comment_acts.comment_on(self, self._desk, found, component, words.name_of(component))

    async def act_settle(self) -> None:
        found, seq = self._shown(), self.query_one(SemanticDiff).comment
        assert seq is not None
        await comment_acts.settle(self, self._desk, found, seq)

    async def look_entry(self) -> None:
        await show_entry(self, self._desk, self._shown().request.updated_seq)

    async def look_explain(self) -> None:
        await show_explanation(self, self._desk, self._shown().request.id)

    async def look_browser(self) -> None:
        await write_explanation(self, self._desk, self._shown().request.id)

    def look_viewed(self) -> None:
        """Tick the component under the cursor off (or on again) and go to the next one."""
        found, words = self._shown(), self.query_one(SemanticDiff)
        component = words.component
        if component is None:
            return
        if self._view.tick(component) and found.diff.components[-1].id != component:
            words.action_next_component(1)
        self._show_head()
