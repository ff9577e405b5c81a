"""What one run of the command line knows: the global options, the workspace they name, and who acts."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from console.cli.groups import HintingGroup
from console.cli.output import complain
from store.errors import MEND, BadInput, IntegrityFailure, mend

if TYPE_CHECKING:  # what opens a workspace is imported by the command that opens one
    from store.integrity.signer import Signer
    from store.services.context import Actor, Context
    from store.workspace import Workspace

C = TypeVar("C", bound=click.Command)


@dataclass
class GlobalOptions:
    """The options that every command takes, before or after its name."""

    workspace: Path | None = None
    key: Path | None = None
    as_name: str | None = None
    json: bool = False
    yes: bool = False
    no_color: bool = False
    verbose: bool = False


@dataclass
class Session:
    """One run of the command line."""

    options: GlobalOptions = field(default_factory=GlobalOptions)
    log_passphrase: bytes = b""
    """What unlocked the log's key; empty where nothing had to."""
    kept: list[object] = field(default_factory=list)
    """What is large and was shown: nobody waits for it to be taken apart where the process ends with the command."""
    _workspace: Workspace | None = None

    @property
    def workspace(self) -> Workspace:
        """The workspace the options name, opened once. Raises NotFound when there is none."""
        if self._workspace is None:
            from store.workspace import open_workspace

            try:
                self._workspace = open_workspace(self.root, log_passphrase=self._ask_log_passphrase)
            except IntegrityFailure as error:
                raise mend(error) from error.__cause__
            from store.services import following

            following.check(self._workspace.context)
        return self._workspace

    @property
    def root(self) -> Path:
        """The folder of the workspace the options name. Raises NotFound when there is none."""
        from store.workspace import find

        named = self.options.workspace or _from_environment("QUARTERDECK_WORKSPACE")
        return named if named is not None else find(Path.cwd())

    @property
    def context(self) -> Context:
        """The opened workspace, as services take it."""
        return self.workspace.context

    def signer(self) -> Signer:
        """Return what signs for the caller. Raises BadInput: no key is named and no agent holds exactly one."""
        from console.cli import caller

        return caller.signer_of(self.options.key)

    def actor(self) -> Actor:
        """Return who acts: the principal whose key signs. Raises Refusal for a stranger, BadInput without a key."""
        from console.cli import caller

        return caller.actor_of(self.context, self.options.key, self.options.as_name, act=_doing())

    def actor_if_any(self) -> tuple[Actor | None, str]:
        """Return who acts, or nobody and why: where no key was named and the agent has none of this ledger's."""
        from console.cli import caller

        return caller.actor_if_any(self.context, self.options.key, self.options.as_name, act=_doing())

    def _ask_log_passphrase(self) -> bytes:
        self.log_passphrase = _log_passphrase()
        return self.log_passphrase

    def warn(self) -> None:
        """Say that the ledger can only be read, and why, after a command that did not fail over it."""
        reason = self._workspace.ledger.read_only_reason if self._workspace is not None else None
        if reason is not None:
            complain(f"read-only: {reason}")
            if self._workspace is not None and self._workspace.ledger.damaged:
                complain(f"  {MEND}")

    @property
    def status(self) -> int:
        """With what a command ends that did what it was asked: 1 where its answer came from tables that were edited."""
        return int(self._workspace is not None and self._workspace.ledger.tables_edited)

    def close(self) -> None:
        """Close the workspace if it was opened."""
        if self._workspace is not None:
            self._workspace.close()


def _doing() -> str:
    """Return what is being done, by the names of our own commands: nothing that anybody typed."""
    words: list[str] = []
    here = click.get_current_context(silent=True)
    while here is not None and here.parent is not None:
        words.append(here.command.name or "")
        here = here.parent
    return f"run {' '.join(['quarterdeck', *reversed(words)])}"


def _from_environment(name: str) -> Path | None:
    value = os.environ.get(name)
    return Path(value) if value else None


