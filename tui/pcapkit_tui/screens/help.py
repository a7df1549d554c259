"""Help of a screen: what it is for first, then its keys, from the one table of actions."""

from __future__ import annotations

from typing import ClassVar, Final

from pcapkit.report.cells import pad
from pcapkit_tui import actions
from pcapkit_tui.screens.base import BrowseScreen
from pcapkit_tui.view.lines import Line, Lines, Span, line, paragraph

ABOUT: Final = {
    "devices": "Every phone and computer of the capture, the worst first. Sess counts the sessions that worked. Below: what is wrong with the device under the cursor, and what to do. Enter shows its session.",
    "session": "What a device and its servers said, as a ladder: time runs down, each arrow is an event, not a packet. Findings stand behind the packet that proves them. A cross at the head means that nothing answered; ×3 that it was sent three times (Enter shows each); dots that it is not in the capture. Columns that have no room are slid in with < and >.",
    "findings": "What is wrong, one entry for each cause, with the devices and sessions that it hits. Causes stand before what follows from them. Enter shows the finding, or the session of the line.",
    "finding": "One finding: what happened, by which packets, what to do, how sure it is, and what this capture cannot show. The cursor walks the evidence; Enter shows it in the ladder.",
    "packet": "One frame, layer by layer, and its bytes; those of the field under the cursor are marked. o asks tshark for its tree. Bytes of secrets are not shown.",
    "chain": "The certificates as the server sent them, the path that could be built from them, and every check. A cross marks the certificate at fault.",
    "flows": "Every conversation. Names come from TLS, HTTP or DNS. The filter of this table is its own: port:443, bytes>1MB, ip:10.0.0.0/8, device:D1.",
    "packets": "The packets of one flow, read again from the capture. Sequence numbers count from the first that was seen.",
    "stream": "What both sides of a flow said. The client stands at the margin, the server is set in. Secrets are hidden; TLS is readable where keys were given.",
    "capture": "What was read, what is wrong with it, and what it cannot show: read this before you trust a silence.",
    "picture": "Above: the devices over time, with failures and findings. Below: how long answers of the session took.",
    "open": "Pick a capture of this folder, or type a path.",
    "live": "Devices as they appear in a running capture.",
    "help": "You are here.",
}  # fmt: skip

FILTERS: Final = (
    ("iphone", "any text of the row contains it"),
    ("device:D1  ip:10.20.0.0/16  mac:a4:83:e7", "who"),
    ("domain:contoso.com  name:lyncdiscover*  sni:*.contoso.com", "which name; * and ? are wild, | parts alternatives"),
    ("finding:hairpin-*  severity>=warning  confidence>=medium", "what is wrong"),
    ("outcome:failed  step:tls  proto:dns|tls  port:443  status>=400", "where"),
    ("rtt>200ms  bytes>1MB  time>10:02:30  time<+5m", "how much, when"),
    ("not …  … and …  … or …  ( … )", "a blank means and"),
    ("=tls.alert_message", "a Wireshark filter, through tshark"),
)


class HelpScreen(BrowseScreen):
    """Text first, keys second."""

    NAME = "help"
    DETAILED = False
    FOOTER: ClassVar = (("copy_all", "copy all"), "back")

    def __init__(self, about: str) -> None:
        super().__init__()
        self.about = about

    def top_line(self, width: int) -> Line:
        return line(Span(f"Help: {actions.SCREENS[self.about]}", "bold"))

    def show_main(self) -> None:
        self.main.show(lambda width: Lines(self._lines(width)))

    def _lines(self, width: int) -> list[Line]:
        own = self.state.style.own
        found = [*paragraph(own(ABOUT[self.about]), width, " ", " "), Line(), line(Span(" Keys", "head"))]
        for action in actions.actions_of(self.about):
            keys = " ".join(own_key(k, self.state.style.ascii) for k in actions.keys_of(action, self.browser.changed_keys))
            found += paragraph(own(action.help), width, f" {pad(keys, 16)} ", " " * 18)
        found += [Line(), line(Span(" Filter", "head"))]
        for text, meaning in FILTERS:
            found.append(line(f" {own(text)}"))
            found.append(line(Span(f"    {own(meaning)}", "dim")))
        return found


def own_key(key: str, ascii_only: bool) -> str:
    """A key as this terminal can show it."""
    return {"↑": "Up", "↓": "Down"}.get(key, key) if ascii_only else key
