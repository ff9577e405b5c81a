"""Every fact of an explanation stands in the entry that it names, and nothing that happened is left out."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser

import pytest
from support.exports import TAMPERED, V1, V2
from support.scene import Scene
from support.tampering import unread

from console.presentation.explained import page_text
from console.presentation.explained_files import page_html, page_markdown
from store.errors import NotFound
from store.services import incidents
from store.services.delivery import rollback
from store.services.explaining.explain import explain
from store.services.explaining.page import Page, Said
from store.services.glass import breaking
from store.services.requests import requests

HOSTILE = "<script>alert(1)</script>](javascript:x) \x1b]52;c;aGk=\x07 \u202egnp"


def facts(page: Page, section: str) -> tuple[Said, ...]:
    return next(one.facts for one in page.sections if one.id == section)


def story(scene: Scene) -> None:
    """Two releases; the second drifts, has an incident, and is rolled back."""
    scene.live(V1)
    scene.live(V2)
    scene.observe(TAMPERED)
    scene.enrol("fay", "responder", "operator")
    fay = scene.actor("fay")
    incidents.open_incident(
        scene.context, fay, title="orders are wrong", severity="high", project="orders", environment="prod"
    )
    plan = rollback.plan(scene.context, "prod", "orders")
    rollback.roll_back(scene.context, fay, plan, reason="wrong sums")
    incidents.annotate(scene.context, fay, "DEP-0002", "seen by the shop")


def test_a_deployment_is_explained_from_its_reason_to_what_came_of_it(scene: Scene) -> None:
    story(scene)
    page = explain(scene.context, "DEP-0002")
    assert (page.project, page.environment, page.state) == ("orders", "prod", "rolled back")
    stated = {fact.label: fact.text for fact in facts(page, "why")}
    assert stated["why"] == "the shop asked for it"
    assert stated["expected outcome"] == "orders arrive"
    assert stated["way back"] == "the release before"
    (approved,) = (fact for fact in facts(page, "approvals") if fact.state == "approved")
    assert approved.actor == "dana"
    assert approved.key == scene.dana.signer.public.fingerprint
    assert not approved.problem
    assert facts(page, "gates")
    assert {fact.state for fact in facts(page, "deployment")} == {"started", "verified"}
    after = facts(page, "after")
    assert {"open", "rollback", "quarantined", "opened"} <= {fact.state for fact in after}
    assert any("seen by the shop" in fact.text for fact in after)
    assert any("orders are wrong" in fact.text for fact in after)


def test_every_fact_names_an_entry_that_holds_it(scene: Scene) -> None:
    story(scene)
    for subject in ("CR-0001", "CR-0002", "DEP-0002", "DEP-0003"):
        page = explain(scene.context, subject)
        for section in page.sections:
            for fact in section.facts:
                entry = scene.context.ledger.entry(fact.seq)
                if fact.actor:
                    assert (fact.actor, fact.time) == (entry.statement.actor, entry.statement.time)


def test_a_request_and_its_deployment_are_one_page(scene: Scene) -> None:
    story(scene)
    assert explain(scene.context, "CR-0002").sections == explain(scene.context, "DEP-0002").sections


def test_what_happened_after_the_next_release_is_not_laid_on_the_one_before(scene: Scene) -> None:
    story(scene)
    texts = " ".join(fact.text for fact in facts(explain(scene.context, "CR-0001"), "after"))
    assert "orders are wrong" not in texts


def test_a_draft_says_what_is_not_there_yet(scene: Scene) -> None:
    scene.ingest(V1)
    lines = page_text(explain(scene.context, scene.open()))
    assert "  nobody has decided yet" in lines
    assert "  it was never deployed" in lines
    with pytest.raises(NotFound, match="CR-4711"):
        explain(scene.context, "CR-4711")


def test_an_approval_that_an_edit_made_void_still_shows_with_its_digest(scene: Scene) -> None:
    scene.ingest(V1)
    request = scene.approved()
    before = requests.change_of(scene.context.ledger, request)
    requests.edit(scene.context, scene.cy, request, content=replace(before.content, why="another reason"))
    page = explain(scene.context, request)
    (approved,) = (fact for fact in facts(page, "approvals") if fact.label == "approved")
    assert approved.state == "void"
    assert next(fact for fact in facts(page, "why") if fact.label == "why").text == "another reason"


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen += [(tag, None), *((tag, name) for name, _ in attrs)]


def test_the_html_stands_alone_and_hostile_names_are_only_text(scene: Scene) -> None:
    scene.ingest(V1)
    with unread():
        page = explain(scene.context, scene.submitted(title=HOSTILE, why=HOSTILE, what="secret"))
    text = page_html(page)
    tags = _Tags()
    tags.feed(text)
    assert {tag for tag, _ in tags.seen} <= {
        "html", "head", "meta", "title", "style", "body", "h1", "h2", "section", "dl", "dt", "dd", "p", "small", "br",
        "span",
    }  # fmt: skip
    assert not {name for _, name in tags.seen} & {"src", "href", "onload", "onclick"}
    assert "default-src 'none'" in text
    assert "&lt;script&gt;" in text
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_the_markdown_escapes_whatever_could_be_markup(scene: Scene) -> None:
    scene.ingest(V1)
    with unread():
        request = scene.submitted(title=HOSTILE, why="a\n# heading\n- [x](y)")
    text = page_markdown(explain(scene.context, request))
    assert "<script>" not in text
    assert "](javascript" not in text.replace("\\]\\(", "")
    assert "\x1b" not in text
    assert [line for line in text.split("\n") if line.startswith("# ")] == text.split("\n")[:1]


def test_a_deployment_under_broken_glass_tells_who_broke_it_for_what_and_who_reviewed_it(scene: Scene) -> None:
    scene.live(V1)
    scene.ingest(V2)
    request = scene.submitted()
    rex = scene.enrol("rex", "responder")
    incidents.open_incident(scene.context, rex, title="it burns", severity="high")
    why = {"environment": "prod", "justification": "customers cannot pay"}
    glass = breaking.break_glass(scene.context, rex, "INC-0001", **why).statement.on["glass"]
    other = breaking.break_glass(scene.context, rex, "INC-0001", project="crm", **why).statement.on["glass"]
    assert scene.deploy(request, rex).verified
    breaking.end(scene.context, rex, glass, reason="it is out")
    breaking.review(scene.context, scene.dana, glass, note="it was right")
    page = explain(scene.context, "DEP-0002")
    accepted = {fact.label: fact for fact in facts(page, "accepted")}
    assert {"glass.broken", "glass.ended", "glass.reviewed"} <= set(accepted)
    assert "customers cannot pay" in accepted["glass.broken"].text
    assert (accepted["glass.broken"].actor, accepted["glass.reviewed"].actor) == ("rex", "dana")
    assert "INC-0001" in accepted["glass.broken"].text
    assert any(f"under {glass}" in fact.text for fact in facts(page, "deployment"))
    assert other not in " ".join(page_text(page))


def test_each_run_of_a_gate_says_when_it_ran(scene: Scene) -> None:
    scene.live(V1)
    texts = [fact.text for fact in facts(explain(scene.context, "DEP-0001"), "gates") if fact.label == "schema-valid"]
    assert [text.rsplit(" (", 1)[1] for text in texts] == ["on submit)", "before the push)"]
