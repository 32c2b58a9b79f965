"""The user's mistake, told in one sentence with exit status 2."""

from __future__ import annotations

import click


class Mistake(click.ClickException):
    """Raised by a command for input that it cannot use; the sentence says what and the remedy."""

    exit_code = 2
