"""The files of deploy/, where no engine is at hand: read by parsers, and compared with what they stand on."""

from __future__ import annotations

import configparser
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from mitmgate.core.settings import load_settings
from tests.dockerfile import DEPLOY, ROOT, copied, stages

COMPOSE = ["compose.yaml", "compose.external.yaml"]
# https://github.com/compose-spec/compose-spec/blob/main/05-services.md and 06-networks.md, 07-volumes.md
SERVICE_KEYS = {
    *("build", "cap_drop", "command", "depends_on", "environment", "healthcheck", "image", "init", "mem_limit"),
    *("networks", "ports", "read_only", "restart", "security_opt", "stop_grace_period", "tmpfs", "ulimits", "volumes"),
}
UNIT_KEYS = {
    *("Description", "Documentation", "Wants", "After", "Type", "ExecStart", "ExecReload", "EnvironmentFile"),
    *("Environment", "WorkingDirectory", "KillMode", "TimeoutStopSec", "Restart", "RestartSec", "User", "Group"),
    *(
        "StateDirectory",
        "StateDirectoryMode",
        "UMask",
        "LimitNOFILE",
        "LimitCORE",
        "MemoryHigh",
        "MemoryMax",
        "WantedBy",
    ),
}
HARDENED = {
    "NoNewPrivileges": "yes",
    "CapabilityBoundingSet": "",
    "AmbientCapabilities": "",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "PrivateDevices": "yes",
    "ProtectKernelModules": "yes",
    "ProtectKernelTunables": "yes",
    "ProtectControlGroups": "yes",
    "RestrictSUIDSGID": "yes",
    "SystemCallFilter": "@system-service",
}
DRAIN_S = 35 + 20 + 5 + 15  # the supervisor's patience with workers, control and matcher, and the servers' end


def compose(name: str) -> dict[str, Any]:
    return dict(YAML(typ="safe").load(DEPLOY / name))


