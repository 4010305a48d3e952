"""An application without fault, for tests that spoil one thing in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from functools import cache
from typing import Any

from pipeline.model.documents.yaml_reading import read_documents
from pipeline.model.manifests import Manifests, Origin, Resource

Bodies = dict[str, dict[str, Any]]
"""By ``Kind/name``."""

_POD = """
      automountServiceAccountToken: false
      serviceAccountName: shop
      securityContext:
        runAsNonRoot: true
      containers:
        - name: main
          image: shop.example/web:1.2.3@sha256:HEX
          resources:
            requests: {cpu: 50m, memory: 64Mi}
            limits: {cpu: "1", memory: 128Mi}
          securityContext:
            allowPrivilegeEscalation: false
""".replace("HEX", "7" * 64)

_SERVING = """
          ports:
            - {name: http, containerPort: 8080}
          readinessProbe:
            httpGet: {path: /ready, port: http}
          livenessProbe:
            httpGet: {path: /live, port: http}
"""

TEXT = f"""
apiVersion: v1
kind: Namespace
metadata: {{name: shop}}
---
apiVersion: v1
kind: ServiceAccount
metadata: {{name: shop, namespace: shop}}
imagePullSecrets: [{{name: registry}}]
---
apiVersion: v1
kind: ConfigMap
metadata: {{name: settings, namespace: shop}}
data: {{color: red}}
---
apiVersion: v1
kind: Secret
metadata: {{name: registry, namespace: shop}}
type: Opaque
data: {{password: "ENC[AES256_GCM,data:x,iv:x,tag:x,type:str]"}}
sops: {{mac: "ENC[AES256_GCM,data:x]"}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {{name: files, namespace: shop}}
spec:
  accessModes: [ReadWriteOnce]
  storageClassName: fast
  resources: {{requests: {{storage: 1Gi}}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web, namespace: shop}}
spec:
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {{app: web, tier: front}}}}
    spec:{_POD}{_SERVING}
          env:
            - name: COLOR
              valueFrom: {{configMapKeyRef: {{name: settings, key: color}}}}
            - name: MAYBE
              valueFrom: {{secretKeyRef: {{name: elsewhere, key: color, optional: true}}}}
          envFrom:
            - secretRef: {{name: registry}}
      volumes:
        - name: files
          persistentVolumeClaim: {{claimName: files}}
        - name: ca
          configMap: {{name: kube-root-ca.crt}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {{name: queue, namespace: shop}}
spec:
  serviceName: queue
  selector: {{matchLabels: {{app: queue}}}}
  template:
    metadata: {{labels: {{app: queue}}}}
    spec:{_POD}{_SERVING}
  volumeClaimTemplates:
    - metadata: {{name: data}}
      spec: {{accessModes: [ReadWriteOnce], resources: {{requests: {{storage: 1Gi}}}}}}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {{name: agent, namespace: shop}}
spec:
  selector: {{matchLabels: {{app: agent}}}}
  template:
    metadata: {{labels: {{app: agent}}}}
    spec:{_POD}{_SERVING}
---
apiVersion: batch/v1
kind: CronJob
metadata: {{name: tidy, namespace: shop}}
spec:
  schedule: "0 3 * * *"
  jobTemplate:
    spec:
      template:
        spec:{_POD.replace(chr(10), chr(10) + "    ")}
          restartPolicy: Never
---
apiVersion: batch/v1
kind: Job
metadata: {{name: migrate, namespace: shop}}
spec:
  template:
    spec:{_POD}
      restartPolicy: Never
---
apiVersion: v1
kind: Service
metadata: {{name: web, namespace: shop}}
spec:
  selector: {{app: web}}
  ports:
    - {{name: http, port: 80, targetPort: http}}
    - {{name: more, port: 81, targetPort: 8080}}
---
apiVersion: v1
kind: Service
metadata: {{name: queue, namespace: shop}}
spec:
  clusterIP: None
  selector: {{app: queue, statefulset.kubernetes.io/pod-name: queue-0}}
  ports:
    - {{name: http, port: 80}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {{name: web, namespace: shop}}
spec:
  tls:
    - {{hosts: [shop.example], secretName: registry}}
  rules:
    - http:
        paths:
          - path: /
            pathType: Prefix
            backend: {{service: {{name: web, port: {{name: http}}}}}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{name: web, namespace: shop}}
spec:
  rules:
    - backendRefs:
        - {{name: web, port: 80}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {{name: web, namespace: shop}}
spec:
  maxReplicas: 3
  scaleTargetRef: {{apiVersion: apps/v1, kind: Deployment, name: web}}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {{name: web, namespace: shop}}
spec:
  maxUnavailable: 1
  selector:
    matchLabels: {{app: web}}
    matchExpressions:
      - {{key: tier, operator: In, values: [front, middle]}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {{name: shop, namespace: shop}}
rules:
  - {{apiGroups: [""], resources: [configmaps], verbs: [get]}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: shop, namespace: shop}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: Role, name: shop}}
subjects:
  - {{kind: ServiceAccount, name: shop, namespace: shop}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: viewers, namespace: shop}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}}
subjects:
  - {{kind: Group, name: viewers}}
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {{name: fast}}
provisioner: disks.example
parameters: {{type: ssd}}
"""


def bodies() -> Bodies:
    """The clean application, to be changed at will."""
    return {f"{body['kind']}/{body['metadata']['name']}": body for body in deepcopy(_parsed())}


@cache
def _parsed() -> list[dict[str, Any]]:
    return [dict(body) for body, *_ in read_documents(TEXT.encode(), "shop.yaml") if isinstance(body, Mapping)]


def manifests(of: Bodies) -> Manifests:
    """As they are read from a file."""
    return Manifests.of(Resource.from_body(body, Origin("shop.yaml", 1)) for body in of.values())


def spoiled(spoil: Callable[[Bodies], object]) -> Manifests:
    """The clean application with something done to it."""
    changed = bodies()
    spoil(changed)
    return manifests(changed)


def pod_of(of: Bodies, name: str = "Deployment/web") -> Any:  # noqa: ANN401 - a Pod's specification
    """The Pod's specification of a workload."""
    spec = of[name]["spec"]
    return (spec["jobTemplate"]["spec"] if "jobTemplate" in spec else spec)["template"]["spec"]


def container_of(of: Bodies, name: str = "Deployment/web") -> Any:  # noqa: ANN401 - a container
    """The workload's one container."""
    return pod_of(of, name)["containers"][0]
