"""The measured application: N/4 times ServiceAccount, Service, Deployment and Ingress, without a namespace."""

from __future__ import annotations

from pathlib import Path

KINDS_PER_APPLICATION = 4

_APPLICATION = """\
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {name}
  labels: {{app.kubernetes.io/name: {name}}}
---
apiVersion: v1
kind: Service
metadata:
  name: {name}
  labels: {{app.kubernetes.io/name: {name}}}
spec:
  selector: {{app.kubernetes.io/name: {name}}}
  ports:
    - {{name: http, port: 80, targetPort: http, protocol: TCP}}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
  labels: {{app.kubernetes.io/name: {name}}}
spec:
  replicas: 0
  selector:
    matchLabels: {{app.kubernetes.io/name: {name}}}
  template:
    metadata:
      labels: {{app.kubernetes.io/name: {name}}}
    spec:
      serviceAccountName: {name}
      containers:
        - name: web
          image: bench.example/web:{tag}
          ports: [{{name: http, containerPort: 8080, protocol: TCP}}]
          env:
            - {{name: LOG_LEVEL, value: info}}
            - {{name: REGION, value: "eu-1"}}
          resources:
            requests: {{cpu: 10m, memory: 32Mi}}
            limits: {{memory: 64Mi}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: {name}
  labels: {{app.kubernetes.io/name: {name}}}
spec:
  rules:
    - host: {name}.bench.example
      http:
        paths:
          - path: /
            pathType: Prefix
            backend: {{service: {{name: {name}, port: {{name: http}}}}}}
"""


def application(name: str, tag: str) -> str:
    """One application's objects."""
    return _APPLICATION.format(name=name, tag=tag)


def write_plain(folder: Path, objects: int, *, tag: str = "1.0.0") -> Path:
    """A folder of one file per application."""
    folder.mkdir(parents=True)
    for number in range(objects // KINDS_PER_APPLICATION):
        name = f"app-{number:05d}"
        (folder / f"{name}.yaml").write_text(application(name, tag))
    return folder


def write_kustomization(folder: Path, objects: int) -> Path:
    """The same with a kustomization that lists the files and sets a label."""
    write_plain(folder, objects)
    names = sorted(path.name for path in folder.glob("*.yaml"))
    resources = "".join(f"  - {name}\n" for name in names)
    (folder / "kustomization.yaml").write_text(
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
        f"labels:\n  - pairs: {{bench: measured}}\nresources:\n{resources}"
    )
    return folder
