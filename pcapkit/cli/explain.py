"""``pcapkit explain``: what findings mean."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterable, Iterator

from pcapkit.cli import errors, output, settings


def run(args: Namespace) -> int:
    """Print the catalogue, or the entries asked for.

    Raises:
        Fail: no such code (exit 2), with the nearest ones.
    """
    from pcapkit import explain

    output.check(args)
    style = settings.style(args, settings.configuration(args), to_terminal=output.to_stdout(args))
    try:
        rules = list({rule.code: rule for code in args.code for rule in explain.find(code)}.values())
    except explain.UnknownCode as unknown:
        errors.usage(f"{unknown.code}: no finding has this code; the nearest are {', '.join(unknown.near)}. pcapkit explain lists all")
    if args.format == "json":
        output.write(args, _json(map(explain.entry, rules or explain.all_rules())))
    else:
        output.write(args, explain.text(rules, style) if args.code else [explain.catalogue(style)])
    return errors.OK


def _json(entries: Iterable[object]) -> Iterator[str]:
    from pcapkit.report.json import dumps

    yield "[\n  " + ",\n  ".join(map(dumps, entries)) + "\n]\n"
