"""gitless: build, package, sign, diff, apply and verify Kubernetes manifests as OCI artifacts."""

__version__ = "0.1.0"
