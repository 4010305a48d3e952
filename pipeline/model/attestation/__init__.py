"""What is attested of an artifact: what it was made of, how, and where."""
