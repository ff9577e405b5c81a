"""A group that means its listing when no subcommand is named: `drift prod` and `drift ack DR-0001`."""

from __future__ import annotations

import click


class ListingGroup(click.Group):
    """A group whose subcommand `list` may be left out."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put `list` in front when no subcommand is named."""
        if not {"-h", "--help"} & set(args) and not any(argument in self.commands for argument in args):
            args = ["list", *args]
        return super().parse_args(ctx, args)
