import re
from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mitmgate.core import paths
from mitmgate.core.paths import (
    Route,
    check_path,
    client_format,
    endpoint_of,
    is_json_path,
    model_in_path,
    required_scope,
    route,
    strip_api,
)

FIT = [
    "/",
    "/v1/chat/completions",
    "/api/v1/chat/completions",
    "/v1/chat/completions?a=1",
    "/v1/models/gpt-4.1",
    "/v1/models/...",
    "/v1/models/.x",
    "/v1/models/x..",
    "/v1/models/a:b@c,d;e=f!$&'()*+~_-",
    "/v1beta/models/gemini-2.0:generateContent?alt=sse",
    "/v1/models/a%20b",
    "/v1/models/%C3%A9%E2%82%AC",
    "/v1/models/100%25",
    "/v1/x?next=../../y//z&w=%2e%2e%2f%00",
    "/v1/x?a=%zz",
    "/v1/x/",
    "/v1/x?",
    "/v1/x??",
]
UNFIT = [
    "",
    "*",
    "v1/models",
    "http://127.0.0.1/v1/models",
    "?/v1",
    "//",
    "//evil.example/v1",
    "/v1//models",
    "/v1/models//",
    "/.",
    "/..",
    "/./v1",
    "/../v1",
    "/api/../admin/tenants",
    "/v1/..",
    "/v1/../admin?x",
    "/v1/.;x/y",
    "/v1/..;/admin",
    "/v1/%2e/x",
    "/v1/%2E%2E/x",
    "/v1/.%2e/x",
    "/v1/%2e.",
    "/v1/%252e%252e/x",
    "/v1/a%2fb",
    "/v1/a%2Fb",
    "/v1/a%252fb",
    "/v1/a%5cb",
    "/v1/a%255Cb",
    "/v1/a%00",
    "/v1/a%2500",
    "/v1/a%0d%0aX: y",
    "/v1/a%7f",
    "/v1/a%1F",
    "/v1/%c0%ae%c0%ae/x",
    "/v1/%c0%af",
    "/v1/ch%61t/completions",
    "/v1/%7euser",
    "/%76%31/models",
    "/v1/a%",
    "/v1/a%2",
    "/v1/a%zz",
    "/v1/a%u002e",
    "/v1\\models",
    "/v1/..\\admin",
    "/v1/a b",
    "/v1/a\tb",
    "/v1/a\r\nHost: x",
    "/v1/a\n",
    "/v1/a\x00",
    "/v1/a\x7f",
    "/v1/\xe9",
    "/v1/．．/x",
    "/v1/a#b",
    "/v1/a?b#c",
    "/v1/a?b c",
    "/v1/a?b\r\nc",
    "/v1/a?b\x00",
    "/v1/a?\xe9",
    "/v1/\ud800",
]


@pytest.mark.parametrize("path", FIT)
def test_fit(path):
    assert check_path(path) is None


@pytest.mark.parametrize("path", UNFIT)
def test_unfit(path):
    assert check_path(path)


TRICKY = st.text("/.%25eEfFcC0aA\\;?#v1x \n\x00", max_size=24)


@given(st.text() | TRICKY | TRICKY.map(lambda text: f"/{text}"))
def test_nothing_raises_and_what_is_fit_has_one_meaning(path):
    if check_path(path) is not None:
        return
    fit = path.partition("?")[0]
    for seen in (fit, unquote(fit), unquote(unquote(fit))):
        assert seen.startswith("/")
        assert "//" not in seen
        assert "\\" not in seen
        assert not {".", ".."} & {segment.partition(";")[0] for segment in seen.split("/")}
        assert seen.count("/") == fit.count("/")
    assert path.isprintable()


@given(st.text("abc019-_~:@!$'()*,= é€\"<>", min_size=1), st.text())
def test_what_a_proper_client_encodes_is_fit(segment, value):
    assert (
        check_path(f"/v1/models/{quote(segment, safe='')}?q={quote(value.encode('utf-8', 'replace'), safe='')}") is None
    )


@given(st.characters(codec="ascii"))
def test_every_escape_of_a_plain_character_is_unfit(character):
    plain = re.fullmatch(r"[A-Za-z0-9._~/\\\x00-\x1f\x7f-]", character) is not None
    assert (check_path(f"/v1/a%{ord(character):02x}b") is not None) == plain


