"""What the commands share that decide here as the gateway does there: the model, the verifier, and the bars."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gatewayctl.completion import tenant_names
from gatewayctl.directory import find_tenant
from gatewayctl.local import CannotBeUsed
from gatewayctl.session import Session, asks_server

if TYPE_CHECKING:
    from mitmgate.core.settings import Settings
    from mitmgate.matcher.offline import OfflineJudge

STATES_BYTES = 60_000_000


@dataclass(frozen=True, slots=True)
class Offline:
    """max_wrong and threshold as the settings have them; bar: the probability that max_wrong requires."""

    session: Session
    judge: OfflineJudge
    max_wrong: float
    threshold: float
    bar: float

    @property
    def bars(self) -> dict[str, float]:
        return {"max_wrong": self.max_wrong, "threshold": self.threshold}


def decides_offline(command: Callable[..., None]) -> Callable[..., None]:
    """Adds --max-wrong, --threshold, --tenant, --config and those of `asks_server`, and passes an Offline.

    No gateway is asked, except for a tenant's own bars.
    """

    @click.option("--max-wrong", type=click.FloatRange(0, 1), help="Another share of wrong hits than cache.max_wrong.")
    @click.option("--threshold", type=click.FloatRange(0, 1), help="Another lowest similarity than cache.threshold.")
    @click.option("--tenant", shell_complete=tenant_names, help="With the bars of this tenant of the gateway.")
    @click.option("--config", type=click.Path(path_type=Path), help="The gateway's settings; config.yaml here, if any.")
    @asks_server
    @functools.wraps(command)
    def deciding(
        session: Session,
        max_wrong: float | None,
        threshold: float | None,
        tenant: str | None,
        config: Path | None,
        **options: Any,
    ) -> None:
        settings = _settings(config, session.data_dir)
        own = find_tenant(session.client, tenant)["cache"] if tenant is not None else {}
        max_wrong = _first(max_wrong, own.get("max_wrong"), settings.cache.max_wrong)
        threshold = _first(threshold, own.get("threshold"), settings.cache.threshold, 0.0)
        judge = load_judge(settings)
        command(Offline(session, judge, max_wrong, threshold, judge.calibration.bar(max_wrong)), **options)

    return deciding


def load_judge(settings: Settings) -> OfflineJudge:
    """The live path's decisions in this process. Raises CannotBeUsed when a file of the model is missing or another."""
    from mitmgate.matcher.offline import OfflineJudge
    from mitmgate.services.minilm import ModelUnusable

    try:
        folder = _model_cache(settings.data_dir)
        judge = OfflineJudge.load(folder, model_path=settings.cache.model_path, states_bytes=STATES_BYTES)
    except (ModelUnusable, OSError, ValueError, KeyError) as problem:
        raise CannotBeUsed(f"the verifier cannot be used: {problem}") from None
    if judge.calibration.verifier != judge.verifier_id:
        raise CannotBeUsed("the verifier cannot be used: the verdict's figures are for another one")
    return judge


def _settings(config: Path | None, data_dir: Path | None) -> Settings:
    from mitmgate.core.settings import ConfigError, config_file, load_settings

    try:
        return load_settings(config_file(config), os.environ, {"data_dir": data_dir})
    except ConfigError as error:
        raise CannotBeUsed(str(error)) from None


def _model_cache(data_dir: Path) -> Path:
    """Where the model's ONNX file is: the gateway's, where there is one that we may read; else a folder of our own."""
    models = data_dir / "models"
    if os.access(models, os.R_OK | os.X_OK) and any(models.glob("*.onnx")):
        return data_dir
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "mitmgate"


def _first(*values: float | None) -> float:
    return next(value for value in values if value is not None)
