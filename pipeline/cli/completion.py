"""``gitless completion``."""

from __future__ import annotations

import click


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the script that completes gitless's commands, options, contexts and tags in your shell.

    \b
    source <(gitless completion bash)
    gitless completion zsh > ~/.zfunc/_gitless
    gitless completion fish > ~/.config/fish/completions/gitless.fish
    """  # noqa: D301 - \b is click's mark for text that must keep its lines
    from click.shell_completion import get_completion_class

    from pipeline.cli.application import application

    completion = get_completion_class(shell)
    if completion is None:
        raise click.UsageError(f"no completion for {shell}")
    click.echo(completion(application, {}, "gitless", "_GITLESS_COMPLETE").source())
