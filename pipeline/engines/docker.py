"""Docker's API through its SDK: dockerd, podman's service, and whatever else speaks it."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from pipeline.engines.contexts import containerfile_of, pack_context
from pipeline.engines.endpoints import EngineEndpoint, find_endpoint
from pipeline.engines.streams import BuildLog, PushLog, masked
from pipeline.errors import ConfigurationError, PipelineError, RegistryError, ToolError
from pipeline.loading import settle
from pipeline.model.attestation.image_names import ImageName
from pipeline.model.documents.printable import printable
from pipeline.model.images.engine import EngineImage, ImageBuild, RegistryLogin
from pipeline.ports import Environment, Reporter

_SECONDS = 600
"""Without a byte from the engine; while it builds it may be silent for ever."""
_UNIX = "unix://"
_ANY_VERSION = "1.41"
"""Only until the engine has said which it speaks."""
_WIDTH = 400
_DENIED = re.compile(
    r"\b(unauthorized|denied|forbidden|no basic auth|authentication required|401|403)\b", re.IGNORECASE
)


class DockerEngine:
    """An engine; it is looked for, and connected to, by each call anew."""

    def __init__(self, asked: str, environment: Environment, reporter: Reporter) -> None:
        self._asked = asked
        self._environment = environment
        self._reporter = reporter

    def describe(self) -> str:
        """Its first component and that one's version."""
        with self._client() as client:
            version: Mapping[str, Any] = client.version()
        components = version.get("Components") or [{}]
        name = "podman" if "podman" in str(components[0].get("Name", "")).lower() else "docker"
        return printable(f"{name} {version.get('Version', '')}".strip(), _WIDTH)

    def build(self, build: ImageBuild) -> EngineImage:
        """Pack the context, send it, and follow the build to its end.

        Raises:
            ConfigurationError: no engine, or no Containerfile.
            ToolError: a step failed, or the engine cannot read the Containerfile.
        """
        file = containerfile_of(build)
        log = BuildLog(f"build {build.image.path.rpartition('/')[2]}", str(file), build.secrets, self._reporter)
        with self._client(lambda said: _unreadable(file, masked(said, build.secrets))) as client:
            context, name = pack_context(build, file)
            with context:
                for item in client.build(
                    fileobj=context,
                    custom_context=True,
                    dockerfile=name,
                    tag=_text(build.image),
                    buildargs=dict(build.arguments) or None,
                    labels=dict(build.labels) or None,
                    target=build.target or None,
                    platform=build.platform or None,
                    network_mode=build.network or None,
                    pull=build.pull,
                    nocache=not build.cache,
                    rm=True,
                    forcerm=True,
                    decode=True,
                ):
                    log.take(item)
            return _image(client.inspect_image(log.image_id or _text(build.image)))

    def find(self, image: ImageName) -> EngineImage | None:
        """Ask for it by name."""
        settle()
        from docker.errors import NotFound

        with self._client() as client:
            try:
                return _image(client.inspect_image(_text(image)))
            except NotFound:
                return None

    def tag(self, image: ImageName, name: ImageName) -> None:
        """Add the name.

        Raises:
            ConfigurationError: the engine has no such image.
        """
        settle()
        from docker.errors import NotFound

        with self._client() as client:
            try:
                client.tag(_text(image), name.repository, name.tag)
            except NotFound:
                raise _missing(image) from None

    def push(self, image: ImageName, login: RegistryLogin | None) -> str:
        """Push it and follow that to its end.

        Raises:
            ConfigurationError: the engine has no such image.
            RegistryError: the registry refused it, or could not be reached.
        """
        # An image that is not there would be one more error in the stream.
        if self.find(image) is None:
            raise _missing(image)
        log = PushLog(f"push {image.path.rpartition('/')[2]}", self._reporter)
        with self._client(lambda said: _refused(image, said, login)) as client:
            # Given nothing, the SDK would look for a login by itself.
            for item in client.push(
                image.repository, image.tag, stream=True, decode=True, auth_config=_auth_config(login)
            ):
                log.take(item)
        if log.error:
            raise _refused(image, log.error, login)
        return log.digest

    @contextmanager
    def _client(self, failed: Any = None) -> Iterator[Any]:  # noqa: ANN401 - the SDK's client has no types
        """A connection for one call; ``failed`` makes an error of what the engine says to a request it refuses."""
        settle()
        from http.client import HTTPException

        import requests
        import urllib3
        from docker.errors import APIError, DockerException, StreamParseError

        endpoint = find_endpoint(self._asked, self._environment)
        try:
            client = _connect(endpoint)
        except (
            DockerException,
            requests.exceptions.RequestException,
            OSError,
            ValueError,
            TypeError,
            KeyError,
        ) as error:
            raise _absent(endpoint, error) from None
        try:
            yield client
        except APIError as error:
            # Its own text has the request's address, and in that the build arguments.
            said = printable(str(error.explanation or "it did not say why"), _WIDTH)
            raise failed(said) if failed else _engine_failed(said) from None
        except (StreamParseError, requests.exceptions.InvalidJSONError):
            raise _engine_failed("it does not speak Docker's API") from None
        except (
            DockerException,
            requests.exceptions.RequestException,
            urllib3.exceptions.HTTPError,
            HTTPException,
            OSError,
        ) as error:
            raise _engine_failed(f"the connection was lost ({type(error).__name__})") from None
        finally:
            client.close()


