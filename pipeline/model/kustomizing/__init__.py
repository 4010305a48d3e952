"""From an artifact's files and a Kustomization's spec to what is built, decrypted and substituted: the rules alone."""
