"""Which command it is, and its arguments. Only the parser of the command that was typed is built."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from typing import Final, NamedTuple, NoReturn

from pcapkit._version import __version__
from pcapkit.cli import errors, options

GLOBAL_WITH_VALUE: Final = ("--color", "--log", "--config")


class Command(NamedTuple):
    """A command: what it does in one line, its options, and the module of ``pcapkit.cli`` that runs it."""

    summary: str
    add: Callable[[argparse.ArgumentParser], None]
    module: str


COMMANDS: Final = {
    "analyze": Command("say which device failed, at which step, why, and by which packets", options.analyze, "analyze"),
    "dissect": Command("print the typed events of a capture, one JSON object a line", options.dissect, "dissect"),
    "tui": Command("browse a capture in the terminal", options.tui, "tui"),
    "live": Command("capture and analyze as packets arrive", options.live, "live"),
    "extract": Command("cut the packets of a session, device, finding or flow into a new capture", options.extract, "extract"),
    "explain": Command("what a finding means, how it is decided, and what to do", options.explain, "explain"),
    "doctor": Command("what works on this machine, and the command that mends what does not", options.doctor, "doctor"),
    "schema": Command("print the JSON Schemas of the documents", options.schema, "schema"),
}

EPILOG: Final = """\
pcapkit FILE… alone means analyze. Captures: pcap or pcapng, plain or compressed, folders, or - for standard input.
Exit codes: 0 ran, 1 a finding at or above --fail-on, 2 wrong command line, 3 unreadable input, 4 output not written,
5 privilege, interface or tool missing, 70 a bug of ours, 130/143 stopped."""


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, as every command does."""

    def error(self, message: str) -> NoReturn:
        errors.usage(f"{message.rstrip('.')}; see {self.prog} --help")

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        raise errors.Done(status)

    def _print_message(self, message: str, file: object = None) -> None:
        from pcapkit.cli.output import write_stdout

        write_stdout([message])


def parse(words: list[str]) -> argparse.Namespace:
    """The namespace of a command line, with ``command`` and ``module``.

    Raises:
        Fail: it is wrong. Done: help or the version was asked for, and printed.
    """
    name, rest = split(words)
    if name is None:
        return _top(rest)
    command = COMMANDS[name]
    parser = _Parser(prog=f"pcapkit {name}", description=f"pcapkit {name}: {command.summary}.", allow_abbrev=False)
    command.add(parser)
    options.common(parser)
    args = parser.parse_intermixed_args(rest)
    args.command, args.module = name, command.module
    args.words = words
    return args


def split(words: list[str]) -> tuple[str | None, list[str]]:
    """The command and its arguments. Options may stand before the command; without a command it is ``analyze``."""
    position = 0
    while position < len(words) and words[position].startswith("-") and words[position] not in ("-", "--"):
        position += 2 if words[position] in GLOBAL_WITH_VALUE else 1
    if position < len(words) and words[position] in COMMANDS:
        return words[position], words[:position] + words[position + 1 :]
    if not words or words[0] in ("-h", "--help", "help", "--version"):
        return None, words
    if position < len(words) and words[position].isalpha() and not os.path.exists(words[position]):
        from difflib import get_close_matches

        for near in get_close_matches(words[position], COMMANDS, 1):
            errors.usage(f"no command or file named {words[position]}; did you mean {near}?")
    return "analyze", words


def _top(words: list[str]) -> NoReturn:
    commands = "\n".join(f"  {name:8} {command.summary}" for name, command in COMMANDS.items())
    parser = _Parser(
        prog="pcapkit",
        usage="pcapkit [COMMAND] [OPTIONS] [CAPTURE …]",
        description="Which phone failed at autodiscover, at which step, why, and by which packets.",
        epilog=f"commands (pcapkit COMMAND --help tells more):\n{commands}\n\n{EPILOG}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"pcapkit {__version__}")
    if not words:
        errors.usage("name a capture: pcapkit FILE…, or see pcapkit --help")
    parser.parse_args(["--help"] if words[0] == "help" else words[:1])
    sys.exit(errors.OK)
