"""Container engines: whatever speaks Docker's API."""