def unit() -> configparser.ConfigParser:
    parser = configparser.ConfigParser(strict=True, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(DEPLOY / "mitmgate.service")
    return parser


@pytest.mark.parametrize("name", COMPOSE)
def test_compose_holds_only_what_the_specification_knows_and_itself_defines(name: str) -> None:
    document = compose(name)
    assert set(document) <= {"name", "services", "networks", "volumes"}
    for service in document["services"].values():
        assert set(service) <= SERVICE_KEYS
        for mount in service.get("volumes", ()):
            assert mount.partition(":")[0] in document["volumes"]
        assert set(service.get("networks", ())) <= set(document.get("networks", ()))
        assert set(service.get("depends_on", ())) <= set(document["services"])
        if "build" in service:
            assert (DEPLOY / service["build"]["context"]).resolve() == ROOT
            assert (ROOT / service["build"]["dockerfile"]).is_file()


@pytest.mark.parametrize("name", COMPOSE)
def test_composes_gateway_may_write_nothing_but_its_state(name: str) -> None:
    gateway = compose(name)["services"]["gateway"]
    assert gateway["read_only"] is True and gateway["init"] is True
    assert gateway["cap_drop"] == ["ALL"] and "no-new-privileges:true" in gateway["security_opt"]
    assert gateway["volumes"] == ["state:/var/lib/mitmgate"] and gateway["tmpfs"] == ["/tmp"]
    assert all(port.startswith("127.0.0.1:") for port in gateway["ports"])  # it speaks plain HTTP
    assert int(gateway["stop_grace_period"].removesuffix("s")) >= DRAIN_S


@pytest.mark.parametrize("name", COMPOSE)
def test_composes_variables_are_settings_and_their_values_are_taken(name: str) -> None:
    wanted = re.findall(r"\$\{(\w+):\?", (DEPLOY / name).read_text())
    told = re.findall(r"^(\w+)=$", (DEPLOY / "example.env").read_text(), re.MULTILINE)
    assert set(wanted) == (set(told) if name == "compose.external.yaml" else set())
    values = dict.fromkeys(told, "0123456789abcdef" * 4)
    environment = {
        key: re.sub(r"\$\{(\w+):\?[^}]*\}", lambda found: values[found[1]], str(value))
        for key, value in compose(name)["services"]["gateway"]["environment"].items()
    }
    settings = load_settings(None, environment, {})
    assert settings.demo is False
    if wanted:
        assert "@postgres:5432/mitmgate" in settings.database.url and settings.auth.pepper


def test_the_image_is_built_apart_from_what_runs_and_runs_as_nobody_special() -> None:
    build, final = stages()
    assert build.image == final.image  # the environment's links lead to the same interpreter
    assert [words for name, words in final.instructions if name == "USER"] == ["10001:10001"]
    instructions = dict(final.instructions)
    assert json.loads(instructions["ENTRYPOINT"]) == ["gatewayctl"] and json.loads(instructions["CMD"]) == ["serve"]
    assert "/health/ready" in instructions["HEALTHCHECK"]
    json.loads(instructions["HEALTHCHECK"].partition("CMD ")[2])
    assert instructions["VOLUME"] == "/var/lib/mitmgate" and instructions["STOPSIGNAL"] == "SIGTERM"


def test_the_image_fetches_nothing_after_its_first_stage() -> None:
    build, final = stages()
    for stage in (build, final):
        assert all(name != "ADD" for name, _ in stage.instructions)
    runs = " ".join(words for name, words in final.instructions if name == "RUN")
    assert not re.search(r"\b(pip|apt|apt-get|curl|wget|uv|git)\b", runs)
    assert "import hnswlib" in " ".join(words for name, words in build.instructions if name == "RUN")


def test_what_the_image_copies_is_there_and_sent_to_the_engine() -> None:
    sent = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    assert sent[sent.index("*") - 1].startswith("#")
    for source in copied():
        assert (ROOT / source).exists(), source
        assert f"!{source}" in sent, source


def test_the_unit_is_hardened() -> None:
    parser = unit()
    service = parser["Service"]
    assert {key: service[key] for key in HARDENED} == HARDENED
    every = {key for section in parser.sections() for key in parser[section]}
    protections = {key for key in every if re.match("Protect|Private|Restrict|Remove|Lock|SystemCall", key)}
    assert every <= UNIT_KEYS | protections | set(HARDENED)
    assert int(service["TimeoutStopSec"]) >= DRAIN_S and service["KillMode"] == "mixed"
    assert service["LimitCORE"] == "0" and gibibytes(service["MemoryHigh"]) < gibibytes(service["MemoryMax"])
    assert service["StateDirectory"] == "mitmgate" and "MITMGATE_DATA_DIR=%S/mitmgate" in service["Environment"]


def gibibytes(text: str) -> int:
    assert text[-1] in "gG"
    return int(text[:-1])


def test_memory_is_bounded_alike_everywhere_and_no_core_is_dumped() -> None:
    most = gibibytes(unit()["Service"]["MemoryMax"])
    for name in COMPOSE:
        services = compose(name)["services"]
        assert gibibytes(services["gateway"]["mem_limit"]) == most
        for service in services.values():
            assert service["ulimits"]["core"] == 0 and service["mem_limit"]
    readme = (DEPLOY / "README.md").read_text()
    assert f"--memory {most}g" in readme and "--ulimit core=0" in readme
    # At rest, Valkey's bound, and one worker's bodies as often as a request may hold them.
    assert most * 1024 > 451 + 512 + 3 * 512


IMAGES = dict(re.findall(r"^(\w+_IMAGE)=(\S+)$", (DEPLOY / "images.env").read_text(), re.MULTILINE))


def test_every_image_is_one_that_can_be_pinned() -> None:
    used = re.findall(r"\$\{(\w+):-([^}]+)\}", "".join((DEPLOY / name).read_text() for name in COMPOSE))
    assert {name for name, _ in used} == set(IMAGES)
    assert all(image == IMAGES[name].partition("@")[0] for name, image in used)
    dockerfile = (DEPLOY / "Dockerfile").read_text()
    assert f"ARG PYTHON_IMAGE={IMAGES['PYTHON_IMAGE'].partition('@')[0]}\n" in dockerfile
    assert {stage.image for stage in stages()} == {"${PYTHON_IMAGE}"}
    for name in COMPOSE:
        for service in compose(name)["services"].values():
            assert service["image"] == "mitmgate" or service["image"].startswith("${")


@pytest.mark.parametrize("digest", ["sha256:" + "ab" * 32, ""])
def test_the_script_pins_each_by_the_registrys_digest(tmp_path: Path, digest: str) -> None:
    shutil.copy(DEPLOY / "pin_images.sh", tmp_path)
    shutil.copy(DEPLOY / "images.env", tmp_path)
    docker = tmp_path / "docker"
    docker.write_text(f'#!/bin/sh\necho "$@" >>{tmp_path}/asked\necho {digest}\n')
    docker.chmod(0o755)
    before = (tmp_path / "images.env").read_text()
    for _ in range(2):  # a second time takes the old digests' place
        ended = subprocess.run(
            [tmp_path / "pin_images.sh"], env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, capture_output=True, text=True
        )
    pinned = (tmp_path / "images.env").read_text()
    if not digest:
        assert ended.returncode == 1 and "no digest" in ended.stderr and pinned == before
        return
    assert ended.returncode == 0, ended.stderr
    assert pinned == re.sub(r"(_IMAGE=[^@\s]+)\S*", rf"\1@{digest}", before)
    assert "imagetools inspect postgres:17-bookworm --format" in (tmp_path / "asked").read_text()
    assert not (tmp_path / "images.env.new").exists()


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="there is no systemd-analyze")
def test_systemd_understands_the_unit_and_finds_it_little_exposed(tmp_path: Path) -> None:
    text = (DEPLOY / "mitmgate.service").read_text()
    there = tmp_path / "mitmgate.service"
    there.write_text(text.replace("/opt/mitmgate/.venv/bin/gatewayctl", "/bin/true"))
    verified = subprocess.run(["systemd-analyze", "verify", there], capture_output=True, text=True, timeout=60)
    assert verified.returncode == 0 and not verified.stderr, verified.stderr
    judged = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=20", there], capture_output=True, timeout=60
    )
    assert judged.returncode == 0, judged.stdout
