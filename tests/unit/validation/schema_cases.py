"""Objects without fault, and one mistake at a time in them, which the schema gate tells and an API server refuses."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from pipeline.model.documents.yaml_reading import read_documents

Spoil = Callable[[dict[str, Any]], object]

TEXT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}, creationTimestamp: null}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 25%, maxUnavailable: 1}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: main
          image: shop.example/web:1
          imagePullPolicy: IfNotPresent
          command: null
          ports: [{name: http, containerPort: 80}, {name: dns, containerPort: 80, protocol: UDP}]
          env: [{name: A, value: "1"}, {name: B, valueFrom: {fieldRef: {fieldPath: metadata.name}}}]
          resources: {requests: {cpu: 0.5, memory: 64Mi}, limits: {cpu: 1, memory: 1e9}}
          readinessProbe: {httpGet: {path: /, port: http, scheme: HTTP}}
      volumes: [{name: cache, emptyDir: {}}]
status: {}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {type: ClusterIP, selector: {app: web}, ports: [{port: 80, targetPort: http}]}
status: {loadBalancer: {}}
---
apiVersion: v1
kind: Secret
metadata: {name: web}
data: {key: dmFsdWU=, empty: ""}
stringData: {other: text}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: web, annotations: {shop.example/team: shop}}
data: {key: value}
binaryData: {file: dmFsdWU=}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web}
spec:
  rules:
    - host: shop.example
      http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {name: http}}}}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: web}
roleRef: {kind: ClusterRole, name: view}
subjects: [{kind: ServiceAccount, name: web, namespace: default}]
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: web}
spec:
  schedule: "0 * * * *"
  concurrencyPolicy: Forbid
  jobTemplate:
    spec: {template: {spec: {restartPolicy: Never, containers: [{name: main, image: "shop.example/web:1"}]}}}
---
apiVersion: schemas.example.com/v1
kind: Widget
metadata: {name: web}
spec:
  size: 3
  limit: 50%
  mode: fast
  note: null
  color: red
  defaulted: null
  free: {any: [1, {thing: true}], known: 1}
  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: x}, data: {a: b}}
  rules: [{name: a, weight: 1}, {name: b}]
  tags: [a, b]
  labels: {a: b}
  since: 2026-01-31T12:00:00Z
  ports: [{port: 1}, {port: 1, over: udp}, {port: 2, over: null}]
  network: 10.0.0.1/8
  id: 0123456789ABCDEF0123456789abcdef
  a: 1
"""

WIDGETS = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.schemas.example.com}
spec:
  group: schemas.example.com
  scope: Namespaced
  names: {kind: Widget, listKind: WidgetList, plural: widgets, singular: widget}
  versions:
    - name: v1
      served: true
      storage: true
      subresources: {status: {}}
      schema:
        openAPIV3Schema:
          type: object
          required: [spec]
          properties:
            metadata: {type: object, properties: {name: {type: string, maxLength: 20}}}
            spec:
              type: object
              required: [size, defaulted]
              properties:
                size: {type: integer, format: int32, minimum: 1, maximum: 10, exclusiveMaximum: true}
                defaulted: {type: string, default: x}
                limit:
                  x-kubernetes-int-or-string: true
                  anyOf: [{type: integer}, {type: string}]
                  pattern: "^[0-9]+%?$"
                mode: {type: string, enum: [fast, slow]}
                note: {type: string, nullable: true}
                color: {type: string, minLength: 1}
                free:
                  type: object
                  x-kubernetes-preserve-unknown-fields: true
                  properties: {known: {type: integer}, strict: {type: object, properties: {a: {type: string}}}}
                template:
                  type: object
                  x-kubernetes-embedded-resource: true
                  x-kubernetes-preserve-unknown-fields: true
                rules:
                  type: array
                  maxItems: 3
                  x-kubernetes-list-type: map
                  x-kubernetes-list-map-keys: [name]
                  items: {type: object, required: [name], properties: {name: {type: string}, weight: {type: number}}}
                ports:
                  type: array
                  x-kubernetes-list-type: map
                  x-kubernetes-list-map-keys: [port, over]
                  items:
                    type: object
                    required: [port]
                    properties: {port: {type: integer}, over: {type: string, default: tcp, minLength: 1}}
                network: {type: string, format: cidr}
                id: {type: string, format: uuid}
                tags: {type: array, x-kubernetes-list-type: set, items: {type: string}}
                labels: {type: object, additionalProperties: {type: string}}
                since: {type: string, format: date-time}
                empty: {type: object}
                a: {type: integer}
                b: {type: integer}
              oneOf: [{required: [a]}, {required: [b]}]
            status: {type: object, required: [phase], properties: {phase: {type: string}}}
    - name: v1beta1
      served: true
      storage: false
      deprecated: true
      deprecationWarning: use schemas.example.com/v1
      schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
    - name: v1alpha1
      served: false
      storage: false
      schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
