"""Whether an artifact may go on to the next environment, or back, and what may leave the registry."""
