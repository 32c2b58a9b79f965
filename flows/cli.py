"""`barometer`: one group of small commands, each loaded only when it is asked for.

Exit status: 0 done, 1 a failure, 2 the user's mistake. One clear sentence on standard error, never a traceback.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
from io import TextIOWrapper
from typing import TYPE_CHECKING

import click

from flows.command_group import CommandGroup
from flows.sentence import sentence

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = {
    "demo": ("demo", "Run the whole pipeline on simulated outlets, offline."),
    "run": ("run", "Collect, score, watch and report, all in this process."),
    "migrate": ("migrate", "Create or update the tables and topics."),
    "collect": ("collect", "Read the sources that are due."),
    "score": ("score", "Judge what is on the bus (--follow: for ever)."),
    "watch": ("watch", "Estimate, look for falls, tell people."),
    "digest": ("digest", "Write the digest of a week and show it."),
    "serve": ("serve", "Serve the flows as Prefect deployments."),
    "deploy": ("deploy", "Register the flows with a Prefect work pool."),
    "import": ("import_files", "Import JSONL, CSV or feed files."),
    "classify": ("classify_lines", "Judge JSON lines from a file or standard input."),
    "estimate": ("estimate", "Net support with its interval from a file of counts."),
    "detect": ("detect", "Falls of net support in a file of counts."),
    "reclassify": ("reclassify", "Judge stored documents again with the model of the settings."),
    "train": ("train", "Train the transformer on labelled text."),
    "evaluate": ("evaluate", "Compare judgements with labelled text."),
    "sample": ("sample", "Draw documents of a week for people to label."),
    "label": ("label", "Label a sample, in the terminal or by a file."),
    "gold": ("gold", "Say what people's labels tell of the figures."),
    "anchors": ("anchors", "Published survey results, to read a series beside."),
    "events": ("events", "What happened and might have moved a series; its effect."),
    "board": ("board", "Write the board: a folder of static pages."),
    "monitor": ("monitor", "Look after the monitor itself; tell operators what is wrong."),
    "incidents": ("incidents", "Show, acknowledge, silence and resolve incidents."),
    "channels": ("channels", "Show, test and enable the ways to reach people."),
    "dead-letters": ("dead_letters", "Show and replay what could not be judged."),
    "forget": ("forget", "Remove documents from everywhere, and prove it."),
    "retain": ("retain", "Let expire what is kept only for a time (daily by itself)."),
    "sources": ("sources", "Show and check the sources."),
    "sql": ("sql", "Ask the database a question."),
    "export": ("export", "Write a view to a file that explains itself."),
    "settings": ("show_settings", "Show every setting and where it comes from; secrets masked."),
    "backup": ("backup", "Back up the embedded bus and database while they are in use."),
    "restore": ("restore", "Restore a backup; what is there stays, under another name."),
    "health": ("health", "Say whether everything works, and how fresh the figures are."),
}
"""Command -> module in flows/commands and its one line of help (kept here so that --help loads nothing)."""


class ReaderLeft(Exception):
    """Nobody reads our output any more (`barometer sql … | head`): that is their right."""


class LazyGroup(CommandGroup):
    """Knows its commands' names and help; imports a command when it runs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order that a newcomer meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command's module; None for a name that is no command."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"flows.commands.{COMMANDS[cmd_name][0]}")
        command: click.Command = module.command
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Run the command. click would end the process itself, with status 1, over a broken pipe."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise ReaderLeft from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, from the table above."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, help_) for name, (_, help_) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="barometer")
def cli() -> None:
    """Monitor public attitudes toward regular and irregular migration.

    Settings come from BAROMETER_… variables or barometer.toml; the defaults run on one machine.
    Start with `barometer demo`.
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its status."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that lacks a character gets an escape in its place, not an error.
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit status."""
    try:
        status = cli.main(args=arguments, prog_name="barometer", standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return error.exit_code
    except click.UsageError as error:
        asked = error.ctx.command_path if error.ctx else "barometer"
        said = error.format_message().rstrip()
        stop = "" if said.endswith((".", "?", "!")) else "."
        return _say(f"{said}{stop} Try `{asked} --help`.", error.exit_code)
    except click.ClickException as error:
        return _say(error.format_message(), error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        return _say("Stopped. What was not committed is read again at the next start.", 130)
    except (ReaderLeft, BrokenPipeError):
        _discard_output()
        return 0
    except Exception as error:
        from flows.failures import sentence_of, status_of

        known = status_of(error)
        if known is None:
            raise
        return _say(sentence_of(error), known)
    return int(status or 0)


def _say(text: str, status: int) -> int:
    click.echo(f"barometer: {sentence(text)}", err=True)
    return status


def _discard_output() -> None:
    """Let what is still buffered go nowhere, or Python complains about it at its end."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


if __name__ == "__main__":
    main()
