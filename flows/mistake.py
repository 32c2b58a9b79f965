"""The user's mistake, told in one sentence with exit status 2."""

from __future__ import annotations

import click


class Mistake(click.ClickException):
    """Raised by a command for input that it cannot use; the sentence says what and the remedy."""

    exit_code = 2

    def show(self, file: object = None) -> None:
        """On standard error, like every other error of Barometer."""
        click.echo(f"barometer: {self.message}", err=True)
