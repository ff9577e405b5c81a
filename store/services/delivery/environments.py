"""The places releases go to: adding them, freezing them, reaching their targets."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from store.domain import events as ev
from store.domain import roles
from store.domain.lookalikes import alike
from store.domain.place import Place
from store.domain.secrets import redact
from store.errors import BadInput, Disguised, NotFound, Refusal
from store.integrity.entry import Entry
from store.platforms import TARGETS
from store.platforms.protocol import NamesItself, Target
from store.services.acting import perform
from store.services.attempts import attempt
from store.services.context import Actor, Context, Source, recorded
from store.services.identity.people import principals

KINDS = ("environment.added", "environment.edited", "environment.frozen", "environment.thawed")
RULES = {"enforce": ("report", "revert"), "on-failure": ("keep", "revert")}
"""What may be done in an environment without anybody asking, with its values; the first is the default."""
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Environment:
    """An environment as decisions see it."""

    name: str
    target: str
    settings: Mapping[str, str]
    """How its target is reached."""
    frozen: str | None = None
    rules: Mapping[str, str] = field(default_factory=dict)
    """Those of `RULES` that somebody set."""

    @property
    def place(self) -> Place:
        """Where it delivers."""
        return Place(target=self.target, settings=self.settings)

    @property
    def reverts_drift(self) -> bool:
        """An unauthorised change is reverted by quarterdeck itself."""
        return self.rules.get("enforce") == "revert"

    @property
    def reverts_failures(self) -> bool:
        """A deployment that fails its verification is rolled back by quarterdeck itself."""
        return self.rules.get("on-failure") == "revert"


def environments(source: Source, *, until: int | None = None) -> dict[str, Environment]:
    """Return every environment by name, folded from the ledger's own entries (as of entry `until`)."""
    found: dict[str, Environment] = {}
    for record in recorded(source.entries(kinds=KINDS, until=until)):
        match record.event:
            case ev.EnvironmentAdded(environment=name, target=target, settings=settings):
                plain, rules = _apart(settings)
                found[name] = Environment(name=name, target=target, settings=plain, rules=rules)
            case ev.EnvironmentEdited(environment=name, settings=settings) if name in found:
                plain, rules = _apart(settings)
                found[name] = replace(found[name], settings=plain, rules=rules)
            case ev.EnvironmentFrozen(environment=name, reason=reason) if name in found:
                found[name] = replace(found[name], frozen=reason)
            case ev.EnvironmentThawed(environment=name) if name in found:
                found[name] = replace(found[name], frozen=None)
            case _:
                pass
    return found


def one(source: Source, name: str) -> Environment:
    """Return one environment.

    Raises:
        NotFound: there is none of this name; names those there are.
        Disguised: it is made to be read as one there is, in letters of another script.
    """
    found = environments(source)
    if name not in found:
        twin = None if name.isascii() else alike(name, found)
        if twin is not None:
            raise Disguised(f"there is no environment {name!a}: it is made to read like {twin}")
        known = ", ".join(found) or "none yet: quarterdeck environment add"
        raise NotFound(f"there is no environment {name!r} (there are: {known})")
    return found[name]


@attempt("add an environment")
def add(context: Context, actor: Actor, name: str, *, target: str, settings: Mapping[str, str]) -> Entry:
    """Add an environment; `settings` are checked by its target's kind and hold no secrets. They may hold `RULES`.

    Raises:
        BadInput: the name or the settings will not do.
        Disguised: the name is none, and is made to be read as that of another environment.
        Refusal: the actor may not, or the name reads like another's.
    """
    _checked_new_name(context.ledger, name)
    if target not in TARGETS:
        raise BadInput(f"{target!r} is no target: choose from {', '.join(TARGETS)}")
    _check(target, settings)

    def decide(source: Source) -> Sequence[ev.Event]:
        roles.require(principals(source), actor.handle, "manage environments", at=context.now)
        if name in environments(source):
            raise BadInput(f"there is an environment {name} already")
        twin = alike(name, environments(source))
        if twin is not None:
            raise Refusal(
                [f"{name} reads like {twin}: two environments need names that nobody confuses"],
                would_unblock=["choose another name"],
            )
        return [ev.EnvironmentAdded(environment=name, target=target, settings=dict(settings))]

    return perform(context, actor, decide)[0]


