"""Which targets of which ``gitless.yaml`` a change touches."""
