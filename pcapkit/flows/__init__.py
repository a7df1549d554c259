"""Columns to flows, segments to streams, streams to events."""
