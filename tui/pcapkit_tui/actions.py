"""Every action once: its name, keys, what it does, and where. Bindings, footers, help, palette and the list in the documentation come from here.

A key means the same everywhere. Letters, Enter, Esc, Tab and arrows only: what a multiplexer or an SSH client eats is never the only way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from textual.binding import Binding

FORBIDDEN: Final = frozenset(f"ctrl+{letter}" for letter in "basqjoz")
"""tmux, screen, flow control and shells take these."""

SCREENS: Final = {
    "open": "Open",
    "devices": "1 Devices",
    "session": "2 Session",
    "findings": "3 Findings",
    "finding": "4 Finding",
    "packet": "5 Packet",
    "chain": "6 Certificates",
    "flows": "7 Flows",
    "capture": "8 Capture",
    "live": "9 Live",
    "packets": "7 Packets of a flow",
    "stream": "7 Stream",
    "picture": "0 Timeline",
    "help": "Help",
}
"""Screens and what stands at the right of their first line."""

NUMBERS: Final = ("picture", "devices", "session", "findings", "finding", "packet", "chain", "flows", "capture", "live")
"""By the key that goes there."""

LISTS: Final = ("devices", "findings", "flows", "packets", "live")
TALES: Final = ("session", "finding")


class Action(NamedTuple):
    """``keys`` as shown, the first is the usual one. ``where``: screens, () for all. ``word``: what the footer says."""

    name: str
    keys: tuple[str, ...]
    help: str
    word: str
    where: tuple[str, ...] = ()


ACTIONS: Final = (
    Action("cursor_up", ("↑", "k"), "up a line", "up"),
    Action("cursor_down", ("↓", "j"), "down a line", "down"),
    Action("page_up", ("PgUp",), "up a page", "page up"),
    Action("page_down", ("PgDn",), "down a page", "page down"),
    Action("first", ("g", "Home"), "to the first line", "first"),
    Action("last", ("G", "End"), "to the last line", "last"),
    Action("open", ("Enter",), "deeper: what the line under the cursor stands for", "open"),
    Action("back", ("Esc", "Backspace"), "back; while loading, stop and keep what was read", "back"),
    Action("next_pane", ("Tab",), "next pane", "pane"),
    Action("previous_pane", ("Shift+Tab",), "previous pane", "pane back"),
    *(Action(f"go_{n}", (str(n),), f"go to {SCREENS[name].partition(' ')[2].lower()}", SCREENS[name].partition(" ")[2].lower()) for n, name in enumerate(NUMBERS)),
    Action("filter", ("/",), "filter: Tab completes, ↑↓ history, Enter applies, an empty one shows everything", "filter"),
    Action("filter_off", ("F",), "filter off and on again, without losing it", "filter off/on"),
    Action("next_group", ("n",), "next arrow, or next group of rows", "next", ("session", "findings", "finding", "stream")),
    Action("previous_group", ("p",), "previous arrow, or previous group of rows", "previous", ("session", "findings", "finding", "stream")),
    Action("next_finding", ("f",), "next finding; live: follow the newest session", "finding", ("session", "devices", "findings", "live")),
    Action("previous_finding", ("b",), "previous finding", "finding back", ("session", "devices", "findings")),
    Action("next_session", ("]",), "next session of this device", "session", ("session",)),
    Action("previous_session", ("[",), "previous session of this device", "session back", ("session",)),
    Action("next_device", ("}",), "next device", "device", ("session",)),
    Action("previous_device", ("{",), "previous device", "device back", ("session",)),
    Action("mark", ("Space",), "mark the row for export", "mark", LISTS),
    Action("mark_all", ("*",), "mark all that are shown; again: none", "mark all", LISTS),
    Action("export", ("e",), "export: scope, format, redacted or not", "export"),
    Action("copy", ("y",), "copy the line under the cursor as text", "copy"),
    Action("copy_all", ("Y",), "copy the whole view as text", "copy all"),
    Action("chain", ("c",), "the certificate chain", "chain", ("session", "packet", "finding")),
    Action("hex", ("x",), "hex on or off", "hex", ("packet",)),
    Action("flows_of", ("w",), "flows of the row; in a packet: cut it out and say the Wireshark command", "flows", ("devices", "session", "findings", "finding", "packet", "packets")),
    Action("tree", ("o",), "the packet's tree as tshark reads it", "tshark tree", ("packet",)),
    Action("fold", ("s",), "fold hosts of a role into one column", "fold", ("session",)),
    Action("columns", ("s",), "fewer or more columns", "columns", ("flows", "packets")),
    Action("slide_left", ("<",), "slide the columns to the left", "slide", ("session",)),
    Action("slide_right", (">",), "slide the columns to the right", "slide back", ("session",)),
    Action("detail", ("t",), "detail pane on or off", "detail"),
    Action("time", ("T",), "time: absolute, since the start, differences", "time"),
    Action("stream", ("v",), "follow the stream of the flow as text", "stream", ("session", "flows", "packets", "packet", "finding")),
    Action("sort", (",",), "sort by the next column", "sort", ("flows", "packets")),
    Action("sort_order", (";",), "turn the order round", "order", ("flows", "packets")),
    Action("layout", ("|",), "layout: list and detail, side by side, one of them", "layout"),
    Action("zoom", ("z",), "zoom the pane, and back", "zoom"),
    Action("larger", ("+",), "larger detail pane", "larger"),
    Action("smaller", ("-",), "smaller detail pane", "smaller"),
    Action("reload", ("r",), "read the files again, keep the place", "reload"),
    Action("facts", ("i",), "facts about the capture", "capture"),
    Action("settings", ("V",), "theme, clock and signs", "view"),
    Action("palette", (":", "Ctrl+P"), "command palette; a number goes to that frame", "palette"),
    Action("help", ("?",), "help of this screen", "help"),
    Action("quit", ("q",), "back; at the first screen: quit", "quit"),
)  # fmt: skip

BY_NAME: Final = {action.name: action for action in ACTIONS}

_KEYS: Final = {
    "↑": "up", "↓": "down", "PgUp": "pageup", "PgDn": "pagedown", "Home": "home", "End": "end", "Enter": "enter", "Esc": "escape",
    "Backspace": "backspace", "Tab": "tab", "Shift+Tab": "shift+tab", "Space": "space", "/": "slash", "[": "left_square_bracket",
    "]": "right_square_bracket", "{": "left_curly_bracket", "}": "right_curly_bracket", "*": "asterisk", "|": "vertical_line", "<": "less_than_sign",
    ">": "greater_than_sign", ",": "comma", ";": "semicolon", "+": "plus", "-": "minus", ":": "colon", "?": "question_mark", "Ctrl+P": "ctrl+p",
}  # fmt: skip
"""Keys whose name in Textual is another."""


def key_name(shown: str) -> str:
    """Textual's name of a key as shown (``Esc`` → ``escape``)."""
    return _KEYS.get(shown, shown)


