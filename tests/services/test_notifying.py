"""Notices reach real receivers: an SMTP server, a webhook; and outlive a network that is down."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from msgspec import structs
from support.ports import free_port
from support.scene import Scene

from store.config import ChannelConfig, NotifyConfig
from store.domain import events as ev
from store.domain.events import EVENTS
from store.domain.notifications import SEVERITIES_OF, notices
from store.domain.policy import NotificationRule, Policy
from store.domain.roles import parse_grant
from store.errors import PlatformFailure
from store.outbox import Message
from store.services import incidents
from store.services.context import Context
from store.services.glass import breaking
from store.services.identity import people
from store.services.notifying import notifying

TOKEN = "xoxb-2401-9c1f7e55aa"


class Receiver:
    """A webhook receiver; `status` is what it answers."""

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        self.status = 200
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if outer.status == 200:
                    outer.got.append(json.loads(body))
                self.send_response(outer.status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"json://127.0.0.1:{self.server.server_port}/{TOKEN}"


@pytest.fixture
def webhook() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.server.shutdown()
    receiver.server.server_close()


def with_channels(context: Context, policy: Policy | None = None, **urls: str) -> Context:
    channels = {name: ChannelConfig(url=url) for name, url in urls.items()}
    config = structs.replace(context.config, notify=NotifyConfig(channels=channels))
    return replace(context.under(policy) if policy else context, config=config)


def refused_export(scene: Scene, name: str = "broken.json") -> None:
    scene._taken("inbox", b'{"half": ', "orders", "prod", name)


def test_a_webhook_is_told_of_what_happened_after_it_was_named_and_of_nothing_older(
    scene: Scene, webhook: Receiver
) -> None:
    refused_export(scene, "older.json")
    context = with_channels(scene.context, hook=webhook.url)
    assert notifying.once(context).told == 0
    refused_export(scene)
    done = notifying.once(context)
    assert (done.queued, done.told, done.troubles) == (1, 1, ())
    (message,) = webhook.got
    assert "artifact.refused" in message["title"]
    assert "broken.json" in message["message"]
    assert message["type"] == "warning"
    assert notifying.once(context).told == 0, "nobody is told twice"


def test_a_mail_goes_through_a_real_smtp_server(scene: Scene) -> None:
    mails: list[bytes] = []

    class Keep:
        async def handle_DATA(self, server: object, session: object, envelope: Any) -> str:
            mails.append(envelope.content)
            return "250 OK"

    port = free_port()
    server = Controller(Keep(), hostname="127.0.0.1", port=port)
    server.start()
    try:
        url = f"mailto://127.0.0.1:{port}?from=deck@example.com&to=oncall@example.com&mode=insecure"
        context = with_channels(scene.context, mail=url)
        notifying.once(context)
        refused_export(scene)
        assert notifying.once(context).troubles == ()
    finally:
        server.stop()
    assert b"artifact.refused" in mails[0]
    assert b"To: oncall@example.com" in mails[0]


def test_nothing_is_lost_while_the_network_is_down(scene: Scene, webhook: Receiver) -> None:
    context = with_channels(scene.context, hook=webhook.url)
    notifying.once(context)
    webhook.status = 503
    for number in range(3):
        refused_export(scene, f"{number}.json")
    down = notifying.once(context)
    assert (down.queued, down.told) == (3, 0)
    assert len(down.troubles) == 1, "one try a channel and round: the others would fail alike"
    assert TOKEN not in str(down)
    webhook.status = 200
    assert notifying.once(context).told == 2, "the failed one waits for its time"
    scene.clock.advance(seconds=10)
    assert notifying.once(context).told == 1
    assert sorted(line for m in webhook.got for line in m["message"].splitlines() if "path:" in line) == [
        f"path: inbox/prod/orders/{number}.json" for number in range(3)
    ]


def test_one_dead_channel_does_not_keep_the_other_waiting(scene: Scene, webhook: Receiver) -> None:
    dead = f"json://127.0.0.1:{free_port()}/"
    context = with_channels(scene.context, dead=dead, hook=webhook.url)
    notifying.once(context)
    refused_export(scene)
    assert notifying.once(context).told == 1
    assert len(webhook.got) == 1


def test_a_crash_between_queueing_and_telling_loses_nothing(scene: Scene, webhook: Receiver) -> None:
    context = with_channels(scene.context, hook=webhook.url)
    notifying.once(context)
    refused_export(scene)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        notifying.once(context, tell=killed)
    scene.clock.advance(seconds=61)  # what was being told is nobody else's for a minute
    assert notifying.once(context).told == 1


def test_policy_chooses_the_channel_by_event_severity_and_scope(scene: Scene, webhook: Receiver) -> None:
    other = Receiver()
    policy = Policy(
        notifications={
            "people": NotificationRule(channels=("audit",), events=("principal.*", "role.*")),
            "bad": NotificationRule(channels=("hook",), severity="high"),
            "elsewhere": NotificationRule(channels=("hook",), environments=("dev",)),
        }
    )
    context = with_channels(scene.context, policy, hook=webhook.url, audit=other.url)
    notifying.once(context)
    refused_export(scene)  # a warning on prod: nobody asked for it
    people.grant(scene.context, scene.alice, "cy", parse_grant("operator@orders/prod"))
    assert notifying.once(context).told == 1
    assert "role.granted" in other.got[0]["title"]
    assert webhook.got == []
    other.server.shutdown()
    other.server.server_close()


def test_no_secret_and_no_mention_leaves_in_a_message(scene: Scene, webhook: Receiver) -> None:
    context = with_channels(scene.context, hook=webhook.url)
    notifying.once(context)
    from store.services import incidents

    title = "<!channel> @everyone token ghp_9Fz2kQ8sLw3xVb7nTc5mRj1hYd6pGa4eU0iO\x1b[2J\u202e"
    incidents.open_incident(scene.context, scene.bo, title=title, severity="critical", project=None, environment=None)
    notifying.once(context)
    text = json.dumps(webhook.got, ensure_ascii=False)
    assert "INC-0001" in text
    for forbidden in ("ghp_9Fz2", "<!", "@", "\x1b", "\u202e"):
        assert forbidden not in text, forbidden


def test_every_kind_that_has_a_severity_exists() -> None:
    assert set(SEVERITIES_OF) <= set(EVENTS)


def test_after_many_tries_it_is_given_up_and_still_listed(scene: Scene, webhook: Receiver) -> None:
    context = with_channels(scene.context, hook=webhook.url)
    notifying.once(context)
    refused_export(scene)

    def never(*_: object) -> None:
        raise PlatformFailure("no route")

    for _ in range(notifying._MOST_TRIES):
        notifying.once(context, tell=never)
        scene.clock.advance(hours=2)
    with notifying.outbox(context) as box:
        assert box.counts() == {"given up": 1}
        assert box.listing()[0].trouble == "no route"
        assert box.retry() == 1
    assert notifying.once(context).told == 1


PLACES = [("prod", "critical"), ("PROD-eu", "critical"), ("staging", "high")]


@pytest.mark.parametrize(("place", "severity"), PLACES, ids=[place for place, _ in PLACES])
def test_drift_is_told_as_worse_where_others_depend_on_what_drifted(place: str, severity: str) -> None:
    drift = ev.DriftOpened(
        drift="DR-0001", project="orders", environment=place, component="t1", name="Intake", component_kind="tab",
        summary="changed live", export="flows.json", observed_artifact="f" * 64, desired="a" * 64, observed="b" * 64,
        release="c" * 64, previous=None, source="live",
    )  # fmt: skip
    record = ev.Recorded(seq=7, time="2026-01-01T00:00:00Z", actor="system", event=drift)
    (told,) = notices(record, policy=Policy(), channels=("hook",), ledger="ledger.example")
    assert (told.severity, told.title.split()[0]) == (severity, severity.upper())


def test_broken_glass_is_told_at_once_though_nobody_watches(scene: Scene, webhook: Receiver) -> None:
    context = with_channels(scene.context, hook=webhook.url)
    notifying.once(context)
    rex = scene.enrol("rex", "responder")
    incidents.open_incident(context, rex, title="it burns", severity="high")
    breaking.break_glass(context, rex, "INC-0001", environment="prod", justification="customers cannot pay")
    assert any("glass.broken" in one["title"] and "cannot pay" in one["message"] for one in webhook.got)


def test_broken_glass_is_told_though_nobody_ever_watched_here_and_what_was_before_is_not(
    scene: Scene, webhook: Receiver
) -> None:
    context = with_channels(scene.context, hook=webhook.url)
    rex = scene.enrol("rex", "responder")
    incidents.open_incident(context, rex, title="it burns", severity="high")
    breaking.break_glass(context, rex, "INC-0001", environment="prod", justification="customers cannot pay")
    assert ["glass.broken" in one["title"] for one in webhook.got] == [True]


def test_a_dead_network_keeps_nobody_from_breaking_glass_and_the_notice_waits(scene: Scene) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        context = with_channels(scene.context, hook=f"json://127.0.0.1:{closed.getsockname()[1]}/")
        notifying.once(context)
        rex = scene.enrol("rex", "responder")
        incidents.open_incident(context, rex, title="it burns", severity="high")
        breaking.break_glass(context, rex, "INC-0001", environment="prod", justification="customers cannot pay")
    with notifying.outbox(context) as box:
        assert any("glass.broken" in one.title and one.state == "waiting" for one in box.listing())


def test_two_that_deliver_at_the_same_time_tell_it_once(scene: Scene) -> None:
    context = with_channels(scene.context, hook="json://127.0.0.1:1/")
    told: list[int] = []
    with notifying.outbox(context) as box, notifying.outbox(context) as other:
        notifying.collect(context, box)
        refused_export(scene)
        notifying.collect(context, box)

        def tell(_: Context, __: str, message: Message) -> None:
            told.append(message.seq)
            if len(told) == 1:
                notifying.deliver(context, other, tell=tell)

        notifying.deliver(context, box, tell=tell)
    assert len(told) == 1
