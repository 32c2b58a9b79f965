"""A group of commands that knows what was probably meant."""

from __future__ import annotations

import difflib

import click


class CommandGroup(click.Group):
    """Refuses a name that is no command with the nearest one that is."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the first argument names."""
        known = self.list_commands(ctx)
        if args and not args[0].startswith("-") and args[0] not in known:
            near = difflib.get_close_matches(args[0], known, n=1)
            ctx.fail(
                f"There is no command {args[0]!r}"
                + (f"; did you mean {near[0]!r}?" if near else ".")
            )
        return super().resolve_command(ctx, args)
