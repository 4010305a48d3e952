"""Bills of materials: one file per format."""
