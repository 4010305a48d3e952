"""Pictures of graphs, one format each."""
