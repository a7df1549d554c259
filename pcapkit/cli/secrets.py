"""Wi-Fi keys from the command line: as typed, from a file, or asked for, so that a passphrase need not stand in the shell's history."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from pcapkit.cli import errors

MAX_LINES = 1_000


def networks(words: list[str]) -> tuple[str, ...]:
    """``SSID:PASSPHRASE`` for each: ``@FILE`` holds one a line, ``SSID:`` alone is asked for on the terminal.

    Raises:
        Fail: exit code 2 (a word that is none of these) or 3 (the file cannot be read).
    """
    return tuple(found for word in words for found in _of(word))


def _of(word: str) -> Iterator[str]:
    if word.startswith("@"):
        yield from _of_file(word[1:])
        return
    name, colon, secret = word.partition(":")
    if not colon or not name:
        errors.usage("--wpa-psk wants SSID:PASSPHRASE, @FILE with one a line, or SSID: to be asked")
    yield word if secret else f"{name}:{_ask(name)}"


def _ask(name: str) -> str:
    if not sys.stdin.isatty():
        errors.usage("--wpa-psk SSID: asks for the passphrase and needs a terminal; --wpa-psk @FILE reads it from a file")
    import getpass  # late: few are asked

    return getpass.getpass(f"Passphrase of {name!a}: ", sys.stderr)


def _of_file(path: str) -> Iterator[str]:
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as lines:
            for number, line in enumerate(lines):
                text = line.rstrip("\r\n")
                if number >= MAX_LINES:
                    errors.usage(f"--wpa-psk @FILE: more than {MAX_LINES} lines")
                if text and not text.startswith("#"):
                    if ":" not in text:
                        errors.usage(f"--wpa-psk @FILE: line {number + 1} is not SSID:PASSPHRASE")
                    yield text
    except OSError as error:
        raise errors.Fail(errors.INPUT, f"{path}: the file of Wi-Fi keys cannot be read ({error.strerror or error})") from error
