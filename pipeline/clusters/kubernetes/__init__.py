"""The Kubernetes API server behind the cluster port."""
