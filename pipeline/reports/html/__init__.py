"""Reports as one HTML page each, which needs no network."""
