"""The stages: each one function over frozen data and ports."""
