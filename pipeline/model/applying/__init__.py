"""Applying: who owns what, what happens to each object, and what the inventory remembers."""
