"""One module per stage, each with ``render(result, color) -> str``."""