ROUTES = {
    Route.CONTROL: ["/admin", "/admin/", "/admin/tenants", "/metrics", "/dashboard", "/dashboard/x"],
    Route.TOKEN: ["/auth/token"],
    Route.HEALTH: ["/health", "/health/live", "/health/ready"],
    Route.FEEDBACK: ["/v1/feedback", "/api/v1/feedback", "/v1/feedback/", "/v1/Feedback", "/v1/feedback;a=b"],
    Route.API: [
        "/v1/chat/completions",
        "/api/v1/chat/completions",
        "/api/chat",
        "/api/admin/tenants",
        "/api/auth/token",
        "/v1beta/models/x:generateContent",
        "/v2/chat",
        "/v10/x",
        "/openai/deployments/x/chat/completions",
    ],
    Route.UNKNOWN: [
        "/",
        "",
        "/nowhere",
        "/api",
        "/api/",
        "/apis/x",
        "/v1",
        "/v1/",
        "/version/x",
        "/vx/1",
        "/V1/models",
        "/API/v1/models",
        "/openai",
        "/openai/",
        "/openaix/y",
        "/auth",
        "/auth/token/",
        "/auth/tokens",
        "/Auth/Token",
        "/admins",
        "/administrator/x",
        "/Admin/tenants",
        "/metrics/x",
        "/health/",
        "/healthz",
        "/health/x",
        "/chat",
        "/embed",
        "/tags",
        "*",
    ],
}


@pytest.mark.parametrize(("path", "expected"), [(path, name) for name, all in ROUTES.items() for path in all])
def test_route(path, expected):
    assert route(path) is expected


@given(st.text())
def test_any_text_has_a_route(text):
    assert isinstance(route(text), Route)
    assert route("/" + text) is not Route.TOKEN or text == "auth/token"


@pytest.mark.parametrize(
    ("path", "format", "stripped"),
    [
        ("/api/v1/models?x=/api/", "openai", "/v1/models?x=/api/"),
        ("/api/chat", "openai", "/chat"),
        ("/api/chat", "ollama", "/api/chat"),
        ("/api/api/x", "openai", "/api/x"),
        ("/v1/api/x", "openai", "/v1/api/x"),
        ("/apis/x", "openai", "/apis/x"),
        ("/v1/models", "anthropic", "/v1/models"),
    ],
)
def test_strip_api(path, format, stripped):
    assert strip_api(path, format) == stripped


