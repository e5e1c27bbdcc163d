"""The model gives the vectors it is known for, alone or in a batch, and only from files that are the published ones."""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from mitmgate.services import minilm
from mitmgate.services.embedder import (
    MAX_TOKENS,
    WIDTH,
    KeptStates,
    ModelUnusable,
    OnnxEmbedder,
    SentenceTransformerEmbedder,
    load_embedder,
)

ROOT = Path(__file__).parents[3]
TEXTS = [
    "What is 2+2?",
    "what's 2 plus 2?",
    "What is 2+3?",
    "",
    "Wie setze ich mein Passwort zurück? 重置密码 🙂",
    "word " * 400,
    "Is it far?",
]


@pytest.fixture(scope="module")
def embedder(model_data_dir: Path) -> OnnxEmbedder:
    return OnnxEmbedder.load(model_data_dir)


def test_the_figures_of_the_quick_test(embedder: OnnxEmbedder) -> None:
    stored, same, other = embedder.embed(TEXTS[:3])
    assert float(stored @ same) == pytest.approx(0.923, abs=0.001)
    assert float(stored @ other) == pytest.approx(0.887, abs=0.001)


def test_vectors_are_of_unit_length_and_the_same_alone(embedder: OnnxEmbedder) -> None:
    together = embedder.embed(TEXTS)
    assert together.shape == (len(TEXTS), WIDTH) and together.dtype == np.float32
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    alone = np.concatenate([embedder.embed([text]) for text in TEXTS])
    assert np.abs(together - alone).max() < 1e-5
    assert embedder.embed([]).shape == (0, WIDTH)


def test_tokens_are_counted_beyond_what_the_model_sees(embedder: OnnxEmbedder) -> None:
    assert embedder.count_tokens("word") == 3
    assert embedder.count_tokens("word " * (MAX_TOKENS - 2)) == MAX_TOKENS
    assert embedder.count_tokens("word " * 400) == 402
    assert embedder.count_tokens("half a pair: \ud83d") > 3


def test_agrees_with_sentence_transformers(embedder: OnnxEmbedder) -> None:
    if find_spec("sentence_transformers") is None:
        pytest.skip("the extra [st] is not installed")
    other = load_embedder("sentence-transformers", Path("unused"))
    assert np.abs(other.embed(TEXTS) - embedder.embed(TEXTS)).max() < 1e-5
    assert [other.count_tokens(text) for text in TEXTS] == [embedder.count_tokens(text) for text in TEXTS]


def test_says_what_is_missing(tmp_path: Path) -> None:
    if find_spec("sentence_transformers") is None:
        with pytest.raises(ModelUnusable, match=r"\[st\]"):
            SentenceTransformerEmbedder.load(tmp_path)
    with pytest.raises(ModelUnusable, match=r"tokenizer\.json cannot be read"):
        OnnxEmbedder.load(tmp_path, tmp_path / "nowhere")


def test_files_that_are_not_the_published_ones_are_refused(tmp_path: Path) -> None:
    model = tmp_path / "model"
    shutil.copytree(minilm.model_folder(), model)
    assert OnnxEmbedder.load(tmp_path, model).embed(["x"]).shape == (1, WIDTH)
    with (model / "tokenizer.json").open("ab") as file:
        file.write(b" ")
    with pytest.raises(ModelUnusable, match="not the file published"):
        OnnxEmbedder.load(tmp_path, model)
    with (model / minilm.WEIGHTS).open("r+b") as file:
        file.seek(50_000_000)
        file.write(b"\x01")
    (tmp_path / "models").rename(tmp_path / "gone")
    with pytest.raises(ModelUnusable, match="not the file published"):
        minilm.made_files(model, tmp_path)


def test_a_damaged_half_is_built_anew_and_leaves_nothing_behind(model_data_dir: Path, tmp_path: Path) -> None:
    shutil.copytree(model_data_dir, tmp_path, dirs_exist_ok=True)
    graphs = minilm.made_files(minilm.model_folder(), tmp_path)
    for half in graphs:
        with graphs[half].open("r+b") as file:
            file.truncate(1_000_000)
        assert minilm.made_files(minilm.model_folder(), tmp_path) == graphs
        assert {name: minilm.sha256_of(path) for name, path in graphs.items()} == minilm.MADE_SHA256
    assert {each.name for each in graphs["lower"].parent.iterdir()} == {each.name for each in graphs.values()}


def test_onnxruntime_keeps_to_itself(model_data_dir: Path, tmp_path: Path) -> None:
    """Imported plainly it leaves a device id in the home folder, and begins to upload."""
    code = (
        "import sys; from pathlib import Path; from mitmgate.services.embedder import OnnxEmbedder;"
        "from gatewayctl.doctor import machine; machine.model();"
        "OnnxEmbedder.load(Path(sys.argv[1])).embed(['What is 2+2?'])"
    )
    env = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    subprocess.run([sys.executable, "-c", code, str(model_data_dir)], env=env, cwd=ROOT, check=True, timeout=120)
    assert not list(tmp_path.iterdir())


def test_states_are_those_of_the_lower_half_and_remembered(model_data_dir: Path) -> None:
    embedder = OnnxEmbedder.load(model_data_dir)
    alone = embedder.states("How tall is the tower of Pisa?")
    assert alone.dtype == np.float32 and alone.shape == (embedder.count_tokens("How tall is the tower of Pisa?"), WIDTH)
    embedder.forget()
    embedder.embed(["What is 2+2?", "How tall is the tower of Pisa?"])  # the states come with the vector
    assert np.array_equal(embedder.states("How tall is the tower of Pisa?"), alone)


def test_states_alone_run_no_layer_of_the_upper_half(embedder: OnnxEmbedder) -> None:
    class Unused:
        def run(self, *_: object) -> object:
            raise AssertionError("the upper half ran")

    lower_only = OnnxEmbedder(embedder._words, embedder._lower, Unused(), embedder._tokenizer)
    assert lower_only.states("Is it far?").shape == (embedder.count_tokens("Is it far?"), WIDTH)


def test_what_is_aside_has_the_same_model_and_a_memory_of_its_own(model_data_dir: Path) -> None:
    embedder = OnnxEmbedder.load(model_data_dir)
    aside = embedder.aside()
    embedder.embed(["What is 2+2?"])
    assert np.array_equal(aside.embed(["Is it far?"]), embedder.embed(["Is it far?"]))
    assert aside._kept.get("What is 2+2?") is None and embedder._kept.get("What is 2+2?") is not None
    embedder.forget()
    assert aside._kept.get("Is it far?") is not None


def test_remembered_states_are_bounded_the_least_used_go_first() -> None:
    each = np.ones((10, WIDTH), np.float32)
    kept = KeptStates(largest_bytes=3 * 10 * WIDTH * 2)
    for text in "abc":
        kept.put(text, each)
    kept.get("a")
    kept.put("d", each)
    kept.put("d", each)
    assert [kept.get(text) is not None for text in "abcd"] == [True, False, True, True]