def _log_passphrase() -> bytes:
    """Return the log key's passphrase: from the environment, else asked for; nothing opens the ledger read-only."""
    from store.services.identity import log_key_file

    found = log_key_file.from_environment()
    if found or not sys.stdin.isatty():
        return found
    asked: str = click.prompt(
        "Passphrase of the log's key (nothing: only look)", hide_input=True, err=True, default="", show_default=False
    )
    return asked.encode()


def _store(name: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    def callback(ctx: click.Context, parameter: click.Parameter, value: object) -> None:
        del parameter
        if value not in {None, False}:
            setattr(ctx.ensure_object(Session).options, name, value)

    return callback


def _options() -> list[click.Option]:
    def option(name: str, *flags: str, **more: Any) -> click.Option:
        return click.Option(flags, expose_value=False, callback=_store(name), **more)

    path = Somewhere(path_type=Path)
    return [
        option("workspace", "-w", "--workspace", type=path, help="The workspace (or QUARTERDECK_WORKSPACE)."),
        option("key", "--key", type=path, help="Your private key file (or QUARTERDECK_KEY)."),
        option("as_name", "--as", metavar="NAME", help="Be this one of your own principals."),
        option("json", "--json", is_flag=True, help="Print one JSON document and nothing else."),
        option("yes", "--yes", is_flag=True, help="Ask no question."),
        option("no_color", "--no-color", is_flag=True, help="Print no colours."),
        option("verbose", "-v", is_flag=True, help="Say more."),
    ]


ENTRY_NUMBER = click.IntRange(min=1, max=2**53 - 1)
"""An entry's number, as far as a statement can name one."""


class Text(click.types.StringParamType):
    """Text from the command line: valid Unicode, because it becomes part of entries and queries."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the argument; bytes that are no UTF-8 (surrogates by now) end as wrong usage."""
        text: str = super().convert(value, param, ctx)
        if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
            self.fail(f"{ascii(text)[:60]} is not valid UTF-8", param, ctx)
        if not text.strip() and isinstance(param, click.Argument):
            self.fail("it is empty", param, ctx)
        return text


class Somewhere(click.Path):
    """A path from the command line: nothing is no path. Python would read it as the folder one happens to be in."""

    @classmethod
    def like(cls, path: click.Path) -> Somewhere:
        """Return the same type of path, which takes no empty one."""
        made = cls()
        made.__dict__.update(path.__dict__)
        return made

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path; an empty one, as an unset variable of a script gives it, ends as wrong usage."""
        if isinstance(value, str) and not value:
            self.fail("it is empty", param, ctx)
        return super().convert(value, param, ctx)


def add_global_options(command: C) -> C:
    """Let `command` take the global options too, so that they may stand after its name."""
    for parameter in command.params:
        if parameter.type is click.STRING:
            parameter.type = Text()
        elif isinstance(parameter.type, click.Path):
            parameter.type = Somewhere.like(parameter.type)
    taken = {flag for parameter in command.params for flag in parameter.opts}
    command.params.extend(option for option in _options() if not taken & set(option.opts))
    return command


def command(parent: click.Group | None = None, **settings: Any) -> Callable[[Callable[..., Any]], click.Command]:
    """Make a command that takes the global options and is handed the Session as its first argument."""

    def decorate(function: Callable[..., Any]) -> click.Command:
        made = (parent.command if parent is not None else click.command)(**settings)(click.pass_obj(function))
        return add_global_options(made)

    return decorate


def group(**settings: Any) -> Callable[[Callable[..., Any]], click.Group]:
    """Make a group of commands that takes the global options."""

    def decorate(function: Callable[..., Any]) -> click.Group:
        made: click.Group = click.group(**{"cls": HintingGroup} | settings)(function)
        return add_global_options(made)

    return decorate


def confirmed(session: Session, question: str) -> None:
    """Ask `question` at a terminal; without one, `--yes` must have answered it.

    Raises:
        BadInput: nobody can be asked.
        click.Abort: the answer was no.
    """
    if session.options.yes:
        return
    if not sys.stdin.isatty() or session.options.json:
        raise BadInput(f"{question} needs confirming: there is no terminal to ask at; add --yes")
    click.confirm(question, abort=True, err=True)
