"""Reports as SARIF 2.1.0, one module per result."""
