"""What a reviewer should see in a house: hosts, credentials, integrations, commands, files, open doors, timers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from store.domain.component import Component, Connector, Json, Notice
from store.domain.hosts import host_named
from store.domain.needles import Needles
from store.domain.notices import brief, hosts_of, notice, objects
from store.domain.schedules import DAY, cron_seconds
from store.platforms.home_assistant.components import held_in
from store.platforms.home_assistant.dashboards import CUSTOM, SHOWN
from store.platforms.home_assistant.domains import HELPERS

_ADDRESSES: Final = ("host", "broker", "server", "url", "resource", "ip_address")
_REFERENCES: Final = ("!secret", "!env_var")
_SHELLS: Final = ("shell_command.", "python_script.", "pyscript.", "hassio.addon_stdin")
_SHELL_PLATFORMS: Final = frozenset({"command_line", "python_script", "pyscript"})
_FILES: Final = frozenset({"file", "folder", "folder_watcher", "filesize", "downloader", "local_file"})
_UNCHECKED: Final = (("verify_ssl", False), ("ssl_verify", False), ("tls_insecure", True), ("insecure", True))

_TIMED: Final = frozenset({"webhook", "time", "time_pattern", "calendar"})
"""The triggers that somebody or something outside pulls, or a clock."""

_REACHING: Final = Needles.of_keys(("platform", "use_blueprint", *_REFERENCES, *_ADDRESSES))
"""Without one of these keys a part names nothing outside but in URLs."""
_SEEN: Final = Needles.of_keys(
    ("platform", "trusted_networks", *(key for key, _ in _UNCHECKED)),
    also=[
        *(f'"{start}' for start in (*_SHELLS, "shell_command", "command_line", "python_script")),
        *(f'"{word}"' for word in ("folder_watcher", "downloader", "homeassistant", *_TIMED)),
    ],
)
"""Without one of these words there is nothing in a part to see, but for secrets."""

_OWN_FILES: Final = frozenset({"automations", "scripts", "scenes"})
"""What the files of the editor are called: one that is still empty names no integration."""


def connectors_in(part: Component) -> Iterator[Connector]:
    """Yield the hosts, credentials, integrations and blueprints that a component uses."""
    if part.kind == "secrets":
        return
    if part.kind == "integration" and isinstance(part.content, dict):
        for key in part.content:
            name = key.partition(" ")[0]
            if name not in HELPERS and name not in _OWN_FILES and "." not in key:
                yield Connector(kind="module", name=name)
    for thing in objects(part.content) if _REACHING.any_in(part) else ():
        platform = thing.get("platform")
        if part.kind == "integration" and isinstance(platform, str) and platform not in HELPERS:
            yield Connector(kind="module", name=platform)
        blueprint = thing.get("use_blueprint")
        if isinstance(blueprint, dict) and isinstance(path := blueprint.get("path"), str):
            yield Connector(kind="module", name=f"blueprint {path}")
        for tag in _REFERENCES:
            if isinstance(kept := thing.get(tag), str) and kept:
                yield Connector(kind="credential", name=f"{tag} {kept}")
        for key in _ADDRESSES:
            value = thing.get(key)
            if isinstance(value, str) and "{" not in value:
                yield from (Connector(kind="host", name=host) for host in sorted(host_named(value)))
    yield from _cards(part)
    yield from (connector for _, connector in hosts_of(part))


def _cards(part: Component) -> Iterator[Connector]:
    """Yield the cards of a dashboard that somebody else made."""
    for thing in objects(part.content) if part.kind in SHOWN else ():
        if isinstance(card := thing.get("type"), str) and card.startswith(CUSTOM):
            yield Connector(kind="module", name=card)


def notices_in(part: Component) -> Iterator[Notice]:
    """Yield what a reviewer should see in an automation, a script or an integration, but for its secrets."""
    if part.kind == "secrets":
        if held := held_in(part):
            yield notice("inline-secret", part, f"holds {held} secrets in the open")
    elif _SEEN.any_in(part):
        for code, what in _seen(part):
            yield notice(code, part, what)
        for code, what, every in _triggered(part):
            yield notice(code, part, what, every=every)


def _seen(part: Component) -> Iterator[tuple[str, str]]:
    content = part.content if isinstance(part.content, dict) else {}
    yield from _commands(content)
    for thing in objects(content):
        yield from _of_calls(thing)
        yield from _of_platform(thing)
        if any(thing.get(key) is value for key, value in _UNCHECKED):
            yield "tls-off", "does not check the server's certificate"
        if thing.get("type") == "trusted_networks" and "trusted_networks" in thing:
            networks = brief(thing["trusted_networks"]) or "some networks"
            yield "open-endpoint", f"lets in whoever comes from {networks} without a password"


def _commands(content: dict[str, Json]) -> Iterator[tuple[str, str]]:
    commands = content.get("shell_command")
    for name, command in commands.items() if isinstance(commands, dict) else ():
        yield "shell", f"{name} runs the command {brief(command) or 'that a template names'}"
    if "command_line" in content:
        yield "shell", "runs commands of the machine"
    if "python_script" in content:
        yield "shell", "runs Python scripts from its folder"
    for domain in ("folder_watcher", "downloader"):
        if domain in content:
            yield "file", f"{domain} reads or writes {brief(content[domain]) or 'files'}"
    core = content.get("homeassistant")
    if isinstance(core, dict):
        for key in ("allowlist_external_dirs", "whitelist_external_dirs"):
            if key in core:
                yield "file", f"may read and write {brief(core[key]) or 'folders of the machine'}"


def _of_calls(thing: dict[str, Json]) -> Iterator[tuple[str, str]]:
    for key in ("service", "action"):
        service = thing.get(key)
        if isinstance(service, str) and service.startswith(_SHELLS):
            yield "shell", f"calls {service}"


def _of_platform(thing: dict[str, Json]) -> Iterator[tuple[str, str]]:
    platform = thing.get("platform")
    if not isinstance(platform, str):
        return
    if platform in _SHELL_PLATFORMS:
        yield "shell", f"runs the command {brief(thing.get('command')) or 'of its settings'}"
    elif platform in _FILES:
        path = brief(thing.get("file_path") or thing.get("filename") or thing.get("folder") or thing.get("file_paths"))
        yield "file", f"reads or writes {path or 'files'}"


def _triggered(part: Component) -> Iterator[tuple[str, str, float | None]]:
    content = part.content if isinstance(part.content, dict) else {}
    for key in ("trigger", "triggers"):
        for trigger in objects(content.get(key)):
            yield from _of_trigger(trigger)


def _of_trigger(trigger: dict[str, Any]) -> Iterator[tuple[str, str, float | None]]:
    """Yield what a trigger means, with the seconds between two runs where it tells them."""
    kind = trigger.get("platform") or trigger.get("trigger")
    if kind == "webhook":
        reach = "from the internet" if trigger.get("local_only") is False else "from the local network"
        yield "open-endpoint", f"answers on a webhook {reach} and asks for no authentication", None
    elif kind == "time":
        times = trigger.get("at")
        count = len(times) if isinstance(times, list) else 1
        yield "schedule", f"runs at {_at(times) or 'a time'}", DAY / count if count else None
    elif kind == "time_pattern":
        units = [f"{unit} {brief(trigger[unit])}" for unit in ("hours", "minutes", "seconds") if unit in trigger]
        yield "schedule", f"runs on the pattern {', '.join(units) or 'of its settings'}", _pattern_seconds(trigger)
    elif kind == "calendar":
        yield "schedule", f"runs by the calendar {brief(trigger.get('entity_id'))}", None


def _pattern_seconds(trigger: dict[str, Any]) -> float | None:
    """Return the mean seconds between two runs: `/5` is every fifth; a unit below one that is given is at zero."""
    fields: list[str] = []
    given = False
    for unit in ("hours", "minutes", "seconds"):
        text = brief(trigger.get(unit))
        fields.append(f"*{text}" if text.startswith("/") else text or ("0" if given else "*"))
        given = given or bool(text)
    return cron_seconds(f"{fields[2]} {fields[1]} {fields[0]} * * *")


def _at(value: Json) -> str:
    """Return a time of the day as it is written; YAML 1.1 takes `6:30` for a number, here a text under its type."""
    if isinstance(value, list):
        return ", ".join(part for item in value if (part := _at(item)))
    if isinstance(value, dict) and len(value) == 1:
        return brief(next(iter(value.values())))
    return brief(value)
