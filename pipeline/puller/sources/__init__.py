"""OCIRepositories: :func:`reconcile_source` brings one up to date with its registry and says so in its status."""

from pipeline.puller.sources.dependencies import SourceDependencies, source_dependencies
from pipeline.puller.sources.private_files import PrivateFiles
from pipeline.puller.sources.reconciling import reconcile_source

__all__ = ["PrivateFiles", "SourceDependencies", "reconcile_source", "source_dependencies"]
