"""Settings: what ``gitless.yaml`` and the command line say."""
