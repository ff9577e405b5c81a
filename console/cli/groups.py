"""Groups of commands: a name that is close to one gets a hint, and a listing may be meant without being named."""

from __future__ import annotations

import difflib

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


class ListingGroup(HintingGroup):
    """A group whose subcommand `list` may be left out: `drift prod` beside `drift ack DR-0001`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put `list` in front when no subcommand is named."""
        if not {"-h", "--help"} & set(args) and not any(argument in self.commands for argument in args):
            args = ["list", *args]
        return super().parse_args(ctx, args)
