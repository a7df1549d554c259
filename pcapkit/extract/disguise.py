"""``--redact`` of a cut: the packets are looked at once before they are written, so that every stand-in is known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np
from pcapkit_dissectors.keylog import KeyLog

from pcapkit.analysis import decoder
from pcapkit.capture.window import Window
from pcapkit.columns.work import Work
from pcapkit.extract.masking.der import mask_certificate
from pcapkit.extract.masking.rewriter import Rewriter
from pcapkit.extract.masking.text import address_text, learn_names, mask_text
from pcapkit.extract.packets import Packet
from pcapkit.extract.survey import Part, Stopped, reopened
from pcapkit.limits import WINDOW_BYTES
from pcapkit.model import Report
from pcapkit.options import Options, Progress, ProgressFn, StopFn
from pcapkit.report.redact import Redactor, redact
from pcapkit.trust.renamed import RENAMED

REMARK: Final = (
    "Names, addresses, users and secrets are replaced by stand-ins of the same length, with checksums that fit; what cannot be read is cut off."
)


class Disguise:
    """Stand-ins, numbered as the redacted report numbers them."""

    def __init__(
        self, report: Report, parts: Sequence[Part], options: Options, progress: ProgressFn, stop: StopFn, keys: KeyLog | None = None
    ) -> None:
        """``keys``: TLS secrets that the cut is to carry, as far as what they open can be changed."""
        self._options = options
        redactor = Redactor()
        redact(report, redactor)
        self._redactor = redactor
        self._rewriter = Rewriter(redactor, keys)
        for part in parts:
            packets = 0
            for window, works in self._windows(part, stop, WINDOW_BYTES):
                self._rewriter.look(part.index, window, works, part.frames)
                packets += len(window)
                progress(Progress(part.capture.path, packets, part.capture.packets, packets))
            for address, name in part.names.items():
                self._rewriter.masks.learn_name(name)
                self.text(address)
        self._rewriter.settle()

    @property
    def randoms(self) -> set[bytes]:
        """Clients whose TLS secrets may stand in the cut."""
        return self._rewriter.randoms

    @property
    def key(self) -> Mapping[str, str]:
        """What is shown, in reports and in the cut → what it stands for."""
        return {**self._redactor.key, **self._rewriter.masks.key}

    def text(self, text: str) -> str:
        """A text with stand-ins for what is personal in it."""
        learn_names(self._rewriter.masks, text)
        return mask_text(self._rewriter.masks, text)

    def certificate(self, der: bytes) -> bytes:
        """A certificate as it stands in the cut."""
        return mask_certificate(self._rewriter.masks, der)

    def names(self, names: Mapping[str, str]) -> dict[str, str]:
        """Names of addresses."""
        return {address_text(self._rewriter.masks, address): self.text(name) for address, name in names.items()}

    def remarks(self) -> list[str]:
        """What the reader of the cut must know, for its comment."""
        return [REMARK, *([RENAMED] if self._rewriter.masks.renamed_certificates else [])]

    def packets(self, part: Part, stop: StopFn, window_bytes: int) -> Iterator[Packet]:
        """The chosen packets of one capture, changed. As ``packets.packets_of``."""
        for window, works in self._windows(part, stop, window_bytes):
            rows = {frame: row for row, frame in enumerate(window.frame.tolist())}
            for frame, data in self._rewriter.change(part.index, window, works, part.frames):
                row = rows[frame]
                yield Packet(int(window.time_ns[row]), part.index, frame, int(window.interface[row]), data, int(window.length[row]))

    def _windows(self, part: Part, stop: StopFn, window_bytes: int) -> Iterator[tuple[Window, list[Work]]]:
        if not len(part.frames):
            return
        columns = decoder(self._options, trace=True)
        with reopened(part.capture.path, part.index, stop, window_bytes) as source:
            for window in source.windows():
                columns.decode(window)
                if np.isin(window.frame, part.frames).any():
                    yield window, columns.works
                if int(window.frame[-1]) >= int(part.frames[-1]):
                    return
            if stop():
                raise Stopped
