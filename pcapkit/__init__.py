"""Which phone failed at autodiscover, at which step, why, and by which packets."""