def _connect(endpoint: EngineEndpoint) -> Any:  # noqa: ANN401 - the SDK's client has no types
    """A client in the version of the API that the engine speaks."""
    from docker import APIClient

    if endpoint.url.startswith(_UNIX):
        # The SDK leaves the socket open when nobody listens.
        with closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as probe:
            probe.connect(endpoint.url.removeprefix(_UNIX))
    make = partial(APIClient, base_url=endpoint.url, tls=endpoint.tls or False, timeout=_SECONDS)
    # Asked to find the version by itself, it leaves a connection open when that fails.
    with closing(make(version=_ANY_VERSION)) as first:
        version = str(first.version(api_version=False)["ApiVersion"])
    return make(version=version)


def _text(image: ImageName) -> str:
    return f"{image.repository}:{image.tag}"


def _image(found: Mapping[str, Any]) -> EngineImage:
    variant = found.get("Variant")
    platform = "/".join(filter(None, (found.get("Os"), found.get("Architecture"), variant)))
    labels = (found.get("Config") or {}).get("Labels") or {}
    return EngineImage(
        id=str(found.get("Id", "")), size=int(found.get("Size") or 0), platform=platform, labels=dict(labels)
    )


def _auth_config(login: RegistryLogin | None) -> dict[str, str]:
    if login is None:
        return {}
    fields = {
        "username": login.username,
        "password": login.password,
        "identitytoken": login.identity_token,
        "registrytoken": login.access_token,
    }
    return {name: value for name, value in fields.items() if value}


def _unreadable(file: Path, said: str) -> PipelineError:
    return ToolError(f"the engine cannot build {file}: {said}", code="tool.image-build")


def _engine_failed(said: str) -> PipelineError:
    return ToolError(f"the container engine failed: {said}", code="tool.engine")


def _missing(image: ImageName) -> PipelineError:
    return ConfigurationError(
        f"the container engine has no image {_text(image)}",
        hint=f"build it: gitless image build PATH --image {_text(image)}",
        code="configuration.no-image",
    )


def _refused(image: ImageName, said: str, login: RegistryLogin | None) -> PipelineError:
    text = printable(masked(said, _secrets(login)), _WIDTH)
    if _DENIED.search(text):
        return RegistryError(
            f"{image.host} refused the push of {_text(image)}: {text}",
            hint="correct the login, or its rights" if login else f"log in first: gitless login {image.host}",
            code="registry.denied",
        )
    return RegistryError(f"{_text(image)} could not be pushed: {text}", code="registry.push")


def _secrets(login: RegistryLogin | None) -> tuple[str, ...]:
    values = () if login is None else (login.password, login.identity_token, login.access_token)
    return tuple(filter(None, values))


def _absent(endpoint: EngineEndpoint, error: Exception) -> PipelineError:
    return ConfigurationError(
        f"no container engine answers at {endpoint.url}, which {endpoint.named_by} names ({type(error).__name__})",
        hint="start it, or name another one: --engine unix:///run/docker.sock, or DOCKER_HOST",
        code="configuration.no-engine",
    )
