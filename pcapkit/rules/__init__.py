"""Sessions to findings: one file a code."""
