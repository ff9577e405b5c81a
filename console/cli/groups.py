"""Groups of commands: a name that is close to one gets a hint, and a listing may be meant without being named."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Mapping
from typing import Any

import click


class HintingGroup(click.Group):
    """A group that says which command was probably meant."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; a misspelt one is refused with the nearest names."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError:
            names = self.list_commands(ctx)
            near = difflib.get_close_matches(args[0], names, n=3, cutoff=0.5)
            near = near or [name for name in names if name.startswith(args[0][:2])][:3]
            hint = f": did you mean {' or '.join(near)}?" if near else ""
            raise click.UsageError(f"{ascii(args[0])[:60]} is no command here{hint}", ctx) from None


class LazyGroup(HintingGroup):
    """A group that imports a command's module when the command is asked for, so that each starts fast."""

    def __init__(self, *args: Any, homes: Mapping[str, str] | None = None, **more: Any) -> None:
        """Make a group of the commands in `homes`, in that order: command → module:function of `console.cli`.

        Without them it is an ordinary group, of the commands that are added to it.
        """
        super().__init__(*args, **more)
        self._homes = homes or {}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands."""
        return [*self._homes] or super().list_commands(ctx)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of this name, imported now."""
        home = self._homes.get(cmd_name)
        if home is None:
            return super().get_command(ctx, cmd_name)
        module, _, name = home.partition(":")
        found = getattr(importlib.import_module(f"console.cli.{module}"), name)
        assert isinstance(found, click.Command)
        return found


class ListingGroup(LazyGroup):
    """A group whose subcommand `list` may be left out: `drift prod` beside `drift ack DR-0001`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put `list` in front when no subcommand is named."""
        if not {"-h", "--help"} & set(args) and not set(self.list_commands(ctx)) & set(args):
            args = ["list", *args]
        return super().parse_args(ctx, args)
