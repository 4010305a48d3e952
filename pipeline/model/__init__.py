"""Frozen data and the rules over it: no files, no network, no clock."""
