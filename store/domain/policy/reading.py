"""From the texts of `policies/*.toml` to one Policy: every fault named with file, line, key and what is allowed."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import orjson
from pydantic import TypeAdapter, ValidationError

from store.domain.policy.checks import contradictions
from store.domain.policy.encoding import whole
from store.domain.policy.model import Policy, default_policy
from store.domain.policy.positions import Path, lines_of
from store.domain.policy.presets import PRESETS, preset_text
from store.domain.policy.shape import keys_at
from store.errors import BadInput, IntegrityFailure

OWNERS_FILE: Final = "owners.toml"
"""The file that holds nothing but `glob = [handles]`."""
LARGEST: Final = 262_144
"""Bytes of one policy file."""
MOST_FAULTS: Final = 100
_NAMED: Final = {("environments",), ("conditions",), ("templates",), ("playbooks",), ("owners",), ("notifications",)}
"""Sections of parts with names of their own: a fault in one says nothing about the others."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """One thing wrong in a policy file."""

    file: str
    line: int
    """0 where the fault has no line of its own: in a preset, or between files."""
    key: str
    problem: str
    """What is wrong and what is allowed."""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.key}: {self.problem}" if self.key else f"{place}: {self.problem}"


class BadPolicy(BadInput):
    """Policy files that hold something else than they may (exit 2): every fault, in the order of the files."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(self.lines))

    @property
    def lines(self) -> tuple[str, ...]:
        """Every fault, in the order of the files."""
        return tuple(str(fault) for fault in self.faults)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Read:
    name: str
    plain: dict[str, Any]
    lines: Mapping[Path, int]


def read_policy(texts: Mapping[str, str], *, handles: Collection[str] | None = None) -> Policy:
    """Return the policy that these files (name → text) say together, over the preset that one of them names.

    `handles` are the principals there are: an owner who is none of them could never approve.

    Raises:
        BadPolicy: they say something they may not; every fault is in it.
    """
    faults: list[Fault] = []
    files = [one for name in sorted(texts) if (one := _read(name, texts[name], faults)) is not None]
    preset = _preset(files, faults)
    merged: dict[str, Any] = preset_plain(preset)
    origin: dict[Path, _Read] = {}
    for one in files:
        _merge(merged, {k: v for k, v in one.plain.items() if k != "preset"}, (), one, origin, faults)
    found = [*_faults_in(merged)]
    known = {path for path, _ in found}
    found += [one for one in _strangers(_owners(merged), handles) if one[0] not in known]
    faults += _placed(found, files)
    if faults:
        order = {one.name: number for number, one in enumerate(files)}
        raise BadPolicy(sorted(faults, key=lambda fault: (order.get(fault.file, -1), fault.line))[:MOST_FAULTS])
    return _adapter().validate_json(orjson.dumps(merged), strict=True)


def from_canonical(data: bytes) -> Policy:
    """Return the policy whose canonical bytes these are.

    Raises:
        IntegrityFailure: they are no policy's, or of a version of quarterdeck that knows more.
    """
    try:
        found = _adapter().validate_json(data, strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise IntegrityFailure(f"the adopted policy cannot be read: {where}: {first['msg']}") from None
    return found


@lru_cache(maxsize=8)
def preset_policy(name: str) -> Policy:
    """Return a built-in policy."""
    return _adapter().validate_json(orjson.dumps(preset_plain(name)), strict=True)


def preset_plain(name: str) -> dict[str, Any]:
    """Return a preset as plain values: everything the built-in policy says, and what the preset changes of it."""
    plain: dict[str, Any] = whole(default_policy())
    _overlay(plain, tomllib.loads(preset_text(name)))
    return plain


@lru_cache(maxsize=1)
def _adapter() -> TypeAdapter[Policy]:
    return TypeAdapter(Policy)


def _read(name: str, text: str, faults: list[Fault]) -> _Read | None:
    if len(text) > LARGEST:
        faults.append(Fault(file=name, line=0, key="", problem=f"a policy file has at most {LARGEST} characters"))
        return None
    try:
        plain = tomllib.loads(text)
        orjson.dumps(plain)
    except tomllib.TOMLDecodeError as error:
        faults.append(Fault(file=name, line=_line_of(error), key="", problem=f"no TOML: {error}"))
        return None
    except RecursionError:
        faults.append(Fault(file=name, line=0, key="", problem="it is nested too deeply"))
        return None
    except (orjson.JSONEncodeError, ValueError) as error:
        faults.append(Fault(file=name, line=0, key="", problem=f"it holds what no policy can: {error}"))
        return None
    lines = lines_of(text)
    if name == OWNERS_FILE:
        return _Read(name=name, plain={"owners": plain}, lines={("owners", *p): n for p, n in lines.items()})
    return _Read(name=name, plain=plain, lines=lines)


def _line_of(error: tomllib.TOMLDecodeError) -> int:
    words = str(error).rsplit("(at line ", 1)
    digits = words[1].split(",", 1)[0] if len(words) == 2 else ""
    return int(digits) if digits.isdigit() else 0


def _preset(files: Iterable[_Read], faults: list[Fault]) -> str:
    named = [(one, one.plain["preset"]) for one in files if "preset" in one.plain]
    for one, value in named:
        if value not in PRESETS:
            problem = f"there is no preset {value!r}: use one of {', '.join(PRESETS)}"
            faults.append(Fault(file=one.name, line=one.lines.get(("preset",), 0), key="preset", problem=problem))
    for one, _ in named[1:]:
        problem = f"{named[0][0].name} names the preset already"
        faults.append(Fault(file=one.name, line=one.lines.get(("preset",), 0), key="preset", problem=problem))
    wanted = named[0][1] if named else "default"
    return wanted if wanted in PRESETS else "default"


def _merge(
    into: dict[str, Any],
    plain: Mapping[str, Any],
    path: Path,
    source: _Read,
    origin: dict[Path, _Read],
    faults: list[Fault],
) -> None:
    """Lay one file over what is there. Tables join; any other value replaces the preset's, and no other file's."""
    for key, value in plain.items():
        here = (*path, key)
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value, here, source, origin, faults)
            continue
        other = origin.setdefault(here, source)
        if other is not source:
            problem = f"{other.name} says this already (line {_line(other, here)})"
            faults.append(Fault(file=source.name, line=_line(source, here), key=".".join(here), problem=problem))
        into[key] = value


