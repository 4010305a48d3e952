"""Reports as GitHub-flavoured Markdown, one module per result."""
