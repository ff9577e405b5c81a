"""What a YAML document of Home Assistant is, and what stands in it: told by its shape, then by its file's name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Final

from store.domain.component import Json
from store.errors import BadInput
from store.platforms.home_assistant.dashboards import listed, shown
from store.platforms.home_assistant.domains import COMMON, FILES, FOLDERS, OF_ESPHOME, SURE
from store.platforms.home_assistant.piece import Mapping, Piece, text

_TRIGGERS: Final = ("trigger", "triggers")
_ACTIONS: Final = ("action", "actions")
_HINTS: Final = re.compile(
    rb"![iI]nclude(?:_dir_\w+)?\b|!secret\b|!input\b|!env_var\b|\bentity_id:|\bunique_id:|^ {0,8}-? {0,4}platform: "
    rb"|\{[{%]-? *(?:states|state_attr|is_state|now)\b|\bdevice_class:|\b(?:service|action): [a-z_]+\.[a-z0-9_]+ *$",
    re.MULTILINE,
)
_HINTED: Final = (
    b"_id:", b"nclude", b"!secret", b"!input", b"!env_var", b"platform: ", b"states", b"state_attr", b"is_state",
    b"now", b"device_class:", b"service: ", b"action: ",
)  # fmt: skip
"""One of these stands in every hint, and is found at once."""
SECRETS_FILE: Final = re.compile(r"(?!secret_scanning\.)secrets?(?:[._-]\w+)*\.ya?ml", re.IGNORECASE)
"""`secret_scanning.yml` says to GitHub where not to look for any."""
_FOLDER: Final = re.compile(r"(?:^|[/_-])(?:" + "|".join(FOLDERS) + r")s?[/_]", re.IGNORECASE)
_TEMPLATES: Final = frozenset({
    "sensor", "binary_sensor", "button", "number", "select", "switch", "light", "image", "weather", "fan", "cover",
})  # fmt: skip
"""A trigger may also feed entities of the template integration; that is no automation."""
_ENTITY: Final = re.compile(r"[a-z_]+\.[a-z0-9_*]+")
_SLUG: Final = re.compile(r"[a-z][a-z0-9_]*")


def hints_in(data: bytes) -> bool:
    """Say whether a text holds a tag or a field that Home Assistant's users write everywhere."""
    return any(word in data for word in _HINTED) and _HINTS.search(data) is not None


def is_called_like_one(name: str) -> bool:
    """Say whether a file has a name that Home Assistant reads."""
    path = PurePosixPath(name.lower())
    if path.suffix not in {".yaml", ".yml"}:
        return False
    return path.stem in FILES or _names_one_of(path.stem, SURE) or SECRETS_FILE.fullmatch(path.name) is not None


def is_kept_like_one(name: str) -> bool:
    """Say whether a file lies in a folder, or is named after one, that people sort their configuration into."""
    return name.lower().endswith((".yaml", ".yml")) and _FOLDER.search(name) is not None


def pieces_of(value: Json, name: str, *, hinted: bool) -> list[Piece]:
    """Return the pieces of a document; `hinted` says that its text holds what only Home Assistant's users write.

    Raises:
        BadInput: nothing in it is of Home Assistant.
    """
    stem = PurePosixPath(name).stem
    is_package = hinted and is_kept_like_one(name)
    hinted = hinted or is_kept_like_one(name)
    if SECRETS_FILE.fullmatch(PurePosixPath(name).name) and (value is None or isinstance(value, dict)):
        return [Piece(kind="secrets", id=name, name=stem, content=value or {})]
    if not value and value != 0:
        if is_called_like_one(name) or (value is None and hinted):  # all of it was commented out: nothing is set up
            return [Piece(kind="integration", id=name, name=stem, content={stem: value})]
        raise BadInput("not of Home Assistant: the document is empty")
    pieces: list[Piece] = []
    if isinstance(value, list):
        pieces += [*_list(value, name, stem, hinted=hinted)] or listed(value, name, stem)
    elif isinstance(value, dict):
        pieces += _single(value, name, stem) or shown(value, name, stem) or _keyed(value, name, stem) or _configuration(
            value, name, hinted=hinted, is_package=is_package
        )  # fmt: skip
    if not pieces and isinstance(value, (dict, list)) and (is_called_like_one(name) or (hinted and _is_domain(stem))):
        pieces = [Piece(kind="integration", id=name, name=stem, content={stem: value})]
    if not pieces:
        raise BadInput("not of Home Assistant: neither automations, scripts, scenes nor integrations")
    return pieces


def _list(items: list[Json], name: str, stem: str, *, hinted: bool) -> Iterator[Piece]:
    things = [item for item in items if isinstance(item, dict)]
    if len(things) != len(items):
        return
    if any(is_automation(item) for item in things):
        yield from automations(things, name)
    elif any(_is_scene(item) for item in things):
        yield from scenes(things, name)
    elif hinted and any("platform" in item for item in things):
        yield Piece(kind="integration", id=name, name=stem, content={stem: items})


def _single(value: Mapping, name: str, stem: str) -> list[Piece]:
    """Return the one thing a file of its own holds: a blueprint, an automation, a script, a scene."""
    blueprint = value.get("blueprint")
    if isinstance(blueprint, dict) and "domain" in blueprint:
        title = text(blueprint.get("name")) or stem
        return [Piece(kind="blueprint", id=f"blueprint.{name}", name=title, content=value)]
    if is_automation(value):
        return list(automations([value], name))
    if _is_script(value) and isinstance(value.get("sequence"), list):
        return [Piece(kind="script", id=f"script.{stem}", name=text(value.get("alias")) or stem, content=value)]
    if _is_scene(value):
        return list(scenes([value], name))
    return []


