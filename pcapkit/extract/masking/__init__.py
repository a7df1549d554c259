"""``extract --redact``: packets in which names, addresses and secrets are replaced by stand-ins of the same length, so that they tell the same story."""
