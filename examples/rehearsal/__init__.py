"""Rehearsals: the files that run in somebody's CI, run on this machine against the local platform."""
