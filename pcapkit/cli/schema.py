"""``pcapkit schema``: the JSON Schemas, as shipped."""

from __future__ import annotations

from argparse import Namespace
from importlib.resources import files

from pcapkit.cli import errors, output


def run(args: Namespace) -> int:
    """Print a schema."""
    output.check(args)
    output.write(args, [files("pcapkit.report").joinpath("schema", f"{args.document}.json").read_text("utf-8")])
    return errors.OK
