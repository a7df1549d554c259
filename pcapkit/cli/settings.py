"""What the command line and the configuration say together: the command line first, the configuration for what it leaves out."""

from __future__ import annotations

import sys
from argparse import Namespace

from pcapkit import times
from pcapkit.cli import errors
from pcapkit.cli.logs import LOG
from pcapkit.cli.secrets import networks
from pcapkit.config import Config, ConfigError, load
from pcapkit.options import Options
from pcapkit.report.narrow import Narrowing, NarrowingError, check
from pcapkit.report.style import Style


def configuration(args: Namespace) -> Config:
    """The user's configuration; what is wrong in it is said, with its line.

    Raises:
        Fail: exit code 2.
    """
    try:
        config = load(args.config)
    except ConfigError as error:
        errors.usage(str(error))
    for warning in config.warnings:
        LOG.warning("%s", warning)
    return config


def analysis_options(args: Namespace, config: Config) -> Options:
    """What may change a verdict.

    Raises:
        Fail: exit code 2.
    """
    options = Options(
        inside=_merged(args.inside, config.inside),
        public_ips=_merged(args.public_ip, config.public_ips),
        external_fqdns=_merged(args.external_fqdn, config.external_fqdns),
        trust=_merged(args.trust, config.roots),
        intermediates=_merged(args.intermediates, config.intermediates),
        public_roots=config.public_roots and not args.no_public_roots,
        system_trust=config.system_trust or args.system_trust,
        at_ns=_moment(args.at, "--at"),
        keylog=tuple(args.keylog),
        wpa_psk=networks(args.wpa_psk),
        decode=tuple(args.decode),
        thresholds=config.thresholds,
        full=getattr(args, "full", False),
        strict=args.strict,
        jobs=args.jobs,
        timings=_say_timings if args.debug else None,
    )
    return _readable(options)


def _readable(options: Options) -> Options:
    """The same, once Wi-Fi keys and forced layers are known to be possible."""
    if options.wpa_psk or options.decode:
        from pcapkit.analysis import decoder

        try:
            decoder(options)
        except ValueError as error:
            errors.usage(str(error))
    return options


def narrowing(args: Namespace, config: Config) -> Narrowing:
    """What is shown of the report.

    Raises:
        Fail: exit code 2.
    """
    wanted = Narrowing(
        devices=tuple(args.device),
        domains=_merged(args.domain, config.domains),
        since=args.since,
        until=args.until,
        min_severity=args.min_severity,
        only=tuple(code for text in _codes(args.only) for code in _known(text)),
        ignore=tuple((code, reason) for text, reason in map(_with_reason, args.ignore) for code in _known(text)),
        expression=args.filter,
        utc=bool(args.utc),
    )
    try:
        check(wanted)
    except NarrowingError as error:
        errors.usage(str(error))
    return wanted


def _known(text: str) -> tuple[str, ...]:
    """The codes that a code, its beginning or a pattern means. One that means none would hide findings without a word."""
    from pcapkit import explain

    try:
        return tuple(rule.code for rule in explain.find(text))
    except explain.UnknownCode as unknown:
        errors.usage(f"{unknown.code}: no finding has this code; the nearest are {', '.join(unknown.near)}. pcapkit explain lists all")


def style(args: Namespace, config: Config, to_terminal: bool) -> Style:
    """How text is shown: what was asked for, else what this terminal and locale can bear."""
    ascii_only = args.ascii if args.ascii is not None else bool(config.ui.get("ascii")) or (to_terminal and not Style.locale_shows_marks(sys.stdout))
    utc = args.utc if args.utc is not None else config.ui.get("time") == "utc"
    return Style(ascii=bool(ascii_only), colour=Style.colours(args.color, sys.stdout if to_terminal else None), utc=bool(utc))


def _merged(given: list[str], configured: tuple[str, ...]) -> tuple[str, ...]:
    """Both, the given ones first, without repeats."""
    return tuple(dict.fromkeys((*given, *configured)))


def _moment(text: str | None, option: str) -> int | None:
    if text is None:
        return None
    try:
        return times.parse(text)
    except times.TimeError as error:
        errors.usage(f"{option}: {error}")


def _codes(texts: list[str]) -> tuple[str, ...]:
    return tuple(code.strip() for text in texts for code in text.split(",") if code.strip())


def _with_reason(text: str) -> tuple[str, str | None]:
    code, _, reason = text.partition(":")
    return code.strip(), reason.strip() or None


def _say_timings(stages: dict[str, float]) -> None:
    whole = sum(stages.values())
    LOG.debug("CPU by stage: %s; %.3f s in all", ", ".join(f"{name} {seconds:.3f} s" for name, seconds in stages.items()), whole)
