"""What a live run says while it goes on: a line for each finding, and a line of state on a terminal."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from typing import TYPE_CHECKING, Final

from pcapkit.cli import errors, output, personal
from pcapkit.report import words
from pcapkit.report.cells import clip
from pcapkit.report.json import dumps, live_finding
from pcapkit.report.style import Style

if TYPE_CHECKING:
    from pcapkit.live import Change, Counters, LiveRun, Update, Waiting

LINE_CELLS: Final = 79
ASKED: Final = {"dns": "a DNS answer", "connect": "the connection", "tls": "a TLS reply", "http": "an HTTP answer"}
KEYS: Final = "m mark, q end"


class Lines:
    """Says changes where the report will go, or on standard error where that is one document."""

    def __init__(self, args: Namespace, style: Style) -> None:
        self.style = style
        self._args = args
        self._json = args.format == "jsonl"
        self._beside = args.format not in ("text", "jsonl") and output.to_stdout(args)
        self._said = False

    def redacted(self, change: Change) -> Change:
        """The change with numbers for personal data, if they were asked for."""
        if not personal.wanted(self._args):
            return change
        from pcapkit.report.redact import redact

        report, _ = redact(change.report)
        finding = next((f for f in report.findings if f.id == change.finding.id), change.finding)
        return change._replace(report=report, finding=finding)

    def change(self, change: Change, now_ns: int | None) -> None:
        """Say one."""
        change = self.redacted(change)
        line = dumps(live_finding(change, now_ns)) if self._json else self.text(change, now_ns)
        if self._beside:
            errors.say(line)
        else:
            output.write_stdout([line + "\n"])
            self._said = True

    def gap(self) -> None:
        """An empty line between the lines and the report."""
        if self._said and self._args.format == "text" and output.to_stdout(self._args):
            output.write_stdout(["\n"])

    def text(self, change: Change, now_ns: int | None) -> str:
        """``10:02:15 #1 ✖ critical hairpin-no-reply (high) D1 iPhone-Joe: …``."""
        finding, style = change.finding, self.style
        names = {d.id: style.show(words.device_name(d), 40) for d in change.report.devices}
        whom = ", ".join(f"{d} {names[d]}" for d in finding.devices[:3] if d in names) or "the capture"
        more = f" and {len(finding.devices) - 3} more" if len(finding.devices) > 3 else ""
        when = f"{style.clock(now_ns)} " if now_ns is not None else ""
        mark = style.paint(finding.severity, f"{style.mark(finding.severity)} {finding.severity}")
        if change.kind == "withdrawn":
            return style.own(f"{when}#{change.number} withdrawn: {finding.code} {whom}{more}: {change.what}")
        kind = f"changed ({change.what}): " if change.kind == "changed" else ""
        said = style.prose(words.first_sentence(finding.detail or finding.title))
        return style.own(f"{when}#{change.number} {kind}{mark} {finding.code} ({finding.confidence}) {whom}{more}: ") + said


class Status:
    """One line on a terminal's standard error: how the capture stands, and who waits. Use as a context, which removes it."""

    def __init__(self, shown: bool, live: LiveRun, style: Style, keys: bool) -> None:
        self._shown, self._live, self._style, self._keys = shown, live, style, keys
        self._drawn = False

    @classmethod
    def of(cls, args: Namespace, live: LiveRun) -> Status:
        """The line that the command line asks for."""
        terminal = sys.stderr is not None and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        style = Style(ascii=bool(args.ascii) or not Style.locale_shows_marks(sys.stderr))
        keys = sys.stdin is not None and sys.stdin.isatty() and "-" not in args.captures
        return cls(terminal and not (args.no_progress or args.quiet), live, style, keys)

    def __call__(self, update: Update) -> None:
        """Draw it."""
        if self._shown:
            self._draw(clip(self._style.own(self.line(update)), LINE_CELLS))

    def line(self, update: Update) -> str:
        """``LIVE 0:03:12 · 1,204 packets · 312/s · drop 0 · D2 waits for a TLS reply 2.1 s``."""
        parts = [f"LIVE {_elapsed(update.counters.elapsed_s)}", *_figures(update.counters), *(self._waiting(w) for w in update.waiting[:2])]
        if not update.counters.packets and update.counters.elapsed_s >= 10:
            parts.append("no packets: is the mirror port configured? (pcapkit doctor -i IFACE)")
        elif not update.waiting and self._keys:
            parts.append(KEYS)
        return " · ".join(parts)

    def _waiting(self, waiting: Waiting) -> str:
        seconds = max(0.0, ((self._live.now_ns or waiting.since_ns) - waiting.since_ns) / 1e9)
        target = f" of {self._style.show(waiting.target, 40)}" if waiting.target else ""
        return f"{waiting.device} waiting for {ASKED.get(waiting.step, 'an answer')}{target}, {seconds:.1f} s"

    def clear(self) -> None:
        """Remove it, so that a line can be said."""
        if self._drawn:
            self._draw("")
            self._drawn = False

    def _draw(self, text: str) -> None:
        try:
            sys.stderr.write(f"\r\x1b[K{text}")
            sys.stderr.flush()
        except (OSError, ValueError):
            self._shown = False
            return
        self._drawn = True

    def __enter__(self) -> Status:
        return self

    def __exit__(self, *_: object) -> None:
        self.clear()


def _elapsed(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole // 3600}:{whole % 3600 // 60:02}:{whole % 60:02}"


def _figures(counters: Counters) -> list[str]:
    dropped = counters.dropped
    figures = [words.count(counters.packets, "packet"), f"{counters.per_second:,.0f}/s"]
    if dropped is not None:
        figures.append(f"drop {dropped:,}")
    if counters.behind_bytes and counters.behind_bytes > 1 << 20:
        figures.append(f"{counters.behind_bytes >> 20} MiB not analysed yet")
    return figures
