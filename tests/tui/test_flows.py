"""The flow table: order by any column, the filter, and rows made when looked at."""

from __future__ import annotations

import numpy as np
import pytest
from pcapkit_tui.state import Snapshot
from pcapkit_tui.view import flows
from shown import browser, keys, running, settle, text

from pcapkit.analysis import Analysis
from pcapkit.filter import FilterError
from pcapkit.options import Options
from pcapkit.report.style import Style


@pytest.fixture(scope="module")
def snapshot(demo):
    analysis = Analysis([str(demo), str(demo)], Options())
    for _ in analysis.read():
        pass
    report = analysis.report()
    return Snapshot(report, analysis.scene, tuple(r.tracker for r in analysis.readings), tuple(c.path for c in report.captures), True, analysis)


@pytest.fixture(scope="module")
def tables(snapshot):
    return flows.Tables.of(snapshot.trackers, snapshot.analysis.name_of)


def every(tables):
    return [tables.flow(row) for row in range(len(tables))]


def test_both_captures_are_in_one_table(snapshot, tables):
    assert len(tables) == sum(len(t.summaries()) for t in snapshot.trackers)
    found = every(tables)
    assert len({f.id for f in found}) == len(found)
    assert {f.capture for f in found} == {0, 1}


KEYS = {
    "id": lambda f: int(f.id[1:]), "time": lambda f: f.first_time_ns, "cport": lambda f: f.client_port, "sport": lambda f: f.server_port,
    "packets": lambda f: f.packets, "bytes": lambda f: f.bytes_client + f.bytes_server, "duration": lambda f: f.last_time_ns - f.first_time_ns,
    "name": lambda f: (f.name is None, f.name or ""),
}  # fmt: skip


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("name", KEYS)
def test_order_by_a_column(tables, name, descending):
    found = every(tables)
    order = tables.order(name, descending)
    assert sorted(order.tolist()) == list(range(len(found)))
    values = [KEYS[name](found[n]) for n in order.tolist()]
    assert values == sorted(values, reverse=descending)


@pytest.mark.parametrize("name", ["client", "server", "proto", "state"])
def test_order_groups_what_is_alike(tables, name):
    found = every(tables)
    values = [
        getattr(found[n], {"client": "client", "server": "server", "proto": "transport", "state": "id"}[name]) for n in tables.order(name, False)
    ]
    if name != "state":
        assert len([v for v, before in zip(values, [None, *values], strict=False) if v != before]) == len(set(values))


def test_every_column_can_be_sorted(tables):
    for column in flows.COLUMNS:
        assert len(tables.order(column.name, descending=False)) == len(tables)


def test_rows_keep_their_place_whatever_the_order(tables):
    order = tables.order("bytes", descending=True)
    rows = flows.FlowRows(tables, Style(), order)
    for place in (0, 3, len(rows) - 1):
        assert rows.place(rows[place].key) == place
    assert rows.place("T99999") is None
    assert rows.place("nonsense") is None


def matching(tables, snapshot, expression):
    rows = flows.matching(tables, snapshot.report, expression, None, True, lambda: False, lambda _: None)
    return [tables.flow(int(row)) for row in rows]


@pytest.mark.parametrize(
    ("expression", "holds"),
    [
        ("port:443", lambda f: 443 in (f.client_port, f.server_port)),
        ("proto:udp", lambda f: f.transport == "udp"),
        ("proto:dns", lambda f: f.server_port == 53),
        ("bytes>1kB", lambda f: f.bytes_client + f.bytes_server > 1_000),
        ("packets>=10 and not port:53", lambda f: f.packets >= 10 and f.server_port != 53),
        ("sni:*.contoso.com", lambda f: bool(f.name) and f.name.endswith(".contoso.com")),
        ("flow:T3", lambda f: f.id == "T3"),
    ],
)
def test_the_filter(tables, snapshot, expression, holds):
    found = matching(tables, snapshot, expression)
    assert found
    assert [f.id for f in found] == [f.id for f in every(tables) if holds(f)]


def test_flows_of_a_device(tables, snapshot):
    device = snapshot.report.devices[0]
    found = matching(tables, snapshot, f"device:{device.id}")
    assert found
    assert all({f.client, f.server} & set(device.addresses) for f in found)
    assert matching(tables, snapshot, "device:D99") == []


def test_a_filter_that_cannot_be_read(tables, snapshot):
    with pytest.raises(FilterError):
        matching(tables, snapshot, "porrt:1")


def test_a_search_can_be_stopped(tables, snapshot):
    rows = flows.matching(tables, snapshot.report, "port:443", None, True, lambda: True, lambda _: None)
    assert len(rows) == 0


async def test_the_screen(snapshot):
    app = browser(snapshot=snapshot)
    async with running(app, (120, 34)) as pilot:
        await keys(app, pilot, "7")
        assert place(app) == "T1"
        for _ in range(9):
            await keys(app, pilot, "comma")
        assert app.screen.by == "bytes"
        await keys(app, pilot, "semicolon", "g")
        sizes = [app.screen.rows.flow(n) for n in range(len(app.screen.rows))]
        assert [f.bytes_client + f.bytes_server for f in sizes] == sorted((f.bytes_client + f.bytes_server for f in sizes), reverse=True)
        await keys(app, pilot, "s")
        assert "Lasts" not in text(app)
        await keys(app, pilot, "slash", *"port:53", "enter")
        assert f"of {len(app.screen.tables)}" in text(app)
        assert all(app.screen.rows.flow(n).server_port == 53 for n in range(len(app.screen.rows)))
        await keys(app, pilot, "F")
        assert len(app.screen.rows) == len(app.screen.tables)
        await keys(app, pilot, "F")
        assert len(app.screen.rows) < len(app.screen.tables)


def place(app):
    return app.screen.main.key


async def test_from_a_device_to_its_flows_packets_and_one_packet(snapshot):
    app = browser(snapshot=snapshot)
    async with running(app, (120, 34)) as pilot:
        await keys(app, pilot, "w")
        assert app.screen.NAME == "flows"
        assert app.screen.text.startswith("device:D")
        await keys(app, pilot, "G", "enter")
        assert app.screen.NAME == "packets"
        assert app.screen.packets is not None
        assert len(app.screen.packets)
        await keys(app, pilot, "comma", "semicolon", "G", "enter")
        assert app.screen.NAME == "packet"
        assert app.screen.frame is not None
        await keys(app, pilot, "escape", "escape", "v")
        assert app.screen.NAME == "stream"
        assert app.screen.said is not None


async def test_a_flow_that_was_forgotten(snapshot):
    app = browser(snapshot=snapshot)
    async with running(app) as pilot:
        app.open_packets("T99999")
        await settle(app, pilot)
        assert "no longer in the flow table" in text(app)
        app.open_stream("T99999")
        await settle(app, pilot)
        assert "no longer in the flow table" in text(app)


def test_order_of_the_empty_table():
    assert len(flows.Tables.of([]).order("bytes", descending=False)) == 0
    assert isinstance(flows.Tables.of([]).order("name", descending=True), np.ndarray)
