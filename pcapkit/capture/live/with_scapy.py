"""Capturing with scapy, where neither dumpcap nor tcpdump is: libpcap and Npcap platforms. Started as a process of its own."""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
from typing import Any

from pcapkit.capturer.main import MISSING, READY, Ends, say
from pcapkit.capturer.output import NS, Output, output_of


def main() -> int:
    """Capture as the specification on the command line says."""
    spec: dict[str, Any] = json.loads(sys.argv[1])
    try:
        return _run(spec)
    except Ends as end:
        say(end.message)
        return end.code
    except BrokenPipeError:
        return 0


def _end_with_input(sniffer: Any) -> None:
    while os.read(0, 4_096):
        pass
    sniffer.stop(join=False)


def _run(spec: dict[str, Any]) -> int:
    logging.getLogger("scapy").setLevel(logging.ERROR)
    from scapy.config import conf
    from scapy.data import DLT_EN10MB
    from scapy.sendrecv import AsyncSniffer

    output: list[Output] = []
    failed: list[BaseException] = []

    def keep(packet: Any) -> None:
        try:
            if not output:
                number = conf.l2types.layer2num.get(type(packet), DLT_EN10MB)
                output.append(output_of(spec, number))
            data = bytes(packet)
            output[0].packet(int(packet.time * NS), data[: spec.get("snaplen") or len(data)], packet.wirelen or len(data))
            output[0].flush()
        except (Ends, OSError) as error:
            failed.append(error)

    sniffer = AsyncSniffer(
        iface=spec["interface"], filter=spec.get("bpf"), prn=keep, store=False, count=spec.get("packets") or 0,
        stop_filter=lambda _: bool(failed), started_callback=lambda: say(f"{READY} {spec['interface']}"),
    )  # fmt: skip
    sniffer.start()
    assert sniffer.thread is not None
    threading.Thread(target=_end_with_input, args=(sniffer,), daemon=True).start()
    sniffer.thread.join(spec.get("seconds"))
    if sniffer.running:
        sniffer.stop()
    if sniffer.exception is not None:
        say(f"{spec['interface']}: {sniffer.exception}")
        return MISSING
    if not failed:
        (output[0] if output else output_of(spec, DLT_EN10MB)).close()
    if failed:
        raise failed[0]
    return 0


if __name__ == "__main__":
    sys.exit(main())
