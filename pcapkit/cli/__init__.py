"""The command line: parses arguments, prints, gives exit codes. Nothing costly is imported before the command that needs it."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


_LEAVE_AT_ONCE = frozenset({"analyze", "dissect"})


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line (default: the process's own) and give its exit code (docs/contract.md, 1)."""
    from pcapkit.cli import errors

    words = list(sys.argv[1:] if argv is None else argv)
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # numpy would start, and keep busy, a thread for each processor: for algebra that nobody does
    try:
        from pcapkit.cli.parser import parse

        args = parse(words)
        code = int(import_module(f"pcapkit.cli.{args.module}").run(args))
        if argv is None and args.module in _LEAVE_AT_ONCE:
            _leave(code)
        return code
    except errors.Fail as fail:
        errors.say(fail.message)
        return fail.code
    except errors.Done as done:
        return done.code
    except KeyboardInterrupt:
        return errors.STOPPED
    except Exception as error:
        return _unread(error) or _bug(error, debug="--debug" in words)


def _leave(code: int) -> None:
    """End the process as it is: taking the facts of a large capture apart, object by object, takes a tenth of the time of analysing it."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def _unread(error: Exception) -> int:
    """An input that could not be read is nobody's bug: its line, and the exit code; 0 for any other error."""
    from pcapkit.cli import errors
    from pcapkit.options import InputError

    if not isinstance(error, InputError):
        return errors.OK
    errors.say(str(error))
    return errors.INPUT


def _clash() -> str | None:
    """Another distribution that installs a package of our name, and so overwrites files of ours."""
    from importlib import metadata

    owners = {name.lower() for name in metadata.packages_distributions().get("pcapkit", ())}
    return next(iter(sorted(owners - {"pcapkit-autodiscover"})), None)


def _bug(error: Exception, debug: bool) -> int:
    """One line that says where it happened and how to report it; the traceback only with ``--debug``."""
    from pcapkit.cli import errors

    other = _clash() if isinstance(error, (ImportError, AttributeError)) else None
    if other:
        errors.say(f"{other} installs a package of the same name over this one; keep them apart: pipx install pcapkit-autodiscover")
        return errors.MISSING
    place = error.__traceback__
    while place and place.tb_next:
        place = place.tb_next
    where = f"{os.path.basename(place.tb_frame.f_code.co_filename)}:{place.tb_lineno}" if place else "an unknown place"
    hint = "" if debug else "; --debug shows the traceback"
    errors.say(f"a bug of ours left no report: {type(error).__name__} in {where}. Please report this line with the command you typed{hint}")
    if debug:
        from pcapkit.cli.logs import show_traceback

        show_traceback(error)
    return errors.BUG
