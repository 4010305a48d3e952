"""What a CI is told about results, decided from the results alone."""
