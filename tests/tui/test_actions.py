"""One table of actions: no clashes, nothing forbidden, everything there, and help lists all."""

from __future__ import annotations

import made
import pytest
from pcapkit_tui import actions
from pcapkit_tui.screens.base import BrowseScreen
from pcapkit_tui.screens.capture import CaptureScreen
from pcapkit_tui.screens.chain import ChainScreen
from pcapkit_tui.screens.devices import DevicesScreen
from pcapkit_tui.screens.finding import FindingScreen
from pcapkit_tui.screens.findings import FindingsScreen
from pcapkit_tui.screens.flows import FlowsScreen
from pcapkit_tui.screens.help import HelpScreen
from pcapkit_tui.screens.open import OpenScreen
from pcapkit_tui.screens.packet import PacketScreen
from pcapkit_tui.screens.packets import PacketsScreen
from pcapkit_tui.screens.picture import PictureScreen
from pcapkit_tui.screens.session import SessionScreen
from pcapkit_tui.screens.stream import StreamScreen
from shown import browser, keys, running, settle, text

SCREENS = (
    CaptureScreen, ChainScreen, DevicesScreen, FindingScreen, FindingsScreen, FlowsScreen, HelpScreen, OpenScreen, PacketScreen, PacketsScreen,
    PictureScreen, SessionScreen, StreamScreen,
)  # fmt: skip


def test_every_screen_has_a_name_of_the_table():
    assert {screen.NAME for screen in SCREENS} == set(actions.SCREENS) - {"live"}


@pytest.mark.parametrize("screen", SCREENS, ids=lambda s: s.NAME)
def test_every_action_of_a_screen_is_there(screen):
    missing = [a.name for a in actions.actions_of(screen.NAME) if not hasattr(screen, f"action_{a.name}")]
    assert not missing


@pytest.mark.parametrize("screen", SCREENS, ids=lambda s: s.NAME)
def test_no_two_actions_share_a_key(screen):
    used: dict[str, str] = {}
    for action in actions.actions_of(screen.NAME):
        for key in map(actions.key_name, action.keys):
            assert used.setdefault(key, action.name) == action.name
    assert used


def test_no_key_that_a_multiplexer_eats():
    every = {actions.key_name(key) for action in actions.ACTIONS for key in action.keys}
    assert not every & actions.FORBIDDEN
    assert not any(key.startswith("f") and key[1:].isdigit() for key in every)


def test_same_key_same_meaning():
    meanings: dict[str, set[str]] = {}
    for action in actions.ACTIONS:
        for key in action.keys:
            meanings.setdefault(key, set()).add(action.name)
    assert {key: names for key, names in meanings.items() if len(names) > 1} == {"s": {"fold", "columns"}}


@pytest.mark.parametrize("screen", SCREENS, ids=lambda s: s.NAME)
def test_footers_name_actions_of_their_screen(screen):
    names = {a.name for a in actions.actions_of(screen.NAME)}
    assert {item if isinstance(item, str) else item[0] for item in screen.FOOTER} <= names


@pytest.mark.parametrize(
    ("keys", "good", "fault"),
    [
        ({"export": "E"}, {"export": "E"}, None),
        ({"filter-off": "X"}, {"filter_off": "X"}, None),
        ({"nonsense": "x"}, {}, "knows no nonsense"),
        ({"export": "ctrl+b"}, {}, "never reaches"),
        ({"export": "q"}, {}, "already quit"),
    ],
)
def test_keys_of_the_configuration(keys, good, fault):
    found, faults = actions.checked(keys)
    assert found == good
    assert bool(faults) == (fault is not None)
    assert fault is None or fault in faults[0]


async def test_a_changed_key_works_and_is_shown():
    app = browser(keys={"facts": "I"})
    async with running(app) as pilot:
        await keys(app, pilot, "i")
        assert app.screen.NAME == "devices"
        await keys(app, pilot, "I")
        assert app.screen.NAME == "capture"
        await keys(app, pilot, "question_mark")
        assert "I                facts about the capture" in "\n".join(app.screen.main.source[n].text for n in range(len(app.screen.main.source)))


@pytest.mark.parametrize("screen", ["devices", "session", "finding", "flows", "packet"])
async def test_help_lists_every_key(screen):
    app = browser()
    async with running(app) as pilot:
        app.show_help(screen)
        await settle(app, pilot)
        told = "\n".join(app.screen.main.source[n].text for n in range(len(app.screen.main.source)))
        for action in actions.actions_of(screen):
            assert action.keys[0] in told


OPENERS = {
    "devices": [], "session": ["2"], "findings": ["3"], "finding": ["4"], "packet": ["5"], "chain": ["6"], "flows": ["7"], "capture": ["8"],
    "picture": ["0"], "help": ["question_mark"],
}  # fmt: skip
LEAVE = {"quit", "back", "export", "palette", "settings", "filter", "reload"}


@pytest.mark.parametrize("name", OPENERS)
async def test_every_key_can_be_pressed(name, demo):
    """No key of a screen raises, wherever it leads."""
    from dataclasses import replace

    app = browser(snapshot=replace(made.snapshot(), paths=(str(demo),)))
    async with running(app, (100, 30)) as pilot:
        for action in actions.actions_of(name):
            if action.name in LEAVE:
                continue
            if name != app.screen.NAME or len(app.screen_stack) > 3:
                while len(app.screen_stack) > 2:
                    app.pop_screen()
                await pilot.press(*OPENERS[name])
            assert name == app.screen.NAME
            await pilot.press(actions.key_name(action.keys[0]))
            assert isinstance(app.screen, BrowseScreen)
        assert text(app)
