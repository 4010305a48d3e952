"""Programs that decrypt what is encrypted in an artifact."""
