"""A fact in plain words, for reviewers who do not know the platform."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:  # the fact holds its sentence
    from store.domain.impact.facts import Fact

_SENTENCES: Final[Mapping[str, str]] = MappingProxyType({
    "connector-added": "{kind} {connector} is new{where}",
    "connector-removed": "{kind} {connector} is gone",
    "connector-version": "{kind} {connector} changes its version: {change}",
    "connector-licence": "{kind} {connector} changes its licence: {change}",
    "connector-used": "{component} now uses the {kind} {connector}",
    "connector-unused": "{component} no longer uses the {kind} {connector}",
    "credential-changed": "{place} uses another credential: {change}",
    "authentication-lost": "{place} lost its authentication: it {new}",
    "authentication-gained": "{place} asks for authentication now",
    "endpoint-opened": "{place} is a new open endpoint: it {new}",
    "endpoint-changed": "{place} is an open endpoint that changed: it {new}",
    "endpoint-closed": "{place} is no open endpoint any more",
    "shell-added": "{place} is new and starts programs: it {new}",
    "shell-changed": "{place} starts another program: it {new}",
    "shell-removed": "{place} starts no programs any more",
    "file-added": "{place} is new and touches files: it {new}",
    "file-changed": "{place} touches other files: it {new}",
    "file-removed": "{place} touches no files any more",
    "tls-off": "{place} is no longer safe from a false server: it {new}",
    "tls-changed": "{place} is still not safe from a false server: it {new}",
    "tls-on": "{place} talks to nobody unchecked any more",
    "secret-added": "{place} {new}",
    "secret-changed": "{place} {new}",
    "secret-removed": "{place} holds no secret in the open any more",
    "schedule-added": "{place} starts by itself now: it {new}",
    "schedule-faster": "{place} runs more often: it {new}; before, it {old}",
    "schedule-slower": "{place} runs less often: it {new}; before, it {old}",
    "schedule-changed": "{place} runs at other times: it {new}; before, it {old}",
    "schedule-removed": "{place} does not start by itself any more",
    "notice-added": "{place} {new}",
    "notice-changed": "{place} {new}; before, it {old}",
    "notice-removed": "{place} no longer {old}",
})  # fmt: skip


def sentence(fact: Fact) -> str:
    """Return a fact as one sentence without a full stop; its texts are outside texts still."""
    component = fact.component_name or fact.component
    link = fact.connector
    return _SENTENCES[fact.code].format_map({
        "component": component or "the installation",
        "place": f"{fact.part} in {component}" if fact.part and component else fact.part or component or "the export",
        "where": f", used by {component}" if component else "",
        "kind": link.kind if link is not None else "",
        "connector": _named(fact),
        "change": f"{fact.old or 'none'} → {fact.new or 'none'}",
        "old": fact.old,
        "new": fact.new,
    })  # fmt: skip


def _named(fact: Fact) -> str:
    link = fact.connector
    if link is None:
        return ""
    return f"{link.name} {link.version}" if link.version and fact.code != "connector-version" else link.name
