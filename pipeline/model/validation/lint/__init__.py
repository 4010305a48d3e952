"""Our own rules: what is mistaken, dangerous or missing in manifests whatever the schema says, one file per topic."""