def _overlay(into: dict[str, Any], plain: Mapping[str, Any]) -> None:
    for key, value in plain.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _overlay(into[key], value)
        else:
            into[key] = value


def _faults_in(merged: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """Yield (path, what is wrong) of everything in the merged values that no policy may hold."""
    try:
        policy = _adapter().validate_json(orjson.dumps(merged), strict=True)
    except ValidationError as error:
        parts: set[Path] = set()
        for fault in error.errors(include_url=False):
            path = tuple(str(part) for part in fault["loc"] if part != "[key]")
            parts.add(path[:2] if path[:1] in _NAMED else path[:1])
            yield path, _words(fault["type"], fault["msg"], path)
        yield from _contradictions_beside(merged, parts)
        return
    yield from contradictions(policy)


def _owners(merged: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the section of owners where it is one at all."""
    owners = merged.get("owners")
    return owners if isinstance(owners, dict) else {}


def _strangers(owners: Mapping[str, Any], handles: Collection[str] | None) -> Iterator[tuple[Path, str]]:
    if handles is None:
        return
    for glob, named in owners.items():
        for i, handle in enumerate(named if isinstance(named, list) else []):
            if isinstance(handle, str) and handle not in handles:
                near = f": there are {', '.join(sorted(handles)[:20])}"
                yield ("owners", glob, str(i)), f"{handle!a} is no principal of this ledger{near}"


def _contradictions_beside(merged: Mapping[str, Any], faulty: set[Path]) -> Iterator[tuple[Path, str]]:
    """Yield what contradicts itself in the parts that can be read, though others hold faults of their own."""
    built_in, sound = preset_plain("default"), dict(merged)
    for part in faulty:
        if len(part) == 2 and isinstance(sound.get(part[0]), dict):
            sound[part[0]] = {name: value for name, value in sound[part[0]].items() if name != part[1]}
        elif part and part[0] in built_in:
            sound[part[0]] = built_in[part[0]]
        elif part:
            sound.pop(part[0], None)
    try:
        policy = _adapter().validate_json(orjson.dumps(sound), strict=True)
    except ValidationError:  # it is wrong as a whole, and that was said
        return
    yield from ((path, words) for path, words in contradictions(policy) if not faulty & {path[:1], path[:2]})


def _words(kind: str, message: str, path: Path) -> str:
    if kind == "unexpected_keyword_argument":
        return f"there is no such key; use one of {', '.join(keys_at(path[:-1]))}"
    if kind == "missing":
        return "it is missing"
    words = message.removeprefix("Value error, ").replace("Input should be", "it should be")
    return words.replace("an object", "a table").replace("a valid array", "a list")


def _placed(found: Iterable[tuple[Path, str]], files: Sequence[_Read]) -> Iterator[Fault]:
    """Yield each fault where its key stands, or the nearest table around it."""
    for path, problem in found:
        file, line = _place(path, files)
        yield Fault(file=file, line=line, key=".".join(path), problem=problem)


def _place(path: Path, files: Sequence[_Read]) -> tuple[str, int]:
    for length in range(len(path), 0, -1):
        for one in files:
            if path[:length] in one.lines:
                return one.name, one.lines[path[:length]]
    return files[0].name if files else "preset", 0


def _line(source: _Read, path: Path) -> int:
    for length in range(len(path), 0, -1):
        if path[:length] in source.lines:
            return source.lines[path[:length]]
    return 0
