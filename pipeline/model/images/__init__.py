"""Container images that manifests name: the lock file, policies, markers."""
