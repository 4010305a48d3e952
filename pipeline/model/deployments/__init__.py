"""What was deployed where, as records in the registry tell it."""
