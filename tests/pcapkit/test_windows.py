"""The same events and the same report, however many bytes are in memory at a time."""

import functools

import pytest
from where import SHARED

from pcapkit import analysis, capture
from pcapkit.options import Options

NAMES = (
    "ndpi_teams.pcap", "nfstream_iphone.pcap", "arkime_tcp-reassembly-synthetic.pcap", "dnscap_frags.pcap", "ndpi_imap-starttls.pcap",
    "zeek_tls-fragmented-handshake.pcap.gz", "httpreplay_invalidtcppacketorder.pcap", "lab/hairpin_asymmetric.pcapng.gz",
    "lab/exchange_autodiscover.pcapng", "lab/http_fallback.pcap.gz",
)  # fmt: skip


@pytest.mark.shared
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("window_bytes", [4096, 50_000])
def test_windows_change_neither_events_nor_report(name, window_bytes, monkeypatch):
    path = str(SHARED / name)
    whole = list(analysis.dissect([path], Options())), analysis.run([path], Options(full=True))
    monkeypatch.setattr(analysis, "open_capture", functools.partial(capture.open_capture, window_bytes=window_bytes))
    parts = list(analysis.dissect([path], Options())), analysis.run([path], Options(full=True))
    assert parts[0] == whole[0]
    assert parts[1] == whole[1]
