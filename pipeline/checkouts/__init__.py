"""Git checkouts: what has changed in them, and changes that become commits."""
