"""Reports as JUnit XML, one module per result."""
