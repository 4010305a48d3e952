"""``gitless completion``."""

from __future__ import annotations

import click


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the script that completes commands, options, contexts, inventories, tags and targets.

    \b
    source <(gitless completion bash)
    gitless completion zsh > ~/.zfunc/_gitless
    gitless completion fish > ~/.config/fish/completions/gitless.fish
    """  # noqa: D301 - \b is click's mark for text that must keep its lines
    from click.shell_completion import get_completion_class

    from pipeline.cli.application import application
    from pipeline.cli.completing_shells import VARIABLE

    completion = get_completion_class(shell)
    if completion is None:
        raise click.UsageError(f"no completion for {shell}")
    click.echo(completion(application, {}, "gitless", VARIABLE).source())
