"""Certificate chains: stores, paths, verification at capture time."""
