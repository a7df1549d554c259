"""Records to numpy columns: link, network and transport layers."""
