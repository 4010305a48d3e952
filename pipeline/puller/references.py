"""Who refers to whom, so that a change wakes exactly those whom it concerns."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from threading import Lock

from pipeline.errors import ConfigurationError
from pipeline.model.flux.api import CONFIG_MAPS, SECRETS
from pipeline.model.flux.governing import PolicyReference, governing_policies
from pipeline.model.flux.kustomization import KustomizationSpec, read_kustomization
from pipeline.model.flux.oci_repository import OCIRepositorySpec, read_oci_repository
from pipeline.model.flux.reading import InvalidObjectError
from pipeline.model.manifests import Body
from pipeline.puller.keys import KUSTOMIZATION, Key


class References:
    """An index from what is referred to, to those who do. Safe in many threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._of: dict[Key, frozenset[Key]] = {}
        self._to: dict[Key, set[Key]] = defaultdict(set)

    def put(self, key: Key, referred: Iterable[Key]) -> None:
        """The object refers to these, and to nothing else any more."""
        wanted = frozenset(referred)
        with self._lock:
            before = self._of.pop(key, frozenset())
            if wanted:
                self._of[key] = wanted
            for target in before - wanted:
                self._to[target].discard(key)
                if not self._to[target]:
                    del self._to[target]
            for target in wanted - before:
                self._to[target].add(key)

    def to(self, target: Key) -> tuple[Key, ...]:
        """Those who refer to it, sorted."""
        with self._lock:
            return tuple(sorted(self._to.get(target, ())))


def references_of(key: Key, body: Body, *, floor: PolicyReference | None = None) -> frozenset[Key]:
    """What the object refers to; nothing where its spec cannot be read.

    Every source refers to ``floor``, the trust policy that all of them are held to.
    """
    try:
        if key.kind == KUSTOMIZATION:
            return frozenset(_of_kustomization(key, read_kustomization(body)))
        return frozenset([*_of_source(key, read_oci_repository(body)), *_policies_of(body, floor)])
    except InvalidObjectError:
        return frozenset()


def _of_kustomization(key: Key, spec: KustomizationSpec) -> Iterable[Key]:
    yield Key(spec.source.kind, spec.source.namespace, spec.source.name)
    for dependency in spec.depends_on:
        yield Key(KUSTOMIZATION, dependency.namespace, dependency.name)
    for reference in spec.post_build.substitute_from if spec.post_build else ():
        yield Key(reference.kind, key.namespace, reference.name)
    if spec.decryption is not None and spec.decryption.secret:
        yield Key(SECRETS.kind, key.namespace, spec.decryption.secret)
    if spec.remote_cluster is not None and spec.remote_cluster.secret:
        yield Key(SECRETS.kind, key.namespace, spec.remote_cluster.secret)
    if spec.remote_cluster is not None and spec.remote_cluster.config_map:
        yield Key(CONFIG_MAPS.kind, key.namespace, spec.remote_cluster.config_map)


def _of_source(key: Key, spec: OCIRepositorySpec) -> Iterable[Key]:
    verify = spec.verify
    names = [spec.secret, spec.cert_secret, spec.proxy_secret]
    names += [verify.secret, verify.trusted_root_secret] if verify else []
    return [Key(SECRETS.kind, key.namespace, name) for name in names if name]


def _policies_of(body: Body, floor: PolicyReference | None) -> Iterable[Key]:
    try:
        found = governing_policies(body, floor)
    except ConfigurationError:
        # Its own is told when it is reconciled.
        found = (floor,) if floor is not None else ()
    return [Key(CONFIG_MAPS.kind, reference.namespace, reference.name) for reference in found]