ENDPOINTS = [
    # path, endpoint, method, scope, JSON demanded, format
    ("/v1/chat/completions", "/v1/chat/completions", "POST", "chat", True, "openai"),
    ("/v1/chat/completions", "/v1/chat/completions", "GET", "any", True, "openai"),
    ("/V1/Chat/Completions/", "/v1/chat/completions", "POST", "chat", True, "openai"),
    ("/v1/chat;x=1/completions;y", "/v1/chat/completions", "POST", "chat", True, "openai"),
    ("/v1beta/openai/chat/completions", "/v1/chat/completions", "POST", "chat", True, "openai"),
    ("/openai/v1/chat/completions", "/v1/chat/completions", "POST", "chat", True, "openai"),
    ("/v1/chat/completions/abc", "/v1/chat/completions/{id}", "GET", "any", False, "openai"),
    ("/v1/completions", "/v1/completions", "POST", "chat", True, "openai"),
    ("/v1/responses", "/v1/responses", "POST", "chat", True, "openai"),
    ("/openai/responses", "/v1/responses", "POST", "chat", True, "openai"),
    ("/v1/responses/resp_1", "/v1/responses/{id}", "GET", "any", False, "openai"),
    ("/v1/responses/resp_1/cancel", "/v1/responses/{id}", "POST", "any", False, "openai"),
    ("/v1/embeddings", "/v1/embeddings", "POST", "embeddings", True, "openai"),
    ("/v1/models", "/v1/models", "GET", "models", False, "openai"),
    ("/v1/models", "/v1/models", "HEAD", "models", False, "openai"),
    ("/v1/models", "/v1/models", "POST", "any", False, "openai"),
    ("/v1/models/gpt-4o", "/v1/models/{model}", "GET", "models", False, "openai"),
    ("/v1/models/ft:x", "/v1/models/{model}", "DELETE", "any", False, "openai"),
    ("/v1/messages", "/v1/messages", "POST", "chat", True, "anthropic"),
    ("/v1/messages/", "/v1/messages", "POST", "chat", True, "anthropic"),
    ("/v1/messages/count_tokens", "/v1/messages/count_tokens", "POST", "chat", True, "anthropic"),
    ("/v1/messages/batches", "/v1/messages/batches", "POST", "any", True, "anthropic"),
    ("/v1/messages/batches/b1", "/v1/messages/batches/{id}", "GET", "any", False, "anthropic"),
    ("/v1/messages/other", "/v1/messages/{id}", "POST", "any", False, "anthropic"),
    ("/v1/complete", "/v1/complete", "POST", "chat", True, "anthropic"),
    ("/v1/threads/t1/messages", "other", "POST", "any", False, "openai"),
    ("/v1/feedback", "/v1/feedback", "POST", "feedback", True, "openai"),
    ("/v2/chat", "/v2/chat", "POST", "chat", True, "openai"),
    ("/v1beta/models/g-2:generateContent", "/models:generateContent", "POST", "chat", True, "openai"),
    ("/v1beta/models/g-2:streamGenerateContent", "/models:generateContent", "POST", "chat", True, "openai"),
    ("/v1/projects/p/models/g:generateContent", "/models:generateContent", "POST", "chat", True, "openai"),
    ("/v1beta/models/e:batchEmbedContents", "/models:embedContent", "POST", "embeddings", True, "openai"),
    ("/v1beta/models", "/v1beta/models", "GET", "models", False, "openai"),
    (
        "/openai/deployments/d1/chat/completions",
        "/openai/deployments/chat/completions",
        "POST",
        "chat",
        True,
        "openai",
    ),
    ("/v1/files/f1/content", "/v1/files/{id}", "GET", "any", False, "openai"),
    ("/v1/audio/transcriptions", "/v1/audio/transcriptions", "POST", "any", False, "openai"),
    ("/v1/something/new", "other", "POST", "any", False, "openai"),
    ("/v1/messages2", "other", "POST", "any", False, "openai"),
]


@pytest.mark.parametrize(("path", "endpoint", "method", "scope", "json", "format"), ENDPOINTS)
@pytest.mark.parametrize("prefix", ["", "/api"])
@pytest.mark.parametrize("query", ["", "?", "?beta=true&x=/v1/messages"])
def test_endpoints(prefix, query, path, endpoint, method, scope, json, format):
    asked = prefix + path + query
    assert endpoint_of(asked) == endpoint
    assert required_scope(endpoint, method) == scope
    assert is_json_path(asked) is json
    assert client_format(asked) == format


@pytest.mark.parametrize(
    "path",
    [
        "/v1/models/org%2Fname",
        "/v1/models/org%2fname",
        "/api/v1/models/accounts%2Ffireworks%2Fmodels%2Fx",
        "/v1/models/%40cf%2Fmeta%2Fllama",
        "/v1/models/gpt%2d4o",
        "/v1beta/models/org%2Fname:generateContent",
        "/v1/models/%E6%A8%A1%E5%9E%8B%2Fx?a=b%2F..",
    ],
)
def test_a_models_name_may_hold_escaped_slashes(path: str) -> None:
    assert check_path(path) is None
    named = model_in_path(path)
    assert named is not None and "%" not in named


@pytest.mark.parametrize(
    "path",
    [
        "/v1/models/a%2F..%2Fb",
        "/v1/models/a%2F..",
        "/v1/models/..%2Fb",
        "/v1/models/%2e%2e%2Fb",
        "/v1/models/a%2F%2e%2e%2Fb",
        "/v1/models/a%2F.",
        "/v1/models/a%2F..;x",
        "/v1/models/a%2F%2Fb",
        "/v1/models/%2Fb",
        "/v1/models/b%2F",
        "/v1/models/a%5Cb",
        "/v1/models/a%252Fb",
        "/v1/models/a%00b",
        "/v1/models/a/b%2Fc",
        "/v1/models%2Fa",
        "/v1/models/a%2Fb/c%2Fd",
        "/v1/files/a%2Fb",
        "/v1/files/models%2Fb",
        "/openai/deployments/a%2Fb/chat/completions",
        "/v1/engines/a%2Fb/completions",
    ],
)
def test_other_escaped_slashes_are_refused(path: str) -> None:
    assert check_path(path) is not None


