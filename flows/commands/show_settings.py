"""`barometer settings`."""

from __future__ import annotations

import click

from flows.mistake import Mistake


@click.command()
@click.option("--json", "as_json", is_flag=True, help="A list of objects, for programs.")
@click.option("--env", "as_env", is_flag=True, help="Lines like NAME=value, for another machine.")
def command(as_json: bool, as_env: bool) -> None:
    """Show every setting, its value, where that comes from and what it means.

    Secrets are never shown: a password in a URL and the secret of the author keys are ***. With --env a
    setting that holds one is a comment, so that nobody takes *** for a password; one that comes from
    a file (NAME_FILE) names that file.
    """
    from flows.settings import load_settings, origins
    from flows.shown_settings import as_json_text, as_lines, as_variables, shown_settings
    from flows.table import terminal_width

    if as_json and as_env:
        raise Mistake("--json and --env exclude each other; choose one.")
    shown = shown_settings(load_settings(), origins())
    if as_json:
        click.echo(as_json_text(shown))
    else:
        click.echo("\n".join(as_variables(shown) if as_env else as_lines(shown, terminal_width())))
