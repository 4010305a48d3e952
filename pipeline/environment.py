"""What the process's surroundings say about a build: the CI's variables and the Git checkout."""
