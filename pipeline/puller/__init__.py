"""The in-cluster puller: one process that reconciles Flux's OCIRepositories and Kustomizations."""
