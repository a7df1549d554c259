"""Walking through the browser by keys."""

from __future__ import annotations

from dataclasses import replace

import made
import pytest
from pcapkit_tui.widgets.key_line import KeyLine
from shown import browser, keys, running, settle, text

from pcapkit.model import FrameRef


def place(app) -> tuple[str, str | None]:
    """Screen and cursor."""
    return app.screen.NAME, app.screen.main.key


def said(app) -> str:
    """The last message."""
    return app.screen.query_one(KeyLine).message


async def test_from_the_start_to_the_evidence_in_four_keys(demo):
    app = browser(snapshot=replace(made.snapshot(), paths=(str(demo),)))
    async with running(app) as pilot:
        await keys(app, pilot, "enter", "enter", "enter", "enter")
        assert app.screen.NAME == "packet"
        assert app.screen.place == FrameRef(0, 25)


async def test_the_worst_device_is_under_the_cursor():
    async with running(app := browser()):
        assert place(app) == ("devices", "D1")


async def test_back_returns_to_the_same_row():
    async with running(app := browser()) as pilot:
        await keys(app, pilot, "j", "j", "enter")
        assert app.screen.NAME == "session"
        await keys(app, pilot, "escape")
        assert place(app) == ("devices", "D3")


async def test_filter_off_and_on_keeps_the_row():
    async with running(app := browser()) as pilot:
        await keys(app, pilot, "slash", *"iphone", "enter")
        assert [r.key for r in app.screen.rows.rows] == ["D1"]
        assert "1 of 6" in text(app)
        await keys(app, pilot, "F")
        assert "6 of 6" in text(app)
        assert place(app) == ("devices", "D1")
        await keys(app, pilot, "F")
        assert "1 of 6" in text(app)
        assert place(app) == ("devices", "D1")


async def test_an_empty_filter_shows_everything():
    async with running(app := browser()) as pilot:
        await keys(app, pilot, "slash", *"iphone", "enter", "slash", *["backspace"] * 6, "enter")
        assert "6 of 6" in text(app)


async def test_a_filter_that_cannot_be_read_leaves_the_list():
    async with running(app := browser()) as pilot:
        await keys(app, pilot, "slash", *"devize:x", "enter")
        assert "no field named devize" in text(app)
        assert "6 of 6" in text(app)
        await keys(app, pilot, "escape")
        assert app.state.filter_text == ""


async def test_tab_completes_fields_and_values():
    async with running(app := browser()) as pilot:
        await keys(app, pilot, "slash", *"plat", "tab")
        field = app.screen.query_one("#filter-input")
        assert field.value == "platform:"
        await keys(app, pilot, "a", "tab")
        assert field.value == "platform:android"


async def test_history_of_filters():
    async with running(app := browser()) as pilot:
        await keys(app, pilot, "slash", *"pixel", "enter", "slash", *["backspace"] * 5, *"ipad", "enter", "slash", "up", "up")
        assert app.screen.query_one("#filter-input").value == "pixel"


async def test_the_cursor_stays_on_its_id_when_rows_change():
    async with running(app := browser()) as pilot:
        await keys(app, pilot, "j", "j", "j")
        assert place(app)[1] == "D4"
        fewer = replace(made.report(), devices=made.report().devices[2:])
        app.state.take(replace(made.snapshot(fewer)))
        app.refresh_screens()
        await settle(app, pilot)
        assert place(app)[1] == "D4"


async def test_numbers_go_to_screens_and_back_to_open_ones():
    async with running(app := browser()) as pilot:
        for key, name in (("2", "session"), ("3", "findings"), ("4", "finding"), ("6", "chain"), ("7", "flows"), ("8", "capture"), ("0", "picture")):
            await keys(app, pilot, key)
            assert name == app.screen.NAME
        depth = len(app.screen_stack)
        await keys(app, pilot, "3")
        assert app.screen.NAME == "findings"
        assert len(app.screen_stack) < depth
        await keys(app, pilot, "1")
        assert app.screen.NAME == "devices"
        await keys(app, pilot, "9")
        assert "running capture" in said(app)


async def test_arrows_findings_sessions_devices():
    async with running(app := browser()) as pilot:
        await keys(app, pilot, "enter")
        assert place(app) == ("session", "F2")
        await keys(app, pilot, "f")
        assert place(app)[1] == "F3"
        await keys(app, pilot, "b", "p")
        assert place(app)[1] == "2.2"
        await keys(app, pilot, "n", "n", "n", "n")
        assert app.screen.item().text.startswith("A webext")
        await keys(app, pilot, "right_curly_bracket")
        assert app.screen.session_id == "S2"
        await keys(app, pilot, "right_curly_bracket", "right_square_bracket")
        assert app.screen.session_id == "S4"
        await keys(app, pilot, "right_square_bracket")
        assert "No further session" in said(app)
        await keys(app, pilot, "left_square_bracket", "left_curly_bracket")
        assert app.screen.session_id == "S2"


async def test_repeats_expand_and_each_has_its_packet(demo):
    app = browser(snapshot=replace(made.snapshot(), paths=(str(demo),)))
    async with running(app) as pilot:
        await keys(app, pilot, "enter", "f", "f", "p")
        assert "SYN ×3" in text(app)
        await keys(app, pilot, "enter", "j")
        assert place(app)[1] == "6.0r0"
        assert "again, ×2" in text(app)
        await keys(app, pilot, "enter")
        assert app.screen.place == FrameRef(0, 43)


