"""What a request must state by its template, and which items of its checklist nobody has ticked yet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

from store.domain import events as ev
from store.domain.policy.in_force import PLACE
from store.domain.policy.levels import RISKS
from store.errors import BadInput, Unstated

if TYPE_CHECKING:  # the rules' own types are slow to import
    from store.domain.policy import Policy, Template

LONGEST: Final = 4_000
"""Characters of one thing that is stated: an entry stays below 64 KiB."""
_OF_POLICY: Final = ("title", "why")
"""What a request that changes the policy must state: the rest is told from the files."""


def template_of(content: ev.RequestContent, environment: str, policy: Policy) -> Template | None:
    """Return the template a request is of, None when it is of none.

    Raises:
        BadInput: policy has no such template (any more), or it is not for this environment.
    """
    if not content.template or environment == PLACE:
        return None
    return named(content.template, environment, policy)


def named(name: str, environment: str, policy: Policy) -> Template:
    """Return the template of this name. Raises BadInput as `template_of` does."""
    found = policy.templates.get(name)
    if found is None:
        known = ", ".join(policy.templates) or "none"
        raise BadInput(f"the policy in force has no template {name!a}: there are {known}")
    if not any(fnmatchcase(environment, glob) for glob in found.environments):
        places = ", ".join(found.environments)
        raise BadInput(f"the template {name} is for {places}, not for {environment}: name another")
    return found


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """One thing that keeps what is stated from being a request."""

    field: str
    """The field of `RequestContent` it is about."""
    words: str
    missing: bool = False
    """Nothing is stated there, and something must be."""


def required(content: ev.RequestContent, environment: str, policy: Policy) -> tuple[str, ...]:
    """Return the fields that must be stated, by the policy and by the template.

    Raises:
        BadInput: policy has no such template, or it is not for this environment.
    """
    template = template_of(content, environment, policy)
    always = _OF_POLICY if environment == PLACE else policy.mandatory
    return tuple(dict.fromkeys((*always, *(template.mandatory if template is not None else ()))))


def faults(content: ev.RequestContent, environment: str, policy: Policy) -> tuple[Fault, ...]:
    """Return everything that keeps `content` from being opened or handed in; empty when nothing does."""
    found = [
        Fault(field=name, words=f"{len(text)} characters; {LONGEST} are the most")
        for name, text in vars(content).items()
        if len(text) > LONGEST and environment != PLACE  # what changes the policy is told from the files
    ]
    if content.risk not in RISKS:
        found.append(Fault(field="risk", words=f"{content.risk!r} is no risk level: choose from {', '.join(RISKS)}"))
    try:
        wanted = required(content, environment, policy)
    except BadInput as error:
        return (*found, Fault(field="template", words=str(error)))
    missing = [name for name in wanted if not getattr(content, name).strip()]
    return (*found, *(Fault(field=name, words="must be stated", missing=True) for name in missing))


def check_content(content: ev.RequestContent, environment: str, policy: Policy) -> None:
    """Raise BadInput naming everything that is wrong with what is stated, by the policy and by the template."""
    found = faults(content, environment, policy)
    wrong = [fault for fault in found if not fault.missing]
    if wrong:
        raise BadInput(
            wrong[0].words if wrong[0].field in {"risk", "template"} else f"{wrong[0].field}: {wrong[0].words}"
        )
    if found:
        options = ", ".join("--" + fault.field.replace("_", "-") for fault in found)
        of = f" (template {content.template})" if content.template and environment != PLACE else ""
        missing = [fault.field for fault in found]
        raise Unstated(f"the request does not state what it must{of}: {options}", missing=missing)


def begun(content: ev.RequestContent, template: Template) -> ev.RequestContent:
    """Return what is stated, with the template's own words where nothing is."""
    stated = {name: value for name, value in vars(content).items() if value}
    return ev.RequestContent(**{**vars(content), **template.values, **stated})


def left(template: Template | None, ticked: Iterable[str]) -> tuple[str, ...]:
    """Return the items of the checklist that are not ticked, in its order."""
    done = set(ticked)
    return tuple(item for item in template.checklist if item not in done) if template is not None else ()