def actions_of(screen: str) -> list[Action]:
    """What can be done on a screen, in the order of the table."""
    return [a for a in ACTIONS if not a.where or screen in a.where]


def bindings(screen: str) -> list[Binding]:
    """The bindings of a screen. The footer is our own: none of them is shown by Textual's."""
    return [Binding(",".join(map(key_name, a.keys)), a.name, a.help, show=False, id=a.name) for a in actions_of(screen)]


def keys_of(action: Action, changed: Mapping[str, str]) -> tuple[str, ...]:
    """The keys of an action, as the configuration may have changed them."""
    return (changed[action.name],) if action.name in changed else action.keys


def checked(keys: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """``[keys]`` of the configuration: what can be used, and a sentence on each that cannot."""
    good: dict[str, str] = {}
    faults: list[str] = []
    for name, key in keys.items():
        wanted = name.replace("-", "_")
        if wanted not in BY_NAME:
            faults.append(f"[keys] knows no {name}")
        elif key.lower() in FORBIDDEN:
            faults.append(f"[keys] {name}: {key} never reaches a program under tmux or screen")
        elif taken := _taken(wanted, key, good):
            faults.append(f"[keys] {name}: {key} is already {taken}")
        else:
            good[wanted] = key
    return good, faults


def _taken(name: str, key: str, changed: Mapping[str, str]) -> str | None:
    """Which other action has this key on some screen of the action."""
    mine = BY_NAME[name]
    for other in ACTIONS:
        together = not mine.where or not other.where or set(mine.where) & set(other.where)
        if other.name != name and together and key_name(key) in map(key_name, keys_of(other, changed)):
            return other.name
    return None


def footer(names: Iterable[str | tuple[str, str]], changed: Mapping[str, str]) -> list[tuple[str, str]]:
    """(key, word) of some actions; a pair gives another word."""
    found: list[tuple[str, str]] = []
    for item in names:
        name, word = item if isinstance(item, tuple) else (item, BY_NAME[item].word)
        found.append((keys_of(BY_NAME[name], changed)[0], word))
    return found
