"""The main job on the example application, on real parts: what ``make demo`` runs."""
