"""Files, pipes and interfaces to records in memory."""
