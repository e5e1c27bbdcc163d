"""`gatewayctl cache evaluate` and `simulate`, with a verifier that the test sets and no gateway."""

from __future__ import annotations

import gzip
import json
import xml.etree.ElementTree
from pathlib import Path
from typing import Any

import pytest

from gatewayctl import offline
from mitmgate.matcher.offline import OfflineJudge
from tests.unit.matcher.fakes import FIGURES, FakeClassifier, FakeModel, FakeVerifier

A, B, HAMLET = "What makes bread rise?", "What is it that makes bread rise?", "Who wrote Hamlet?"
PAIRS = [
    {"a": A, "b": B, "same": 1, "kind": "longer"},
    {"a": "What is 2+2?", "b": "What is 2+3?", "same": 0, "kind": "number"},
    {"a": A, "b": HAMLET, "same": 0},
    {"a": "What is my balance?", "b": "What is my balance now?", "same": 1, "kind": "kept out"},
]
STREAM = [{"q": A, "cls": "a"}, {"q": B, "cls": "b"}, {"q": HAMLET, "cls": 3, "neg": []}, {"q": A, "cls": "a"}]


@pytest.fixture
def verifier(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeVerifier:
    fake = FakeVerifier(3.0)
    model: Any = FakeModel()
    any_verifier: Any = fake
    anything: Any = FakeClassifier()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(offline, "load_judge", lambda _: OfflineJudge(model, any_verifier, FIGURES, anything))
    return fake


def written(path: Path, rows: list[Any]) -> str:
    text = "".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return str(path)


def test_evaluate_says_precision_recall_and_kinds(run: Any, admin: Any, verifier: Any, tmp_path: Path) -> None:
    name = written(tmp_path / "pairs.jsonl.gz", PAIRS)
    output = run("cache", "evaluate", name).stdout
    for part in (
        "4, 2 of them the same",
        "100.0 % of 1 served",
        "50.0 % of the same",
        "0.00 %",
        "<- the bar",
        "longer",
    ):
        assert part in output, part
    told = json.loads(run("cache", "evaluate", name, "--json").stdout)
    assert (told["served"], told["precision"], told["recall"], told["kept_out"]) == (1, 1.0, 0.5, 1)
    assert (told["bar"], told["max_wrong"], told["threshold"], told["interrupted"]) == (0.6, 0.005, 0.0, False)
    assert not admin.asked


def test_evaluate_takes_other_bars_and_a_tenants(run: Any, admin: Any, verifier: Any, tmp_path: Path) -> None:
    name = written(tmp_path / "pairs.jsonl", PAIRS)
    strict = json.loads(run("cache", "evaluate", name, "--max-wrong", "0.001", "--json").stdout)
    assert strict["bar"] == 0.9 and strict["served"] == 1
    high = json.loads(run("cache", "evaluate", name, "--threshold", "0.95", "--json").stdout)
    assert high["threshold"] == 0.95 and high["served"] == 0
    admin.tenants[0]["cache"] |= {"max_wrong": 0.05, "threshold": 0.2}
    own = json.loads(run("cache", "evaluate", name, "--tenant", "acme", "--json").stdout)
    assert (own["max_wrong"], own["threshold"], own["bar"]) == (0.05, 0.2, 0.5)
    never = run("cache", "evaluate", name, "--max-wrong", "0")
    assert "none is strict enough" in never.stdout


def test_evaluate_draws(run: Any, verifier: Any, tmp_path: Path) -> None:
    rows = [*PAIRS, {"a": A, "b": B, "same": 1, "kind": "<b>&"}]
    assert run("cache", "evaluate", written(tmp_path / "p", rows), "--plot", "p.svg").exit_code == 0
    drawn = (tmp_path / "p.svg").read_text()
    xml.etree.ElementTree.fromstring(drawn)
    assert "precision" in drawn and "&lt;b&gt;&amp;" in drawn
    ended = run("cache", "evaluate", str(tmp_path / "p"), "--plot", "none/p.svg")
    assert ended.exit_code == 1 and "none/p.svg cannot be written" in ended.stderr and "precision" in ended.stdout


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("no JSON", "is no pair"),
        ("[1]", "is no pair"),
        ('{"a": "x", "same": 1}', 'has no text "b"'),
        ('{"a": "x", "b": "y", "same": 2}', 'needs "same"'),
        ('{"a": "x", "b": "y", "same": "1"}', 'needs "same"'),
        ('{"a": "x", "b": "y", "same": 1, "kind": 3}', "kind"),
        ("[" * 5000, "is no pair"),
        ('"' + "x" * (1 << 20), "longer than"),
    ],
)
def test_a_bad_line_is_named_before_any_work(run: Any, verifier: Any, tmp_path: Path, line: str, why: str) -> None:
    ended = run("cache", "evaluate", written(tmp_path / "pairs.jsonl", [PAIRS[0], "", line]))
    assert ended.exit_code == 2 and "pairs.jsonl, line 3" in ended.stderr and why in ended.stderr
    assert verifier.asked == 0


