"""Where results go: standard output, or a file that is whole or not there."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Iterable, Iterator

from pcapkit.cli import errors


def to_stdout(args: Namespace) -> bool:
    """No file was named, or standard output was by its name."""
    return args.output in (None, "-", "/dev/stdout")


def to_folder(args: Namespace) -> bool:
    """Tables go into a folder, a file each (which are checked one by one)."""
    return (
        getattr(args, "format", None) in ("csv", "parquet")
        and args.command == "analyze"
        and (args.output.endswith("/") or os.path.isdir(args.output))
    )


def check(args: Namespace) -> None:
    """Before the work begins: can the output be written?

    Raises:
        Fail: exit code 4.
    """
    from pcapkit.report.atomic import OutputError, check_target

    if to_stdout(args) or to_folder(args):
        return
    try:
        check_target(args.output, args.force)
    except OutputError as error:
        raise errors.Fail(errors.OUTPUT, str(error)) from None


def write(args: Namespace, chunks: Iterable[str | bytes]) -> None:
    """Write the result of a command where it was asked for.

    Raises:
        Fail: exit code 4, nothing of it stands under the file's name. Done: the reader of standard output left.
    """
    if to_stdout(args):
        write_stdout(chunks)
        return
    from pcapkit.report.atomic import OutputError, write_atomic

    try:
        write_atomic(args.output, _encoded(chunks, "utf-8"), args.force)
    except OutputError as error:
        raise errors.Fail(errors.OUTPUT, str(error)) from None


def write_stdout(chunks: Iterable[str | bytes]) -> None:
    """Write to standard output; characters that it cannot show become escapes.

    Raises:
        Fail: exit code 4. Done: the reader left.
    """
    out = getattr(sys.stdout, "buffer", None)
    if out is None:
        if sys.stdout is None:
            raise errors.Fail(errors.OUTPUT, "standard output is closed; name a file with -o")
        for chunk in chunks:
            sys.stdout.write(chunk if isinstance(chunk, str) else chunk.decode("utf-8", "backslashreplace"))
        return
    for chunk in _encoded(chunks, sys.stdout.encoding or "utf-8"):
        _guard(out.write, chunk)
    _guard(out.flush)


def _guard(call: object, *given: bytes) -> None:
    assert callable(call)
    try:
        call(*given)
    except BrokenPipeError:
        _drop_stdout()
        raise errors.Done() from None
    except OSError as error:
        _drop_stdout()
        raise errors.Fail(errors.OUTPUT, f"standard output: not written: {error.strerror or error}") from None


def _encoded(chunks: Iterable[str | bytes], encoding: str) -> Iterator[bytes]:
    for chunk in chunks:
        yield chunk if isinstance(chunk, bytes) else chunk.encode(encoding, "backslashreplace")


def _drop_stdout() -> None:
    """Point standard output at nothing, or the interpreter complains while it closes it."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):
        return
