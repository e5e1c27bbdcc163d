"""Settings: where they come from, who wins, what is refused and how it is said."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mitmgate.core.settings import (
    ConfigError,
    Runtime,
    Settings,
    config_file,
    kinds,
    load_effective,
    load_runtime,
    load_settings,
    runtime_document,
    runtime_secrets,
    secret_variables,
)
from mitmgate.core.settings.loading import default_data_dir
from mitmgate.core.settings.model import SECTIONS, keys_of

CONFIG = Path(__file__).parents[3] / "config.yaml"


def written(folder: Path, text: str) -> Path:
    path = folder / "config.yaml"
    path.write_text(text)
    return path


def refused(path: Path | None = None, environ: dict[str, str] | None = None, **flags: object) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        load_settings(path, environ or {}, flags)
    return caught.value


def test_defaults_are_those_of_the_contract() -> None:
    settings = load_settings(None, {}, {})
    assert settings.server.listen == "127.0.0.1:8080"
    assert settings.server.workers >= 1
    assert (settings.database.url, settings.redis.url) == ("embedded", "embedded")
    assert settings.limits.max_body_bytes == 32 * 1024 * 1024
    assert settings.limits.max_upload_bytes == 2 * 1024**3
    assert settings.upstream.allowed_hosts == ("*",)
    assert settings.demo is None


def test_flags_win_over_environment_over_file(tmp_path: Path) -> None:
    path = written(tmp_path, "server: {workers: 2, listen: '127.0.0.1:1'}\nusage: {retention_days: 1}\n")
    environ = {"MITMGATE_SERVER__WORKERS": "3", "MITMGATE_USAGE__RETENTION_DAYS": "7"}
    settings = load_settings(path, environ, {"server.workers": 4, "port": 99})
    assert settings.server.workers == 4
    assert settings.server.listen == "127.0.0.1:99"
    assert settings.usage.retention_days == 7
    assert settings.config_path == path


def test_environment_holds_lists_and_maps_as_json_and_text_as_it_is() -> None:
    environ = {
        "MITMGATE_UPSTREAM__ALLOWED_HOSTS": '["*.openai.com", "api.anthropic.com"]',
        "MITMGATE_UPSTREAM__RESOLVE": '{"API.example:443": "127.0.0.1:9443"}',
        "MITMGATE_LIMITS__MAX_BODY_BYTES": "1.5MiB",
        "MITMGATE_AUTH__PEPPER": "12345678901234567890",
        "MITMGATE_CACHE__MODE": "off",
        "MITMGATE_UPSTREAM__CA_FILE": "",
    }
    settings = load_settings(None, environ, {})
    assert settings.upstream.allowed_hosts == ("*.openai.com", "api.anthropic.com")
    assert settings.upstream.resolve == {"api.example:443": "127.0.0.1:9443"}
    assert settings.limits.max_body_bytes == 1_572_864
    assert settings.auth.pepper == "12345678901234567890"
    assert settings.cache.mode == "off"
    assert settings.upstream.ca_file is None


def test_mistakes_are_told_all_at_once_with_line_and_suggestion(tmp_path: Path) -> None:
    path = written(tmp_path, "server:\n  wokers: 2\nlimts: {}\ncache:\n  ttl_s: soon\nupstream: []\n")
    error = refused(path, {"MITMGATE_DATABASE_URL": "x", "MITMGATE_CACHE__TTL": "1"})
    said = str(error)
    assert f"{path}:2: server.wokers: is not a setting (did you mean server.workers?)" in said
    assert f"{path}:3: limts: is not a section (did you mean limits?)" in said
    assert f"{path}:5: cache.ttl_s: must be an integer, not text, got 'soon'" in said
    assert f"{path}:6: upstream: must be a map of keys, not a list" in said
    assert "MITMGATE_DATABASE_URL: is not a setting (did you mean MITMGATE_DATABASE__URL?)" in said
    assert "MITMGATE_CACHE__TTL: is not a setting (did you mean MITMGATE_CACHE__TTL_S?)" in said
    assert len(error.problems) == 6


@pytest.mark.parametrize(
    ("section", "line"),
    [
        ("server", "listen: 8080"),
        ("server", "listen: host:99999"),
        ("server", "workers: true"),
        ("server", "workers: 0"),
        ("server", "tls_cert: /nowhere.pem"),
        ("database", "url: mysql://x"),
        ("auth", "secrets: [short]"),
        ("auth", f"secrets: ['a:{'x' * 32}', 'a:{'y' * 32}']"),
        ("auth", f"secrets: ['{'x' * 32}', '{'x' * 32}']"),
        ("auth", "pepper: short"),
        ("limits", "on_store_failure: maybe"),
        ("limits", "max_body_bytes: 32 potatoes"),
        ("limits", "max_body_bytes: -1"),
        ("cache", "mode: fuzzy"),
        ("cache", "partition_by: tenant"),
        ("cache", "partition_by: 'header:'"),
        ("cache", "partition_by: 'header:X User'"),
        ("cache", "partition_by: header:Authorization"),
        ("upstream", "connect_s: .nan"),
        ("upstream", "connect_s: 0"),
        ("upstream", "retry_budget: 1.5"),
        ("upstream", "allowed_hosts: api.openai.com"),
        ("upstream", "allowed_hosts: ['https://api.openai.com']"),
        ("upstream", "resolve: {'api.example': 127.0.0.1}"),
        ("upstream", "resolve: {'api.example:443': other.example}"),
    ],
)
def test_refuses_a_wrong_value(tmp_path: Path, section: str, line: str) -> None:
    path = written(tmp_path, f"{section}:\n  {line}\n")
    assert f"{path}:2: {section}." in str(refused(path))


@pytest.mark.parametrize("text", ["- 1", "a: b: c", "server:\n  workers: 1\n  workers: 2\n", "\x00"])
def test_refuses_what_is_no_map_of_sections(tmp_path: Path, text: str) -> None:
    assert "config.yaml" in str(refused(written(tmp_path, text)))


def test_refuses_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert "no such file" in str(refused(tmp_path / "none.yaml"))


def test_a_message_never_holds_a_secret(tmp_path: Path) -> None:
    path = written(tmp_path, "auth:\n  pepper: hunter2\n  secrets: [hunter2]\ndatabase:\n  url: pg://u:hunter2@h/d\n")
    assert "hunter2" not in str(refused(path))
    environ = {"MITMGATE_AUTH__PEPPER": "hunter2-hunter2-hunter2"}
    assert "hunter2" not in repr(load_settings(None, environ, {}))


def test_tls_needs_both_files(tmp_path: Path) -> None:
    cert = tmp_path / "cert.pem"
    cert.touch()
    assert "go together" in str(refused(None, {"MITMGATE_SERVER__TLS_CERT": str(cert)}))


def test_relative_paths_start_where_the_caller_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ca.pem").touch()
    settings = load_settings(None, {"MITMGATE_UPSTREAM__CA_FILE": "ca.pem"}, {"data_dir": "state"})
    assert settings.upstream.ca_file == tmp_path / "ca.pem"
    assert settings.data_dir == tmp_path / "state"


def test_the_data_directory_of_a_user_follows_xdg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert default_data_dir({"XDG_STATE_HOME": "/state"}) == Path("/state/mitmgate")
    assert default_data_dir({"XDG_STATE_HOME": "relative"}) == tmp_path / ".local/state/mitmgate"
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert default_data_dir({}) == Path("/var/lib/mitmgate")


def test_demo_comes_from_flag_or_environment() -> None:
    assert load_settings(None, {"MITMGATE_DEMO": "off"}, {}).demo is False
    assert load_settings(None, {"MITMGATE_DEMO": "off"}, {"demo": True}).demo is True
    assert "MITMGATE_DEMO" in str(refused(None, {"MITMGATE_DEMO": "perhaps"}))


def test_the_shipped_file_changes_nothing() -> None:
    settings, bare = load_settings(CONFIG, {}, {}), load_settings(None, {}, {})
    assert [getattr(settings, name) for name in SECTIONS] == [getattr(bare, name) for name in SECTIONS]


def test_the_shipped_file_shows_every_key_with_its_default(tmp_path: Path) -> None:
    shown = re.sub(r"(?m)^  #(\w+:)", r"  \1", CONFIG.read_text())
    settings = load_settings(written(tmp_path, shown), {}, {"server.workers": 2})
    bare = load_settings(None, {}, {"server.workers": 2})
    assert [getattr(settings, name) for name in SECTIONS] == [getattr(bare, name) for name in SECTIONS]
    for section, model in SECTIONS.items():
        block = re.search(rf"(?ms)^{section}:\n(.*?)(?=^\w|\Z)", shown)
        assert block is not None
        assert sorted(re.findall(r"(?m)^  (\w+):", block[1])) == sorted(keys_of(model))


def test_survives_json() -> None:
    environ = {
        "MITMGATE_AUTH__SECRETS": json.dumps(["k1:" + "s" * 32, "t" * 40]),
        "MITMGATE_UPSTREAM__RESOLVE": '{"a.example:443": "::1"}',
    }
    settings = load_settings(CONFIG, environ, {"data_dir": "/d", "demo": True, "host": "::1"})
    assert settings.server.listen == "[::1]:8080"
    assert Settings.from_values(json.loads(settings.to_json())) == settings


def test_a_child_reads_what_the_supervisor_wrote(tmp_path: Path) -> None:
    settings = load_settings(None, {}, {"data_dir": str(tmp_path)})
    runtime = Runtime(
        tmp_path, "dsn", "unix:///v.sock", True, "http://127.0.0.1:9000", 2, "::1", 8080, 8081, "0.1.0", "/m.sock"
    )
    path = tmp_path / "settings.json"
    path.write_bytes(runtime_document(settings, runtime))
    assert load_runtime(path) == (settings, runtime)


@pytest.mark.parametrize("user", ["ada:{}@", ":{}@", "{}@"])
def test_what_children_read_names_no_secret_which_they_are_handed(tmp_path: Path, user: str) -> None:
    secret = "s3cr3t-" + "x" * 32
    environ = {
        "MITMGATE_DATABASE__URL": f"postgresql://ada:{secret}@db.example/gate?sslmode=require",
        "MITMGATE_REDIS__URL": f"redis://{user.format(secret)}cache.example:6379/1",
        "MITMGATE_AUTH__SECRETS": f'["{secret}"]',
        "MITMGATE_AUTH__PEPPER": secret,
        "MITMGATE_AUTH__OLD_PEPPERS": f'["{secret}"]',
    }
    assert secret_variables() == set(environ)
    settings = load_settings(None, environ, {"data_dir": str(tmp_path)})
    dsn, redis_url = settings.database.url, settings.redis.url
    runtime = Runtime(tmp_path, dsn, redis_url, False, None, 2, "::1", 8080, 8081, "0.1.0", "/m.sock")
    path = tmp_path / "settings.json"
    handed = os.memfd_create("handed")
    try:
        path.write_bytes(runtime_document(settings, runtime, handed))
        os.write(handed, runtime_secrets(settings, runtime) + b"   ")
        assert secret not in path.read_text()
        assert load_runtime(path) == (settings, runtime)
        assert not os.get_inheritable(handed)
        shown, of_run = load_runtime(path, with_secrets=False)
        assert of_run.database_dsn == shown.database.url == "postgresql://ada:***@db.example/gate?sslmode=require"
        assert shown.auth.secrets == () and shown.auth.pepper is None
    finally:
        os.close(handed)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
every_key = [(section, key) for section, model in SECTIONS.items() for key in keys_of(model)]


@given(st.sampled_from(every_key), json_values)
def test_any_value_is_taken_or_refused_and_what_is_taken_survives_json(name: tuple[str, str], value: object) -> None:
    section, key = name
    try:
        settings = load_settings(None, {}, {f"{section}.{key}": value})
    except ConfigError as error:
        assert f"{section}.{key}" in str(error)
    else:
        assert Settings.from_values(json.loads(settings.to_json())) == settings


@given(st.dictionaries(st.sampled_from([f"MITMGATE_{s}__{k}".upper() for s, k in every_key]), st.text(), max_size=4))
@example({"MITMGATE_UPSTREAM__CA_FILE": "~0"})
def test_any_environment_is_taken_or_refused(environ: dict[str, str]) -> None:
    try:
        load_settings(None, environ, {})
    except ConfigError as error:
        assert error.problems


def test_trusted_proxies_are_addresses_and_networks() -> None:
    kind = kinds.networks()
    assert kind.parse(["10.0.0.7", "fd00::/8"]) == ("10.0.0.7/32", "fd00::/8")
    for wrong in ("10.0.0.0/8", ["10.0.0.1/8"], ["proxy.example"], [7], [""]):
        with pytest.raises(ValueError, match="must be"):
            kind.parse(wrong)


def test_everything_wrong_is_told_at_once_whatever_its_source(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "servr: {workers: 2}\nserver:\n  listn: x\n  tls_cert: /none/cert.pem\ncache: {mode: sematic}\nlimits: 3\n",
    )
    environ = {"MITMGATE_CACHE__TTL": "5", "MITMGATE_USAGE__RETENTION_DAYS": "soon", "MITMGATE_DEMO": "maybe"}
    error = refused(path, environ, host="no host", port=1)
    told = {(problem.line, problem.key): problem.suggestion for problem in error.problems}
    assert told[1, "servr"] == "server"
    assert told[3, "server.listn"] == "server.listen"
    assert {(5, "cache.mode"), (6, "limits"), (4, "server.tls_cert"), (None, "usage.retention_days")} <= set(told)
    assert told[None, "MITMGATE_CACHE__TTL"] == "MITMGATE_CACHE__TTL_S"
    assert any(problem.where == "--host and --port" for problem in error.problems)
    assert any(problem.key == "MITMGATE_DEMO" for problem in error.problems)


def test_a_file_that_is_no_yaml_does_not_hide_the_environment(tmp_path: Path) -> None:
    error = refused(written(tmp_path, "server: [\n"), {"MITMGATE_CACHE__MODES": "off"})
    assert [problem.key for problem in error.problems] == ["", "MITMGATE_CACHE__MODES"]


@pytest.mark.parametrize(
    "text",
    [
        "auth:\n  pepper: hunter2hunter2hunter2\n  pepper: hunter2hunter2hunter2x\n",
        "auth:\n  pepper: *hunter2hunter2hunter2\n",
        "auth:\n  secrets: ['hunter2']\n",
        "database:\n  url: mysql://u:hunter2@host/x\n",
        "redis: hunter2\n",
    ],
)
def test_no_message_quotes_what_may_be_a_secret(tmp_path: Path, text: str) -> None:
    error = refused(written(tmp_path, text))
    assert error.problems[0].line is not None
    assert "hunter2" not in str(error)


def test_merged_keys_have_their_sections_line(tmp_path: Path) -> None:
    path = written(tmp_path, "server: &here\n  workers: 2\nusage:\n  <<: *here\n")
    assert [(problem.line, problem.key) for problem in refused(path).problems] == [(3, "usage.workers")]


def test_where_each_setting_comes_from(tmp_path: Path) -> None:
    path = written(tmp_path, "server:\n  listen: '127.0.0.1:1'\n  workers: 2\nusage: {retention_days: 1}\n")
    environ = {"MITMGATE_USAGE__RETENTION_DAYS": "7", "MITMGATE_DATA_DIR": "/x", "MITMGATE_DEMO": "no"}
    found = load_effective(path, environ, {"port": 9, "server.workers": 4})
    assert found.origins == {
        "server.listen": f"--port over {path}:2",
        "server.workers": "--workers",
        "usage.retention_days": "MITMGATE_USAGE__RETENTION_DAYS",
        "data_dir": "MITMGATE_DATA_DIR",
        "demo": "MITMGATE_DEMO",
    }
    assert found.settings == load_settings(path, environ, {"port": 9, "server.workers": 4})


def test_a_file_that_is_named_counts_else_the_one_of_this_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert config_file(None) is None and config_file(Path("mine.yaml")) == Path("mine.yaml")
    (tmp_path / "config.yaml").touch()
    assert config_file(None) == Path("config.yaml") and config_file(Path("mine.yaml")) == Path("mine.yaml")