"""


def _bodies(text: str) -> dict[str, dict[str, Any]]:
    return {body["kind"]: body for body, _ in read_documents(text.encode(), "cases.yaml")}


BODIES = _bodies(TEXT)
WIDGET_DEFINITION = _bodies(WIDGETS)["CustomResourceDefinition"]


@dataclass(frozen=True)
class Case:
    """A mistake in one of the objects: the rule that tells of it, where, and words of its message and hint."""

    name: str
    kind: str
    spoil: Spoil
    rule: str
    path: str
    says: str

    @property
    def body(self) -> dict[str, Any]:
        """The object with the mistake."""
        body = deepcopy(BODIES[self.kind])
        self.spoil(body)
        return body


def _container(body: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = body["spec"]["template"]["spec"]["containers"][0]
    return found


def _in_spec(**fields: Any) -> Spoil:  # noqa: ANN401 - any JSON value
    return lambda body: body["spec"].update(fields)


def _in_container(**fields: Any) -> Spoil:  # noqa: ANN401 - any JSON value
    return lambda body: _container(body).update(fields)


def _pod(**fields: Any) -> Spoil:  # noqa: ANN401 - any JSON value
    return lambda body: body["spec"]["template"]["spec"].update(fields)


_MAIN = "spec.template.spec.containers[0]"

CASES = [
    Case("text for a number", "Deployment", _in_spec(replicas="3"), "schema-invalid", "spec.replicas",
         "spec.replicas is text; expected a whole number"),
    Case("a fraction for a number", "Deployment", _in_spec(replicas=1.5), "schema-invalid", "spec.replicas",
         "a number with a fraction"),
    Case("a number of more than 32 bits", "Deployment", _in_spec(replicas=3_000_000_000), "schema-invalid",
         "spec.replicas", "expected at most 2147483647"),
    Case("a number for text", "Deployment", _in_container(env=[{"name": "A", "value": 1}]), "schema-invalid",
         f"{_MAIN}.env[0].value", "is a number; expected text"),
    Case("a misspelt field", "Deployment", _in_container(imagePulPolicy="Always"), "schema-unknown-field",
         f"{_MAIN}.imagePulPolicy", "did you mean imagePullPolicy?"),
    Case("a field of another level", "Deployment", _in_spec(containers=[]), "schema-unknown-field", "spec.containers",
         "spec.containers is no field of this kind"),
    Case("a field of the object", "ConfigMap", lambda body: body.update(dta={}), "schema-unknown-field", "dta",
         "did you mean data?"),
    Case("an unknown word", "Deployment", _in_container(imagePullPolicy="Allways"), "schema-invalid",
         f"{_MAIN}.imagePullPolicy", '"Allways"; expected one of: Always, IfNotPresent, Never'),
    Case("an unknown protocol", "Deployment", _in_container(ports=[{"containerPort": 80, "protocol": "HTTP"}]),
         "schema-invalid", f"{_MAIN}.ports[0].protocol", "expected one of: TCP, UDP, SCTP"),
    Case("an unknown strategy", "Deployment", _in_spec(strategy={"type": "Rolling"}), "schema-invalid",
         "spec.strategy.type", "expected one of: Recreate, RollingUpdate"),
    Case("an unknown restart policy", "Deployment", _pod(restartPolicy="always"), "schema-invalid",
         "spec.template.spec.restartPolicy", "did you mean Always?"),
    Case("no quantity", "Deployment", _in_container(resources={"limits": {"cpu": "1 core"}}), "schema-invalid",
         f"{_MAIN}.resources.limits.cpu", "expected a quantity such as 500m"),
    Case("a missing selector", "Deployment", lambda body: body["spec"].pop("selector"), "schema-required",
         "spec.selector", "spec.selector is missing"),
    Case("a missing name", "Deployment", lambda body: _container(body).pop("name"), "schema-required",
         f"{_MAIN}.name", "name is missing"),
    Case("a missing list", "Deployment", lambda body: body["spec"]["template"]["spec"].pop("containers"),
         "schema-required", "spec.template.spec.containers", "containers is missing"),
    Case("a mapping for a list", "Deployment", _pod(containers={"name": "main"}), "schema-invalid",
         "spec.template.spec.containers", "is a mapping; expected a list"),
    Case("a variable twice", "Deployment", _in_container(env=[{"name": "A"}, {"name": "A"}]), "schema-duplicate",
         f"{_MAIN}.env", "two items with name A"),
    Case("a port twice", "Deployment", _in_container(ports=[{"containerPort": 80}, {"containerPort": 80}]),
         "schema-duplicate", f"{_MAIN}.ports", "two items with containerPort 80 and protocol TCP"),
    Case("an unknown type of Service", "Service", _in_spec(type="Loadbalancer"), "schema-invalid", "spec.type",
         "did you mean LoadBalancer?"),
    Case("a port that is text", "Service", _in_spec(ports=[{"port": "80"}]), "schema-invalid", "spec.ports[0].port",
         "remove the quotes"),
    Case("a Secret that is not encoded", "Secret", lambda body: body["data"].update(key="plain text!"),
         "schema-invalid", "data.key", "data.key is not base64"),
    Case("a Secret with a number", "Secret", lambda body: body["stringData"].update(pin=1234), "schema-invalid",
         "stringData.pin", "is a number; expected text"),
    Case("a value that is no text", "ConfigMap", lambda body: body["data"].update(key=True), "schema-invalid",
         "data.key", "quote it"),
    Case("no type of path", "Ingress",
         lambda body: body["spec"]["rules"][0]["http"]["paths"][0].pop("pathType"), "schema-required",
         "spec.rules[0].http.paths[0].pathType", "pathType is missing"),
    Case("the old form of a backend", "Ingress",
         lambda body: body["spec"]["rules"][0]["http"]["paths"][0].update(backend={"serviceName": "web"}),
         "schema-unknown-field", "spec.rules[0].http.paths[0].backend.serviceName", "did you mean service?"),
    Case("no name of the role", "RoleBinding", lambda body: body["roleRef"].pop("name"), "schema-required",
         "roleRef.name", "roleRef.name is missing"),
    Case("an unknown concurrency policy", "CronJob", _in_spec(concurrencyPolicy="Never"), "schema-invalid",
         "spec.concurrencyPolicy", "expected one of: Allow, Forbid, Replace"),
    Case("a custom field that is not defined", "Widget", _in_spec(colour="red"), "schema-unknown-field",
         "spec.colour", "the API server would drop it"),
    Case("a custom field below one that keeps everything", "Widget", _in_spec(free={"strict": {"b": 1}}),
         "schema-unknown-field", "spec.free.strict.b", "the API server would drop it"),
    Case("something in an object without fields", "Widget", _in_spec(empty={"a": 1}), "schema-unknown-field",
         "spec.empty.a", "nothing goes here"),
    Case("a custom value of the wrong type", "Widget", _in_spec(free={"known": "x"}), "schema-invalid",
         "spec.free.known", "is text; expected a whole number"),
    Case("a custom value out of bounds", "Widget", _in_spec(size=10), "schema-invalid", "spec.size",
         "is 10; expected less than 10"),
    Case("a custom word", "Widget", _in_spec(mode="fst"), "schema-invalid", "spec.mode", "did you mean fast?"),
    Case("a pattern", "Widget", _in_spec(limit="half"), "schema-invalid", "spec.limit", "text that matches ^[0-9]+%?$"),
    Case("neither number nor text", "Widget", _in_spec(limit=True), "schema-invalid", "spec.limit",
         "is a boolean; expected a whole number or text"),
    Case("a missing custom field", "Widget", lambda body: body["spec"].pop("size"), "schema-required", "spec.size",
         "spec.size is missing"),
    Case("a null in place of a required field", "Widget", _in_spec(size=None), "schema-invalid", "spec.size",
         "is empty; expected a whole number"),
    Case("a missing part", "Widget", lambda body: body.pop("spec"), "schema-required", "spec", "spec is missing"),
    Case("an item twice by its key", "Widget", _in_spec(rules=[{"name": "a"}, {"name": "a"}]), "schema-duplicate",
         "spec.rules", "two items with name a"),
    Case("an item twice by the default of a key", "Widget", _in_spec(ports=[{"port": 1}, {"port": 1, "over": "tcp"}]),
         "schema-duplicate", "spec.ports", "two items with port 1 and over tcp"),
    Case("a text that is empty", "Widget", _in_spec(ports=[{"port": 1, "over": ""}]), "schema-invalid",
         "spec.ports[0].over", "expected at least 1 character"),
    Case("no network", "Widget", _in_spec(network="10.0.0.0"), "schema-invalid", "spec.network", "such as 10.0.0.0/8"),
    Case("no UUID", "Widget", _in_spec(id="0123"), "schema-invalid", "spec.id", "expected a UUID"),
    Case("an item twice in a set", "Widget", _in_spec(tags=["a", "a"]), "schema-duplicate", "spec.tags", "twice"),
    Case("too many items", "Widget", _in_spec(rules=[{"name": str(number)} for number in range(4)]), "schema-invalid",
         "spec.rules", "is 4 long; expected at most 3 items"),
    Case("a null that nothing takes the place of", "Widget", _in_spec(color=None), "schema-invalid", "spec.color",
         "is empty; expected text"),
    Case("a null among labels", "Widget", _in_spec(labels={"a": None}), "schema-invalid", "spec.labels.a",
         "is empty; expected text"),
    Case("a null among items", "Widget", _in_spec(tags=["a", None]), "schema-invalid", "spec.tags[1]",
         "is empty; expected text"),
    Case("both of two fields", "Widget", _in_spec(b=1), "schema-invalid", "spec", "fits several of the alternatives"),
    Case("neither of two fields", "Widget", lambda body: body["spec"].pop("a"), "schema-required", "spec",
         "spec needs exactly one of: a, b"),
    Case("no time", "Widget", _in_spec(since="yesterday"), "schema-invalid", "spec.since", "expected a time such as"),
    Case("an embedded object without a kind", "Widget", _in_spec(template={"apiVersion": "v1"}), "schema-required",
         "spec.template.kind", "spec.template.kind is missing"),
    Case("a name that the definition restricts", "Widget", lambda body: body["metadata"].update(name="w" * 21),
         "schema-invalid", "metadata.name", "is 21 characters long; expected at most 20 characters"),
]  # fmt: skip

CLEAN: list[tuple[str, Spoil]] = [
    *((kind, lambda body: body) for kind in BODIES),
    ("Deployment", _in_container(resources={"limits": {"cpu": ".5", "memory": "1.5Gi"}})),
    ("Deployment", _in_container(env=None)),
    ("Deployment", _in_container(imagePullPolicy="")),
    ("Service", _in_spec(type="", sessionAffinity=None)),
    ("Service", lambda body: body.update(status={"conditions": [{"type": "a"}]})),
    ("Widget", _in_spec(limit=50)),
    ("Widget", _in_spec(free={"strict": {"a": "b"}, "other": {"a": None}})),
    ("Widget", lambda body: body.update(status={})),
]