def _keyed(value: Mapping, name: str, stem: str) -> list[Piece]:
    """Return what stands under its own name: scripts, scenes, customised entities."""
    things = [item for item in value.values() if isinstance(item, dict)]
    if len(things) != len(value):
        if all(_ENTITY.fullmatch(key) for key in value):
            return [Piece(kind="integration", id=name, name=stem, content=value)]
        return []
    if all(_is_script(item) for item in things):
        return list(scripts(value))
    if all(_is_scene(item) for item in things):
        return [_scene(item, f"scene.{key}", key) for key, item in value.items() if isinstance(item, dict)]
    if all(_ENTITY.fullmatch(key) for key in value):
        return [Piece(kind="integration", id=name, name=stem, content=value)]
    return []


def _configuration(value: Mapping, name: str, *, hinted: bool, is_package: bool) -> list[Piece]:
    """Return the pieces of a configuration or a package: integrations by name, the three kinds of thing in them.

    In what `is_package` all may be integrations that are not known here.
    """
    domains = [_domain(key) for key in value]
    known = sum(domain in SURE or domain in COMMON for domain in domains) or int(
        is_package and OF_ESPHOME.isdisjoint(value) and all(isinstance(item, (dict, list)) for item in value.values())
    )
    if not hinted and not is_called_like_one(name):
        # Elsewhere a script is a list of commands.
        sure = any(domain in SURE and not (domain == "script" and isinstance(value[domain], list)) for domain in value)
        known = known if sure and 2 * known >= len(domains) else 0
    if not known:
        return []
    if not all(_SLUG.fullmatch(domain) for domain in domains if not domain.startswith("<<")):
        return []
    pieces: list[Piece] = []
    for key, item in value.items():
        pieces += _of_domain(key, item, name)
    return pieces


def _of_domain(key: str, item: Json, name: str) -> Iterator[Piece]:
    domain = _domain(key)
    things = item if isinstance(item, list) else [item]
    mappings = [thing for thing in things if isinstance(thing, dict)]
    whole = bool(mappings) and len(mappings) == len(things)
    if domain == "automation" and whole and any(is_automation(thing) for thing in mappings):
        yield from automations(mappings, name)
    elif domain == "script" and isinstance(item, dict) and item and all(_is_script(thing) for thing in item.values()):
        yield from scripts(item)
    elif domain == "scene" and whole and any(_is_scene(thing) for thing in mappings):
        yield from scenes(mappings, name)
    else:
        yield Piece(kind="integration", id=f"{name}:{key}", name=key, content={key: item})
        if domain == "homeassistant" and isinstance(item, dict) and isinstance(packages := item.get("packages"), dict):
            for package in packages.values():
                for inner, value in package.items() if isinstance(package, dict) else ():
                    yield from (piece for piece in _of_domain(inner, value, name) if piece.kind != "integration")


def automations(items: list[Mapping], name: str) -> Iterator[Piece]:
    """Yield automations, known by their id, else by what people call them."""
    for number, item in enumerate(items, 1):
        title = text(item.get("alias"))
        own = item.get("id")
        identity = str(own) if isinstance(own, (str, int)) and own != "" else title or f"{name}#{number}"
        yield Piece(kind="automation", id=f"automation.{identity}", name=title or identity, content=item)


def scripts(value: Mapping) -> Iterator[Piece]:
    """Yield scripts, known by the key they stand under."""
    for key, item in value.items():
        if isinstance(item, dict):
            yield Piece(kind="script", id=f"script.{key}", name=text(item.get("alias")) or key, content=item)


def scenes(items: list[Mapping], name: str) -> Iterator[Piece]:
    """Yield scenes, known by their id, else by their name."""
    for number, item in enumerate(items, 1):
        own = item.get("id")
        title = text(item.get("name"))
        identity = str(own) if isinstance(own, (str, int)) and own != "" else title or f"{name}#{number}"
        yield _scene(item, f"scene.{identity}", identity)


def _scene(item: Mapping, identity: str, shown: str) -> Piece:
    return Piece(kind="scene", id=identity, name=text(item.get("name")) or shown, content=item)


def is_automation(value: Json) -> bool:
    """Say whether something has what makes an automation: triggers and actions, or a blueprint that has them."""
    if not isinstance(value, dict) or not _TEMPLATES.isdisjoint(value):
        return False
    blueprint = value.get("use_blueprint")
    if isinstance(blueprint, dict) and "path" in blueprint:
        return True
    return any(key in value for key in _TRIGGERS) and any(key in value for key in _ACTIONS)


def _is_script(value: Json) -> bool:
    if not isinstance(value, dict):
        return False
    return "sequence" in value or (isinstance(used := value.get("use_blueprint"), dict) and "path" in used)


def _is_scene(value: Json) -> bool:
    return isinstance(value, dict) and isinstance(value.get("entities"), dict) and ("name" in value or "id" in value)


def _domain(key: str) -> str:
    """Return the integration a key configures: `automation kitchen` and `automation` are one."""
    return key.partition(" ")[0]


def _is_domain(name: str) -> bool:
    return _names_one_of(name, SURE | COMMON)


def _names_one_of(name: str, domains: frozenset[str]) -> bool:
    """Say whether a file's name is that of a domain, or its plural."""
    return bool({name, name.removesuffix("s"), name.removesuffix("es")} & domains)
