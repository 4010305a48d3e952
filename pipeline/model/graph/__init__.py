"""What hangs together with what."""
