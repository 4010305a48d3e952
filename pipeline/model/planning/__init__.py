"""Plans that are kept: what they say, what they would touch, and whether they still hold."""
