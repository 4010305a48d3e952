"""Flux's API as data: its kinds, what their specs ask for, and the conditions and texts of their status."""
