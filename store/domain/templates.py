"""What a request must state by its template, and which items of its checklist nobody has ticked yet."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Final

from store.domain import events as ev
from store.domain.policy import Policy, Template
from store.domain.policy.in_force import PLACE
from store.errors import BadInput

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
        raise BadInput(f"the template {name} is for {', '.join(found.environments)}, not for {environment}")
    return found


def check_content(content: ev.RequestContent, environment: str, policy: Policy) -> None:
    """Raise BadInput naming everything that is not stated and must be, by the policy and by the template."""
    template = template_of(content, environment, policy)
    always = _OF_POLICY if environment == PLACE else policy.mandatory
    wanted = dict.fromkeys((*always, *(template.mandatory if template is not None else ())))
    missing = [name for name in wanted if not getattr(content, name).strip()]
    if missing:
        options = ", ".join("--" + name.replace("_", "-") for name in missing)
        of = f" (template {content.template})" if template is not None else ""
        raise BadInput(f"the request does not state what it must{of}: {options}")


def begun(content: ev.RequestContent, template: Template) -> ev.RequestContent:
    """Return what is stated, with the template's own words where nothing is."""
    stated = {name: value for name, value in vars(content).items() if value}
    return ev.RequestContent(**{**vars(content), **template.values, **stated})


def left(template: Template | None, ticked: Iterable[str]) -> tuple[str, ...]:
    """Return the items of the checklist that are not ticked, in its order."""
    done = set(ticked)
    return tuple(item for item in template.checklist if item not in done) if template is not None else ()