@attempt("edit an environment")
def edit(context: Context, actor: Actor, name: str, *, changes: Mapping[str, str]) -> Entry:
    """Change settings or rules of an environment; an empty value takes a setting away. Its target stays.

    Raises:
        BadInput: nothing would change, or the settings will not do.
    """

    def decide(source: Source) -> Sequence[ev.Event]:
        roles.require(principals(source), actor.handle, "manage environments", at=context.now)
        place = one(source, name)
        before = {**place.settings, **place.rules}
        after = {key: value for key, value in {**before, **changes}.items() if value}
        if after == before:
            raise BadInput(f"this would change nothing about {name}")
        _check(place.target, after)
        return [ev.EnvironmentEdited(environment=name, settings=after)]

    return perform(context, actor, decide)[0]


@attempt("freeze")
def freeze(context: Context, actor: Actor, name: str, *, reason: str) -> Entry:
    """Stop every deployment to an environment until it is thawed."""

    def decide(source: Source) -> Sequence[ev.Event]:
        place = one(source, name)
        roles.require(principals(source), actor.handle, "freeze", environment=name, at=context.now)
        if place.frozen is not None:
            raise Refusal([f"{name} is frozen already: {place.frozen}"])
        return [ev.EnvironmentFrozen(environment=name, reason=_stated(reason))]

    return perform(context, actor, decide)[0]


@attempt("lift a freeze")
def thaw(context: Context, actor: Actor, name: str, *, reason: str) -> Entry:
    """Let an environment take deployments again."""

    def decide(source: Source) -> Sequence[ev.Event]:
        place = one(source, name)
        roles.require(principals(source), actor.handle, "freeze", environment=name, at=context.now)
        if place.frozen is None:
            raise Refusal([f"{name} is not frozen"])
        return [ev.EnvironmentThawed(environment=name, reason=_stated(reason))]

    return perform(context, actor, decide)[0]


def target(context: Context, environment: Environment) -> Target:
    """Return the target of an environment, ready to be asked."""
    found = TARGETS[environment.target].connect(context.root, environment.settings)
    if not isinstance(found, NamesItself):
        return found
    place = {"environment": environment.name}
    kinds = ["deployment.verified", "deployment.failed", "deployment.undone"]
    for entry in recorded(context.ledger.entries(kinds=kinds, on=place, newest_first=True)):
        match entry.event:
            case ev.DeploymentVerified() | ev.DeploymentFailed() | ev.DeploymentUndone() as end if end.ids is not None:
                return found.knowing(end.ids)
            case _:
                pass
    return found


def _apart(settings: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return (how the target is reached, the rules) of an environment's settings."""
    return (
        {key: value for key, value in settings.items() if key not in RULES},
        {key: value for key, value in settings.items() if key in RULES},
    )


def _check(target: str, settings: Mapping[str, str]) -> None:
    plain, rules = _apart(settings)
    for name, value in rules.items():
        if value not in RULES[name]:
            raise BadInput(f"--{name} is {' or '.join(RULES[name])}, not {value!r}")
    for name, value in plain.items():
        if is_pasted(name, value):
            raise BadInput(
                f"--{name} names where something is found, and this looks like a secret itself: settings are entries,"
                " which stay; name an environment variable or a file (and let a program read its own)"
            )
    TARGETS[target].check(plain)
    if rules.get("enforce") == "revert" and not TARGETS[target].connect(Path(), plain).live:
        raise BadInput(f"--enforce revert: a {target} does not tell what runs there, so nothing can be enforced")


def is_pasted(name: str, value: str) -> bool:
    """Say whether a setting that names a place holds, by its looks, the secret that belongs there."""
    if name.endswith("-env") and name != "pass-env":
        is_random = all(any(kind(letter) for letter in value) for kind in (str.isupper, str.islower, str.isdigit))
        if is_random or not _VARIABLE.fullmatch(value):
            return True
    return (name.endswith(("-env", "-file")) or name in {"fetch", "push"}) and redact(value) != value


def _checked_new_name(source: Source, name: str) -> None:
    try:
        checked_name(name)
    except BadInput as wrong:
        twin = alike(name, environments(source))
        if twin is not None:
            raise Disguised(f"{wrong}; it is made to read like {twin}") from None
        raise


def checked_name(name: str) -> str:
    """Return `name` as the name of an environment or project (it becomes a folder's). Raises BadInput."""
    if not _NAME.fullmatch(name):
        raise BadInput(f"{name!a} is no name here: use 1 to 64 of letters, digits, dot, dash, underscore")
    return name


def _stated(reason: str) -> str:
    if not reason.strip():
        raise BadInput("this needs a reason: --reason TEXT")
    return reason
