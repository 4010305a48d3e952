"""What a repository lists, page by page: its tags, and what refers to a digest (distribution specification 1.1)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from pipeline.errors import RegistryError
from pipeline.model.artifact.manifest import OCI_INDEX, Descriptor
from pipeline.model.artifact.reference import Repository
from pipeline.registries.oci.answers import media_type_of, tags_in
from pipeline.registries.oci.calls import Call
from pipeline.registries.oci.endpoints import Endpoint, origin_of
from pipeline.registries.oci.referrers import parse_index

if TYPE_CHECKING:
    import requests

    from pipeline.registries.oci.transport import Transport

_FOUND = 200
_NOT_FOUND = 404
_READ = frozenset({_FOUND})
# What registries without the referrers API answer instead of the 404 they should.
_NO_REFERRERS_API = frozenset({400, _NOT_FOUND, 405, 406, 501})
_PAGE = 1000
_MAX_PAGES = 1000
# Anybody who may push decides how many there are: beyond these, nobody keeps them in memory.
_MAX_REFERRERS = 20_000


@dataclass(frozen=True, slots=True)
class Listing:
    """The lists of one repository."""

    repository: Repository
    endpoint: Endpoint
    transport: Transport

    def tags(self) -> Sequence[str]:
        """Every tag, sorted; none where there is no such repository.

        Raises:
            RegistryError: they cannot be listed, or this is no registry.
        """
        what = f"list the tags of {self.repository.path}"
        url = self.transport.url(self.transport.container.tags_url(N=_PAGE))
        found: set[str] = set()
        for response in self._pages(url, what, frozenset({_NOT_FOUND})):
            if response.status_code == _NOT_FOUND:
                self._check_it_is_a_registry(what)
                return ()
            found.update(tags_in(response, f"{self.endpoint.host}: cannot {what}"))
        return tuple(sorted(found))

    def referrers(self, digest: str) -> dict[str, Descriptor] | None:
        """Descriptors by digest, or ``None`` where there is no referrers API.

        Raises:
            RegistryError: they cannot be listed, or there are too many.
        """
        what = f"list what refers to {digest}"
        base = self.transport.url(self.transport.container.manifest_url(digest)).removesuffix(f"manifests/{digest}")
        found: dict[str, Descriptor] = {}
        for response in self._pages(f"{base}referrers/{digest}", what, _NO_REFERRERS_API):
            # A registry that does not know the API may also show its web page.
            if response.status_code != _FOUND or media_type_of(response) != OCI_INDEX:
                return None
            for entry in parse_index(response.content, f"{self.endpoint.host}: cannot {what}"):
                found[entry.digest] = entry
            if len(found) > _MAX_REFERRERS:
                raise RegistryError(f"{self.endpoint.host}: cannot {what}: there are more than {_MAX_REFERRERS}")
        return found

    def _pages(self, url: str, what: str, also_accepted: frozenset[int]) -> Iterator[requests.Response]:
        """Follow the ``Link`` of each page to the next one, which must be on the same registry and new."""
        seen: set[str] = set()
        while url not in seen and len(seen) < _MAX_PAGES:
            seen.add(url)
            response = self.transport.send(
                Call(
                    method="GET",
                    url=url,
                    what=what,
                    scopes=self.transport.pull_scopes(),
                    accepted=_READ | also_accepted,
                )
            )
            yield response
            link = response.links.get("next", {}).get("url")
            if not link:
                return
            url = urljoin(url, link)
            if origin_of(url) != self.endpoint.origin:
                raise RegistryError(f"{self.endpoint.host}: cannot {what}: the next page is on another host")
        raise RegistryError(f"{self.endpoint.host}: cannot {what}: the registry's pages do not end")

    def _check_it_is_a_registry(self, what: str) -> None:
        """Tell a repository that is not there from a host that is no registry: both answer 404."""
        self.transport.send(
            Call(
                method="GET",
                url=self.transport.url(f"{self.transport.container.registry}/v2/"),
                what=what,
                scopes=self.transport.pull_scopes(),
                accepted=_READ,
            )
        )
