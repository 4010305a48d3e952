"""Times and memory against the peers, on the same machine, inputs and run: ``make bench``."""
