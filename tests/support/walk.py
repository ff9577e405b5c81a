"""A random walk through everything people can do: most steps are refused, and every one that is not is an entry."""

from __future__ import annotations

import random
from collections.abc import Callable

from support.exports import document, tabs
from support.keyring import line_of
from support.scene import Scene, add_environment, content

from store.domain import events as ev
from store.errors import QuarterdeckError
from store.integrity import sshkey
from store.services import incidents
from store.services.context import Actor, recorded
from store.services.delivery import deploying, environments, rollback
from store.services.drift import drifting
from store.services.identity import people
from store.services.requests import approving, promoting, requests

PLACES, PROJECTS = ("prod", "dev"), ("orders", "crm")


class Walk:
    """Takes steps in a scene; the same seed takes the same steps."""

    def __init__(self, scene: Scene, seed: int) -> None:
        self.scene = scene
        self.random = random.Random(seed)
        self.taken: list[str] = []
        self.refused: list[str] = []
        self.crowd: list[Actor] = []
        add_environment(scene.context, scene.alice, "dev")
        for handle, roles in {"fay": ("responder", "operator"), "gus": ("requester@orders/*", "auditor")}.items():
            scene.enrol(handle, *roles)
        self.crowd = [scene.actor(name) for name in ("alice", "bo", "cy", "dana", "fay", "gus")]

    def go(self, steps: int) -> None:
        """Take some steps. What no rule allows leaves nothing behind; anything else than a refusal is a bug."""
        acts = [name for name in dir(self) if name.startswith("do_")]
        for _ in range(steps):
            name = self.random.choice(acts)
            act: Callable[[], object] = getattr(self, name)
            before = self.scene.size
            try:
                act()
            except QuarterdeckError:
                self.refused.append(name)
            else:
                if self.scene.size > before:
                    self.taken.append(name)
            if self.random.random() < 0.3:
                self.scene.clock.advance(seconds=self.random.choice([0, 0.2, 60, 3600, 90_000]))

    def _who(self) -> Actor:
        return self.random.choice(self.crowd)

    def _place(self) -> str:
        return self.random.choice(PLACES)

    def _project(self) -> str:
        return self.random.choice(PROJECTS)

    def _some(self, prefix: str, kind: str) -> str:
        """Return one of the newest ids that exist, or one that may not."""
        key = {"CR": "request", "DR": "drift", "INC": "incident"}[prefix]
        newest = self.scene.context.ledger.entries(kinds=[kind], limit=3, newest_first=True)
        ids = [entry.statement.on[key] for entry in newest]
        return self.random.choice([*ids, *ids, f"{prefix}-{self.random.randint(1, 99):04d}"])

    def _request(self) -> str:
        return self._some("CR", "request.opened")

    def _export(self) -> tuple[str, bytes]:
        if self.random.random() < 0.4:
            return "limits.json", document(limit=self.random.randint(1, 3))
        code = {name: f"return msg[{self.random.randint(1, 2)}];" for name in ("one", "two")}
        if self.random.random() < 0.2:
            code["three"] = "return msg;"
        return "flows.json", tabs(**code)

    def do_ingest(self) -> None:
        name, data = self._export()
        self.scene.ingest(data, project=self._project(), place=self._place(), name=name)

    def do_ingest_rubbish(self) -> None:
        self.scene.ingest(b"{" + bytes([self.random.randint(65, 90)]), project=self._project(), place=self._place())

    def do_observe(self) -> None:
        name, data = self._export()
        self.scene.observe(data, project=self._project(), place=self._place(), name=name)

    def do_observe_as_desired(self) -> None:
        project, place = self._project(), self._place()
        for name, data in self.scene.delivered(project=project, place=place).items():
            self.scene.observe(data, project=project, place=place, name=name)

    def do_open_and_submit(self) -> None:
        who = self._who()
        risk = self.random.choice(["low", "low", "medium", "high", "critical"])
        request = self.scene.open(who, project=self._project(), place=self._place(), risk=risk)
        requests.submit(self.scene.context, who, request)

    do_open_and_submit_again = do_open_and_submit

    def do_bring_to_life(self) -> None:
        """Everything a change needs, one after the other; refused wherever something stands against it."""
        request = self.scene.submitted(project=self._project(), place=self._place())
        approving.approve(self.scene.context, self.scene.dana, request)
        self.scene.deploy(request)

    do_bring_more_to_life = do_bring_even_more_to_life = do_bring_to_life

    def do_open(self) -> None:
        self.scene.open(self._who(), project=self._project(), place=self._place())

    def do_submit(self) -> None:
        requests.submit(self.scene.context, self._who(), self._request())

    def do_edit(self) -> None:
        words = content(why=self.random.choice(["because", "still because"]))
        refresh = self.random.random() < 0.5
        requests.edit(self.scene.context, self._who(), self._request(), content=words, refresh=refresh)

    def do_withdraw(self) -> None:
        if self.random.random() < 0.3:
            requests.withdraw(self.scene.context, self._who(), self._request(), reason="changed my mind")

    def do_approve(self) -> None:
        request = self._request()
        for who in self.random.sample(self.crowd, 3):
            approving.approve(self.scene.context, who, request)

    def do_have_it_approved(self) -> None:
        request = self._request()
        for who in (self.scene.dana, self.scene.bo):
            approving.approve(self.scene.context, who, request, note="fine")

    def do_refuse(self) -> None:
        if self.random.random() < 0.3:
            approving.refuse(self.scene.context, self._who(), self._request(), reason="no")

    def do_deploy(self) -> None:
        deploying.deploy(self.scene.context, self.scene.bo, self._request())

    do_deploy_again = do_deploy

    def do_deploy_as_anybody(self) -> None:
        deploying.deploy(self.scene.context, self._who(), self._request())

    def do_promote(self) -> None:
        promoting.promote(self.scene.context, self._who(), self._request(), to=self._place())

    def do_roll_back(self) -> None:
        plan = rollback.plan(self.scene.context, self._place(), self._project())
        rollback.roll_back(self.scene.context, self._who(), plan, reason="it hurts")

    def do_revert(self) -> None:
        plan = rollback.plan_revert(self.scene.context, self._some("DR", "drift.opened"))
        rollback.roll_back(self.scene.context, self._who(), plan, reason="nobody asked")

    def do_lift(self) -> None:
        held = next(
            recorded(self.scene.context.ledger.entries(kinds=["release.quarantined"], limit=1, newest_first=True)),
            None,
        )
        if held is not None and isinstance(held.event, ev.ReleaseQuarantined):
            who, event = self._who(), held.event
            rollback.lift_quarantine(self.scene.context, who, event.project, event.release, reason="mended")

    def do_acknowledge(self) -> None:
        drifting.acknowledge(self.scene.context, self._who(), self._some("DR", "drift.opened"), note="seen")

    def do_adopt(self) -> None:
        drifting.adopt(self.scene.context, self._who(), self._some("DR", "drift.opened"), content=content())

    def do_freeze(self) -> None:
        if self.random.random() < 0.2:
            environments.freeze(self.scene.context, self._who(), self._place(), reason="audit")

    def do_thaw(self) -> None:
        environments.thaw(self.scene.context, self._who(), self._place(), reason="over")

    def do_open_incident(self) -> None:
        places = self.random.choice([{}, {"project": self._project(), "environment": self._place()}])
        incidents.open_incident(self.scene.context, self._who(), title="fire", severity="high", **places)

    def do_note(self) -> None:
        incidents.note(self.scene.context, self._who(), self._some("INC", "incident.opened"), "smoke")

    def do_close_incident(self) -> None:
        incident = self._some("INC", "incident.opened")
        incidents.close(self.scene.context, self._who(), incident, cause="c", fix="f", learned="l")

    def do_annotate(self) -> None:
        subject = self.random.choice([self._request(), str(self.random.randint(1, self.scene.size))])
        incidents.annotate(self.scene.context, self._who(), subject, "remember this")

    def do_grant(self) -> None:
        grant = ev.Grant(role=self.random.choice(["auditor", "responder"]), project=self._project())
        people.grant(self.scene.context, self._who(), "gus", grant)

    def do_take_back(self) -> None:
        grant = ev.Grant(role=self.random.choice(["auditor", "responder"]), project=self._project())
        people.revoke(self.scene.context, self._who(), "gus", grant, reason="enough")

    def do_change_keys(self) -> None:
        key = self.scene.actor(f"gus-{self.scene.size}").signer
        people.add_key(self.scene.context, self._who(), "gus", line_of(key))
        old = self.crowd[-1].signer
        self.crowd[-1] = Actor(handle="gus", signer=key)
        fingerprint = sshkey.public_key(old.public.blob).fingerprint
        people.revoke_key(self.scene.context, self.scene.alice, "gus", fingerprint, reason="yearly")
