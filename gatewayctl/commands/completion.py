"""`gatewayctl completion`."""

from __future__ import annotations

import click


@click.command("completion")
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
def completion(shell: str) -> None:
    """Print the script that makes a shell complete commands, options and tenants.

    Tenants are those of the gateway that the command would ask, when it answers within
    half a second.

    \b
    Examples:
      source <(gatewayctl completion bash)                # this shell, bash or zsh
      gatewayctl completion bash >> ~/.bash_completion    # every bash
      gatewayctl completion zsh > "${fpath[1]}/_gatewayctl"
      gatewayctl completion fish > ~/.config/fish/completions/gatewayctl.fish
    """
    from click.shell_completion import get_completion_class

    found = get_completion_class(shell)
    assert found is not None
    root = click.get_current_context().find_root().command
    click.echo(found(root, {}, "gatewayctl", "_GATEWAYCTL_COMPLETE").source())
