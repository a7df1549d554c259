"""Records to numpy columns: link, network and transport layers."""

from pcapkit.columns.decoder import Decoder
from pcapkit.columns.table import Table
from pcapkit.columns.wpa import WpaKeys

__all__ = ["Decoder", "Table", "WpaKeys"]