async def test_time_forms():
    async with running(app := browser()) as pilot:
        await keys(app, pilot, "enter")
        assert "10:02:14" in text(app)
        await keys(app, pilot, "T")
        assert "0.867 +2.9ms" in text(app)
        await keys(app, pilot, "T", "T")
        assert "10:02:14" in text(app)


async def test_layouts_zoom_and_sizes():
    async with running(app := browser(), (120, 34)) as pilot:
        await keys(app, pilot, "enter")
        detail = app.screen.query_one("#detail")
        assert detail.display
        wide = detail.size.width
        await keys(app, pilot, "plus")
        assert detail.size.width > wide
        await keys(app, pilot, "minus", "minus")
        assert detail.size.width < wide
        await keys(app, pilot, "vertical_line")
        assert not detail.region.width
        await keys(app, pilot, "vertical_line")
        assert app.focused is detail
        await keys(app, pilot, "vertical_line", "tab", "z")
        assert app.screen.layout_name in ("only-detail", "only-main")


async def test_copying_is_safe_and_says_so():
    app = browser(made.hostile())
    copied: list[str] = []
    async with running(app) as pilot:
        app.copy_to_clipboard = copied.append
        await keys(app, pilot, "y", "Y", "enter", "y", "Y", "3", "Y", "4", "Y", "8", "Y")
        assert "Copied" in said(app)
    assert len(copied) == 7
    for text_ in copied:
        assert all(part.isprintable() for part in text_.split("\n"))
    assert any("\\x1b" in t for t in copied)


async def test_osc_52_is_written(monkeypatch):
    app = browser()
    written: list[str] = []
    async with running(app) as pilot:
        app._driver.write = written.append
        await keys(app, pilot, "y")
    assert any(w.startswith("\x1b]52;c;") and w.endswith("\a") for w in written)


async def test_marking():
    async with running(app := browser()) as pilot:
        await keys(app, pilot, "space", "space")
        assert app.state.marked == {"D1", "D2"}
        assert "D1*" in text(app)
        await keys(app, pilot, "asterisk")
        assert len(app.state.marked) == 6
        await keys(app, pilot, "asterisk")
        assert not app.state.marked


async def test_jump_to_a_frame_by_the_palette(demo):
    app = browser(snapshot=replace(made.snapshot(), paths=(str(demo),)))
    async with running(app) as pilot:
        await keys(app, pilot, "colon")
        await pilot.press(*"31")
        await pilot.pause(0.4)
        await keys(app, pilot, "enter")
        await keys(app, pilot, "enter") if app.screen.__class__.__name__ == "CommandPalette" else None
        assert app.screen.NAME == "packet"
        assert app.screen.place == FrameRef(0, 31)


async def test_presets_are_filters():
    async with running(app := browser()) as pilot:
        app.apply_filter("outcome:failed or outcome:degraded")
        await settle(app, pilot)
        assert "2 of 6" in text(app)


async def test_a_device_without_sessions_says_so():
    async with running(app := browser()) as pilot:
        await keys(app, pilot, "G", "enter")
        assert app.screen.NAME == "devices"
        assert "no autodiscover session" in said(app)


async def test_redacted_packets_are_not_shown():
    async with running(app := browser(redact=True)) as pilot:
        for key in ("5", "6", "7"):
            await keys(app, pilot, key)
            assert app.screen.NAME == "devices"
            assert "personal data" in said(app)


async def test_served_writes_no_files():
    async with running(app := browser(served=True)) as pilot:
        await keys(app, pilot, "e")
        assert app.screen.NAME == "devices"
        assert "not written" in said(app)
        assert "export" not in text(app)


@pytest.mark.parametrize(("name", "value"), [("utc", True), ("ascii", True)])
async def test_settings_change_the_view(name, value):
    from pcapkit.report.style import Style

    app = browser(style=Style())
    async with running(app) as pilot:
        await keys(app, pilot, "V")
        app.screen.query_one(f"#{name}").value = value
        await settle(app, pilot)
        await keys(app, pilot, "escape")
        assert getattr(app.state.style, name) == value
        if name == "ascii":
            assert text(app).isascii()


async def test_themes_by_the_dialog():
    async with running(app := browser(theme="dark")) as pilot:
        await keys(app, pilot, "V", "down", "space", "escape")
        assert app.theme == "pcapkit-light"


@pytest.mark.parametrize("size", [(59, 24), (80, 15), (20, 5)])
async def test_too_small_says_so_and_comes_back(size):
    async with running(app := browser()) as pilot:
        await pilot.resize_terminal(*size)
        await settle(app, pilot)
        assert "too" in text(app)
        assert "small" in text(app)
        await pilot.resize_terminal(80, 24)
        await settle(app, pilot)
        assert "iPhone-Joe" in text(app)


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (200, 60)])
async def test_every_screen_at_every_size(size):
    async with running(app := browser(), size) as pilot:
        for key in "2346780":
            await keys(app, pilot, key)
            rows = text(app).split("\n")
            assert len(rows) == size[1]
            assert all(len(row) <= size[0] for row in rows)
