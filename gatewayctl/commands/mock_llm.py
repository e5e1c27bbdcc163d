"""`gatewayctl mock-llm`."""

from __future__ import annotations

import os

import click


@click.command("mock-llm")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", default=9000, show_default=True, type=click.IntRange(0, 65535), help="Port; 0 takes a free one."
)
@click.option("--latency-ms", default=0.0, show_default=True, type=click.FloatRange(0), help="Wait before each answer.")
@click.option("--fail-rate", default=0.0, show_default=True, type=click.FloatRange(0, 1), help="Share that fails, 0-1.")
@click.option("--chunk-ms", default=0.0, show_default=True, type=click.FloatRange(0), help="Wait before each event.")
@click.option("--seed", type=int, help="Makes ids and failures come in the same order at each run.")
@click.option("--die-with-parent", is_flag=True, help="End when the process that started this one ends.")
def mock_llm(
    host: str,
    port: int,
    latency_ms: float,
    fail_rate: float,
    chunk_ms: float,
    seed: int | None,
    die_with_parent: bool,
) -> None:
    """A small LLM server without a model: speaks OpenAI and Anthropic, streamed too.

    The same request gets the same text, streamed or not. It takes any key and any
    model name; failures (500, 503) and delays come when asked for.

    \b
    Examples:
      gatewayctl mock-llm
      gatewayctl mock-llm --port 9001 --latency-ms 300 --chunk-ms 20
      gatewayctl mock-llm --fail-rate 0.2 --seed 7
      curl http://127.0.0.1:9000/v1/chat/completions \\
        -H 'Content-Type: application/json' \\
        -d '{"messages": [{"role": "user", "content": "What is 2+2?"}]}'
    """
    parent_pid = os.getppid()
    import asyncio

    from gatewayctl.mock_llm import server
    from gatewayctl.mock_llm.mock import Behaviour

    if die_with_parent:
        server.die_with_parent(parent_pid)
    behaviour = Behaviour(latency_ms / 1000, chunk_ms / 1000, fail_rate, seed)
    try:
        asyncio.run(server.serve(host, port, behaviour, lambda url: click.echo(f"mock LLM listens on {url}")))
    except OSError as problem:
        click.echo(f"Error: cannot listen on {host}:{port}: {problem.strerror or problem}", err=True)
        raise SystemExit(3) from None
