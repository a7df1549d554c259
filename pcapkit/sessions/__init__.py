"""Events to devices, attempts, steps and sessions."""
