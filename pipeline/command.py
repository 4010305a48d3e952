"""External programs."""
