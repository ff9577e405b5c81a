"""A diff with the components it is told from, as widgets ask for it: the text of one component, old and new."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

from console.presentation.component_text import component_text
from store.domain.component import Component
from store.domain.diff import Diff


@dataclass(frozen=True, kw_only=True, eq=False)
class Compared:
    """Callable with a component's key; equal only to itself, so that a widget sees when another one is given."""

    diff: Diff
    before: Mapping[str, Component]
    after: Mapping[str, Component]
    noise: bool = False
    """Whether the texts hold what says nothing about behaviour; without it they are what the digests are over."""

    def __call__(self, component: str) -> tuple[str, str]:
        """Return one component's text before and after. May take a while: call it in a thread."""
        old = next((change.old_id for change in self.diff.components if change.id == component), None)
        return self._text(self.before.get(old or component)), self._text(self.after.get(component))

    def _text(self, part: Component | None) -> str:
        if part is not None and not self.noise:
            part = replace(part, content=json.loads(part.canonical))
        return component_text(part)
