"""Gates: JSON schemas, CEL, our own lint, and the real kyverno and opa; one file each."""
