"""What gates find in manifests, and what is asked of them."""
