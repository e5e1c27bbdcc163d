"""The mock LLM as its users meet it: a process of its own, asked by the vendors' own clients and by bare sockets."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import anthropic
import openai
import pytest

ROOT = Path(__file__).parents[2]
QUESTION: Any = [{"role": "user", "content": "What is 2+2?"}]
GREETING: Any = [{"role": "user", "content": "Grüß Gott, tell me about rivers"}]


@contextlib.contextmanager
def mock_llm(*arguments: str) -> Iterator[str]:
    """-> its URL"""
    command = [sys.executable, "-m", "gatewayctl", "mock-llm", "--port", "0", *arguments]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().split()[-1]
    finally:
        process.terminate()
        assert process.wait(20) == 0
        process.stdout.close()


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with mock_llm() as url:
        yield url


@pytest.fixture
def gpt(url: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{url}/v1", api_key="any", max_retries=0) as client:
        yield client


@pytest.fixture
def claude(url: str) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(base_url=url, api_key="any", max_retries=0) as client:
        yield client


def call(url: str, method: str, path: str, body: object = None, **headers: str) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=20)
    data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    try:
        connection.request(method, path, data, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def raw(url: str, data: bytes) -> bytes:
    """All that comes back on one connection until the mock closes it."""
    place = urlsplit(url)
    with socket.create_connection((place.hostname, place.port), 20) as connection:
        connection.sendall(data)
        received = b""
        while piece := connection.recv(65536):
            received += piece
        return received


# OpenAI


def test_openai_chat_answers_sums_and_counts_tokens(gpt: openai.OpenAI) -> None:
    answer = gpt.chat.completions.create(model="any-model", messages=QUESTION)
    assert "4" in (answer.choices[0].message.content or "")
    assert (answer.model, answer.choices[0].finish_reason) == ("any-model", "stop")
    assert answer.usage is not None
    assert answer.usage.prompt_tokens > 0 and answer.usage.completion_tokens > 0
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


def test_openai_same_request_same_text_other_request_other_text(gpt: openai.OpenAI) -> None:
    def text(model: str, *messages: Any) -> str | None:
        return gpt.chat.completions.create(model=model, messages=list(messages)).choices[0].message.content

    earlier: Any = {"role": "assistant", "content": "earlier"}
    assert text("m", *GREETING) == text("m", *GREETING)
    assert len({text("m", *GREETING), text("other", *GREETING), text("m", earlier, *GREETING)}) == 3


@pytest.mark.parametrize("messages", [QUESTION, GREETING])
@pytest.mark.parametrize("extra", [{}, {"max_tokens": 7}, {"stop": "made"}], ids=["whole", "cut", "stopped"])
def test_openai_stream_equals_plain(gpt: openai.OpenAI, messages: Any, extra: Any) -> None:
    plain = gpt.chat.completions.create(model="m", messages=messages, **extra)
    options = {"include_usage": True}
    chunks = list(
        gpt.chat.completions.create(model="m", messages=messages, stream=True, stream_options=options, **extra)
    )
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == plain.choices[0].message.content
    assert chunks[-2].choices[0].finish_reason == plain.choices[0].finish_reason
    assert chunks[-1].choices == [] and chunks[-1].usage == plain.usage
    assert all(chunk.usage is None for chunk in chunks[:-1])


def test_openai_token_limit_ends_in_length(gpt: openai.OpenAI) -> None:
    answer = gpt.chat.completions.create(model="m", messages=GREETING, max_completion_tokens=3)
    assert answer.choices[0].finish_reason == "length"
    assert answer.usage is not None and answer.usage.completion_tokens == 3


def test_openai_several_choices(gpt: openai.OpenAI) -> None:
    answer = gpt.chat.completions.create(model="m", messages=GREETING, n=3)
    assert [choice.index for choice in answer.choices] == [0, 1, 2]
    one = gpt.chat.completions.create(model="m", messages=GREETING)
    assert answer.choices[0].message.content == one.choices[0].message.content


def test_openai_stream_without_usage_ends_in_done_and_nothing_after(url: str) -> None:
    body = {"messages": QUESTION, "stream": True}
    status, headers, data = call(url, "POST", "/v1/chat/completions", body)
    assert (status, headers["content-type"]) == (200, "text/event-stream")
    assert data.endswith(b"\n\ndata: [DONE]\n\n") and b"usage" not in data


def test_openai_completions_plain_and_streamed(gpt: openai.OpenAI) -> None:
    plain = gpt.completions.create(model="m", prompt="What is 3 plus 4?")
    assert "7" in plain.choices[0].text
    chunks = gpt.completions.create(model="m", prompt="What is 3 plus 4?", stream=True)
    assert "".join(chunk.choices[0].text for chunk in chunks) == plain.choices[0].text


def test_openai_embeddings_are_unit_vectors_alike_in_both_encodings(gpt: openai.OpenAI) -> None:
    as_base64 = gpt.embeddings.create(model="e", input=["hi", "ho"])  # the client asks for base64 by itself
    as_float = gpt.embeddings.create(model="e", input=["hi", "ho"], encoding_format="float")
    assert [item.embedding for item in as_base64.data] == [item.embedding for item in as_float.data]
    assert sum(value * value for value in as_float.data[0].embedding) == pytest.approx(1, abs=1e-4)
    assert as_float.data[0].embedding != as_float.data[1].embedding
    assert as_float.usage.total_tokens == 2
    assert len(gpt.embeddings.create(model="e", input=[[1, 2], [3]], dimensions=8).data[1].embedding) == 8


def test_openai_models(gpt: openai.OpenAI) -> None:
    assert "mock-model" in [model.id for model in gpt.models.list()]
    assert gpt.models.retrieve("mock-model").object == "model"
    with pytest.raises(openai.NotFoundError) as problem:
        gpt.models.retrieve("gpt-none")
    assert problem.value.code == "model_not_found"


def test_model_may_be_missing(url: str) -> None:
    status, _, data = call(url, "POST", "/v1/chat/completions", {"messages": QUESTION})
    assert (status, json.loads(data)["model"]) == (200, "mock-model")


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("POST", "/v1/chat/completions", b"{", 400, None),
        ("POST", "/v1/chat/completions", b"[]", 400, None),
        ("POST", "/v1/chat/completions", {}, 400, "missing_required_parameter"),
        ("POST", "/v1/chat/completions", {"messages": []}, 400, "empty_array"),
        ("POST", "/v1/chat/completions", {"messages": ["x"]}, 400, "invalid_type"),
        ("POST", "/v1/chat/completions", {"messages": QUESTION, "max_tokens": "7"}, 400, "invalid_value"),
        ("POST", "/v1/embeddings", {"input": []}, 400, "invalid_type"),
        ("POST", "/v1/responses", {}, 404, "unknown_url"),
        ("GET", "/nowhere", None, 404, "unknown_url"),
        ("GET", "/v1/chat/completions", None, 405, "method_not_supported"),
    ],
)
def test_openai_errors(url: str, method: str, path: str, body: object, status: int, code: str | None) -> None:
    seen, headers, data = call(url, method, path, body)
    assert (seen, headers["content-type"]) == (status, "application/json")
    error = json.loads(data)["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert (error["type"], error["code"]) == ("invalid_request_error", code)


# Anthropic


def test_anthropic_message(claude: anthropic.Anthropic) -> None:
    message = claude.messages.create(model="c", max_tokens=99, system="Be brief", messages=QUESTION)
    assert "4" in message.content[0].text
    assert (message.stop_reason, message.model) == ("end_turn", "c")
    assert message.usage.input_tokens > 0 and message.usage.output_tokens > 0


@pytest.mark.parametrize("messages", [QUESTION, GREETING])
@pytest.mark.parametrize(
    "extra", [{}, {"max_tokens": 5}, {"stop_sequences": ["made"]}], ids=["whole", "cut", "stopped"]
)
def test_anthropic_stream_equals_plain(claude: anthropic.Anthropic, messages: Any, extra: Any) -> None:
    asked = {"model": "c", "max_tokens": 99, "messages": messages} | extra
    plain = claude.messages.create(**asked)
    with claude.messages.stream(**asked) as events:
        final = events.get_final_message()
    assert [block.text for block in final.content] == [block.text for block in plain.content]
    assert (final.stop_reason, final.stop_sequence) == (plain.stop_reason, plain.stop_sequence)
    assert final.usage.output_tokens == plain.usage.output_tokens
    assert final.usage.input_tokens == plain.usage.input_tokens


def test_anthropic_stream_has_all_events_in_order(url: str) -> None:
    body = {"max_tokens": 9, "messages": QUESTION, "stream": True}
    _, headers, data = call(url, "POST", "/v1/messages", body)
    names = [line[7:] for line in data.decode().splitlines() if line.startswith("event: ")]
    assert headers["content-type"] == "text/event-stream"
    assert names[:3] == ["message_start", "content_block_start", "ping"]
    assert set(names[3:-3]) == {"content_block_delta"}
    assert names[-3:] == ["content_block_stop", "message_delta", "message_stop"]


def test_anthropic_models_and_token_count(claude: anthropic.Anthropic) -> None:
    assert [model.type for model in claude.models.list()] == ["model", "model"]
    assert claude.messages.count_tokens(model="c", messages=QUESTION).input_tokens > 0


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "kind"),
    [
        ("POST", "/v1/messages", b"nonsense", 400, "invalid_request_error"),
        ("POST", "/v1/messages", {"messages": QUESTION}, 400, "invalid_request_error"),
        ("POST", "/v1/messages", {"max_tokens": 5}, 400, "invalid_request_error"),
        ("POST", "/v1/messages", {"max_tokens": 5, "messages": ["x"]}, 400, "invalid_request_error"),
        ("GET", "/v1/messages", None, 405, "invalid_request_error"),
        ("GET", "/v1/messages/nowhere", None, 404, "not_found_error"),
    ],
)
def test_anthropic_errors(url: str, method: str, path: str, body: object, status: int, kind: str) -> None:
    seen, headers, data = call(url, method, path, body)
    told = json.loads(data)
    assert (seen, told["type"], told["error"]["type"]) == (status, "error", kind)
    assert told["request_id"] == headers["request-id"]


# HTTP


def test_failures_on_demand_come_in_both_shapes() -> None:
    with mock_llm("--fail-rate", "1", "--seed", "1") as url:
        seen = {call(url, "POST", "/v1/chat/completions", {"messages": QUESTION})[0] for _ in range(20)}
        assert seen == {500, 503}
        client = anthropic.Anthropic(base_url=url, api_key="any", max_retries=0)
        with pytest.raises(anthropic.InternalServerError):
            client.messages.create(model="c", max_tokens=5, messages=QUESTION)


def test_a_seed_repeats_the_failures() -> None:
    runs = []
    for _ in range(2):
        with mock_llm("--fail-rate", "0.5", "--seed", "7") as url:
            runs.append([call(url, "POST", "/v1/chat/completions", {"messages": QUESTION})[0] for _ in range(20)])
    assert runs[0] == runs[1]
    assert 200 in runs[0] and set(runs[0]) != {200}


def test_delays_change_nothing_of_the_answer(gpt: openai.OpenAI) -> None:
    with mock_llm("--latency-ms", "5", "--chunk-ms", "1") as url:
        slow = openai.OpenAI(base_url=f"{url}/v1", api_key="any")
        chunks = slow.chat.completions.create(model="m", messages=QUESTION, stream=True)
        text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert text == gpt.chat.completions.create(model="m", messages=QUESTION).choices[0].message.content


def test_pipelined_requests_are_answered_in_order_and_the_last_closes(url: str) -> None:
    names = ["mock-model", "mock-embedding", "mock-model-mini"] * 20
    requests = [b"GET /v1/models/%b HTTP/1.1\r\nHost: h\r\n\r\n" % name.encode() for name in names]
    last = b"GET /v1/models HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
    bodies = [part for part in raw(url, b"".join(requests) + last).split(b"\r\n\r\n") if b'"object":"model"' in part]
    seen = [json.loads(body.split(b"HTTP/1.1")[0])["id"] for body in bodies[:-1]]
    assert seen == names


def test_http_1_0_gets_a_stream_without_chunks(url: str) -> None:
    body = json.dumps({"messages": QUESTION, "stream": True}).encode()
    head = b"POST /v1/chat/completions HTTP/1.0\r\nContent-Length: %d\r\n\r\n" % len(body)
    answer = raw(url, head + body)
    assert b"chunked" not in answer.lower() and answer.endswith(b"data: [DONE]\n\n")


def test_what_is_not_http_gets_400(url: str) -> None:
    assert raw(url, b"\x16\x03\x01 hello\r\n\r\n").startswith(b"HTTP/1.1 400 ")


def test_a_chunked_body_and_expect_are_understood(url: str) -> None:
    body = json.dumps({"messages": QUESTION}).encode()
    head = b"POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nConnection: close\r\n"
    answer = raw(url, head + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(body), body))
    assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")


def test_head_has_no_body(url: str) -> None:
    status, headers, data = call(url, "HEAD", "/v1/models")
    assert (status, data) == (200, b"") and int(headers["content-length"]) > 0


def test_a_port_that_is_taken_is_told_with_exit_3(url: str) -> None:
    command = [sys.executable, "-m", "gatewayctl", "mock-llm", "--port", str(urlsplit(url).port)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 3
    assert ended.stderr.startswith("Error: cannot listen on 127.0.0.1:") and len(ended.stderr.splitlines()) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's own signal is Linux's")
def test_it_dies_with_its_parent() -> None:
    starter = (
        "import subprocess, sys, time\n"
        "command = [sys.executable, '-m', 'gatewayctl', 'mock-llm', '--port', '0', '--die-with-parent']\n"
        "subprocess.Popen(command)\n"
        "time.sleep(600)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", starter], cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert parent.stdout is not None
    try:
        assert parent.stdout.readline().startswith("mock LLM listens")
        parent.kill()
        rest, _ = parent.communicate(timeout=60)  # the pipe ends only when the mock, which holds it too, has gone
        assert rest == ""
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(parent.pid, signal.SIGKILL)