def test_files_that_cannot_be_read(run: Any, verifier: Any, tmp_path: Path) -> None:
    for command in ("evaluate", "simulate"):
        assert run("cache", command, str(tmp_path / "none")).exit_code == 2
        (tmp_path / "latin").write_bytes(b'{"a": "\xe4"}\n')
        assert "line 1 is not UTF-8" in run("cache", command, str(tmp_path / "latin")).stderr
        (tmp_path / "cut.gz").write_bytes(gzip.compress(b"x" * 1000)[:-9])
        ended = run("cache", command, str(tmp_path / "cut.gz"))
        assert ended.exit_code == 2 and "gzip" in ended.stderr


def test_simulate_counts_hits(run: Any, admin: Any, verifier: Any, tmp_path: Path) -> None:
    name = written(tmp_path / "stream.jsonl", STREAM)
    output = run("cache", "simulate", name).stdout
    for part in (
        "2 (1 exact, 1 in other words)",
        "50.00 % of right and wrong",
        "100.0 % of the possible",
        "<- the bar",
    ):
        assert part in output, part
    assert B not in output
    told = json.loads(run("cache", "simulate", name, "--json", "--show", "5").stdout)
    assert (told["right"], told["wrong"], told["unknown"], told["possible"]) == (1, 1, 0, 1)
    (example,) = told["examples"]
    assert (example["hit"], example["q"], example["stored"], example["stored_cls"]) == ("wrong", B, A, "a")
    assert B in run("cache", "simulate", name, "--show", "5").stdout
    assert not admin.asked


def test_simulate_reads_plain_text(run: Any, verifier: Any, tmp_path: Path) -> None:
    told = json.loads(run("cache", "simulate", written(tmp_path / "s.txt", [A, "", B, HAMLET]), "--json").stdout)
    assert (told["questions"], told["hits"], told["unknown"], told["wrong_share"]) == (3, 1, 1, None)


@pytest.mark.parametrize("line", ["{", '{"q": 1}', '{"q": "x", "cls": [1]}', '{"q": "x", "neg": "a"}', '{"cls": "a"}'])
def test_a_bad_question_is_named(run: Any, verifier: Any, tmp_path: Path, line: str) -> None:
    ended = run("cache", "simulate", written(tmp_path / "s.jsonl", [A, line]))
    assert ended.exit_code == 2 and "s.jsonl, line 2" in ended.stderr


@pytest.mark.parametrize("command", ["evaluate", "simulate"])
def test_ctrl_c_shows_what_is_known(
    run: Any, verifier: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    many: list[Any] = [{"a": A, "b": f"{B} {n}x", "same": 1, "q": f"{B} {n}x"} for n in range(300)]
    name = written(tmp_path / "many.jsonl", many)
    calls = 0
    made = OfflineJudge.vectors

    def interrupted(self: OfflineJudge, texts: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise KeyboardInterrupt
        return made(self, texts)

    monkeypatch.setattr(OfflineJudge, "vectors", interrupted)
    ended = run("cache", command, name, "--json")
    told = json.loads(ended.stdout)
    assert ended.exit_code == 130 and told["interrupted"]
    assert 0 < told["pairs" if command == "evaluate" else "questions"] < 300


def test_without_weights_it_says_so(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from mitmgate.services.minilm import ModelUnusable

    def none(*_: Any, **__: Any) -> Any:
        raise ModelUnusable("no such file")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(OfflineJudge, "load", none)
    ended = run("cache", "simulate", written(tmp_path / "s.txt", [A]))
    assert ended.exit_code == 3 and "no such file" in ended.stderr
