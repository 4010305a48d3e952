"""Work trees whose changes become commits: Git."""
