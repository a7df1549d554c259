"""Bytes to typed events, one module a protocol, no I/O."""