@pytest.mark.parametrize(
    ("path", "headers", "format"),
    [
        ("/v1/agents", {"anthropic-version": "2023-06-01"}, "anthropic"),
        ("/v1/sessions/s1/events", {"anthropic-beta": "x", "authorization": "Bearer x"}, "anthropic"),
        ("/v1/skills", {"x-api-key": "x"}, "anthropic"),
        ("/v1/skills", {"x-api-key": "x", "authorization": "Bearer x"}, "openai"),
        ("/v1/skills", {}, "openai"),
        ("/v1/files/f1/content", {"anthropic-version": "x"}, "anthropic"),
        ("/api/v1/models", {"anthropic-version": "x"}, "anthropic"),
        ("/nowhere", {"anthropic-version": "x"}, "anthropic"),
        ("/v1/chat/completions", {"anthropic-version": "x", "x-api-key": "x"}, "openai"),
        ("/v1/messages", {"authorization": "Bearer x"}, "anthropic"),
    ],
)
def test_the_format_follows_from_path_and_headers(path: str, headers: dict[str, str], format: str) -> None:
    assert client_format(path, headers) == format


@pytest.mark.parametrize("path", ["/api/chat/completions", "/api/embeddings", "/api/chat", "/api/generate"])
def test_below_api_the_version_may_be_the_upstreams(path):
    assert is_json_path(path)
    assert required_scope(endpoint_of(path), "POST") != "any"


@given(st.text(max_size=600) | st.text("/v1apimodelsch:;?", max_size=600))
def test_endpoints_are_a_bounded_set(text):
    names = set(paths._ENDPOINTS) | {name for _, name in paths._FAMILIES} | {"other"}
    for path in (text, f"/v1/{text}", f"/api/v1/models/{text}", f"/v1/messages/{text}"):
        assert endpoint_of(path) in names
        assert client_format(path) in ("openai", "anthropic")
        model_in_path(path)


def test_every_endpoint_has_a_known_scope():
    methods = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "get", ""]
    scopes = {required_scope(name, method) for name in [*paths._RULES, "other", "x"] for method in methods}
    assert scopes == {"chat", "embeddings", "models", "feedback", "any"}


def test_no_method_is_let_off_because_it_is_empty():
    assert {required_scope(name, "") for name in paths._RULES} == {"any"}


def test_long_paths_are_judged_but_not_remembered():
    before = paths._remembered_variant.cache_info().currsize
    assert endpoint_of("/v1/models/" + "x" * 60_000) == "/v1/models/{model}"
    assert endpoint_of("/v1beta/models/" + "x" * 60_000 + ":generateContent") == "/models:generateContent"
    assert paths._remembered_variant.cache_info().currsize == before


@pytest.mark.parametrize(
    ("path", "model"),
    [
        ("/v1/chat/completions", None),
        ("/v1/models", None),
        ("/v1/models/", None),
        ("/v1/x?y=/models/z", None),
        ("/v1/models/gpt-4o", "gpt-4o"),
        ("/api/v1/models/gpt-4o/?x", "gpt-4o"),
        ("/v1/models/ft:gpt-4o:org::id", "ft:gpt-4o:org::id"),
        ("/v1beta/models/gemini-2.0:generateContent?alt=sse", "gemini-2.0"),
        ("/v1beta/models/gemini-2.0:streamGenerateContent", "gemini-2.0"),
        ("/v1/projects/p/models/gemini:countTokens", "gemini"),
        ("/openai/deployments/my%20model/chat/completions?api-version=1", "my model"),
        ("/v1/engines/davinci/completions", "davinci"),
        ("/v1beta/tunedModels/X:generateContent", "tunedModels/X"),
        ("/v1beta/tunedModels/X;y:generateContent/?z", "tunedModels/X;y"),
        ("/v1beta/dynamic/X:streamGenerateContent", "dynamic/X"),
        ("/v1/projects/p/locations/l/endpoints/7:predict", "endpoints/7"),
        ("/v1/accounts/a/ai/run/@cf/meta/llama", "@cf/meta/llama"),
        ("/api/model/vendor.model-v1/invoke", "vendor.model-v1"),
        ("/v1/threads/t/runs/r", None),
    ],
)
def test_the_model_that_a_path_names(path, model):
    assert model_in_path(path) == model
