"""``gitless image``: a group."""

from __future__ import annotations

import os
import time
from pathlib import Path

import click

from pipeline.cli.options import argument, option, registry_options
from pipeline.cli.terminal import Terminal, talking
from pipeline.model.settings.connections import RegistryOptions

_ENGINE = option(
    "--engine",
    default="",
    metavar="URL",
    help="The container engine; otherwise DOCKER_HOST, docker's context, or podman.",
)


@click.group()
def command() -> None:
    """Build an application's image and push it, with whatever container engine speaks Docker's API.

    \b
    gitless image build . --image ghcr.io/acme/web:1.4.2
    gitless image push ghcr.io/acme/web:1.4.2 --kustomization deploy/production --lock images.lock.yaml
    """  # noqa: D301 - \b is click's mark for text that must keep its lines


@command.command()
@argument("path", envvar="path", type=click.Path(path_type=Path))
@option("--image", required=True, metavar="NAME[:TAG]", help="Name of the image; without a tag that is the commit.")
@option("--containerfile", type=click.Path(path_type=Path), metavar="FILE",
        help="The steps; otherwise PATH's Containerfile or Dockerfile.")  # fmt: skip
@option("--target", "stage", default="", metavar="STAGE", help="Stop at this stage of the Containerfile.")
@option("--build-arg", "arguments", multiple=True, metavar="NAME[=VALUE]",
        help="Build argument; NAME alone takes it from the environment and is never shown. Repeatable.")  # fmt: skip
@option("--image-label", "labels", multiple=True, metavar="KEY=VALUE", help="Label of the image; repeatable.")
@option("--platform", default="", metavar="OS/ARCH", help="Platform; otherwise the engine's own.")
@option("--network", default="", metavar="MODE", help="Network of the steps, such as none or host.")
@option("--pull", is_flag=True, help="Look for newer base images.")
@option("--cache/--no-cache", default=True, help="Take layers of earlier builds, or build all anew.")
@option("--source", help="Where the content comes from; otherwise the Git remote.")
@option("--revision", help="BRANCH@sha1:COMMIT; otherwise from the CI's variables or Git.")
@option("--created", metavar="TIME", help="now, epoch or RFC 3339, for the label; otherwise SOURCE_DATE_EPOCH.")
@_ENGINE
@talking(ci=True)
def build(
    *, path: Path, image: str, containerfile: Path | None, stage: str, arguments: tuple[str, ...],
    labels: tuple[str, ...], platform: str, network: str, pull: bool, cache: bool, source: str | None,
    revision: str | None, created: str | None, engine: str, terminal: Terminal,
) -> None:  # fmt: skip
    """Build the image of the folder PATH and keep it in the engine.

    It gets the labels org.opencontainers.image.source, revision and, where SOURCE_DATE_EPOCH or --created says a time,
    created. Build arguments stay in an image's history: no secret belongs there that is good for longer than the build.

    \b
    gitless image build . --image ghcr.io/acme/web:1.4.2
    gitless image build . --image ghcr.io/acme/web --target production --build-arg VERSION=1.4.2
    """  # noqa: D301 - \b is click's mark for text that must keep its lines
    from pipeline.imaging import imaging, label_time
    from pipeline.model.settings.image_builds import ImageSettings, parse_arguments
    from pipeline.model.settings.overrides import parse_annotations

    settings = ImageSettings(
        image=image,
        folder=path,
        containerfile=containerfile,
        target=stage,
        arguments=parse_arguments(arguments),
        labels=parse_annotations(labels),
        platform=platform,
        network=network,
        pull=pull,
        cache=cache,
    )
    made = imaging(
        path,
        engine,
        RegistryOptions(),
        os.environ,
        terminal.reporter,
        source=source,
        revision=revision,
        created=label_time(created, os.environ, time.time),
    )
    terminal.print_result(made.build(settings))


@command.command()
@argument("image", envvar="image", metavar="NAME[:TAG]")
@option("-t", "--tag", "tags", multiple=True, help="Another tag to push it under; repeatable.")
@option("--kustomization", "kustomizations", multiple=True, metavar="DIR[:NAME]",
        help="Write tag and digest into its images, for the image of that name. Repeatable.")  # fmt: skip
@option("--values", multiple=True, metavar="FILE[:KEY]",
        help="Write repository, tag and digest into these Helm values, at image or KEY. Repeatable.")  # fmt: skip
@option("--lock", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
        help="Write the digest into this images lock, too.")  # fmt: skip
@_ENGINE
@registry_options
@talking(ci=True)
def push(
    *, image: str, tags: tuple[str, ...], kustomizations: tuple[str, ...], values: tuple[str, ...], lock: Path | None,
    engine: str, registry_options: RegistryOptions, terminal: Terminal,
) -> None:  # fmt: skip
    """Push an image that the engine has, and write its digest into manifests and the images lock.

    The digest is what the registry answers with afterwards. Files are changed in place; their comments and everything
    else in them stay. A file that cannot be changed shows before anything is pushed.

    \b
    gitless image push ghcr.io/acme/web:1.4.2 --kustomization deploy/production --lock images.lock.yaml
    gitless image push ghcr.io/acme/web:1.4.2 --values charts/web/values.yaml:image --tag latest
    """  # noqa: D301 - \b is click's mark for text that must keep its lines
    from pipeline.imaging import imaging
    from pipeline.model.settings.image_builds import WrittenPlaces, parse_place

    places = WrittenPlaces(tuple(map(parse_place, kustomizations)), tuple(map(parse_place, values)), lock)
    made = imaging(Path(), engine, registry_options, os.environ, terminal.reporter)
    terminal.print_result(made.push(image, tags, places))
