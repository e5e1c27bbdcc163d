"""An addon for stock mitmdump: answers the one body that it knows from a dict, in the request hook.

The least a cache in front of an LLM could do: no credential, no limit, no store, no account of the request.
"""

import os

from mitmproxy import http

ANSWERS = {os.environb[b"BENCH_QUESTION"]: os.environb[b"BENCH_ANSWER"]}


class Dictionary:
    def request(self, flow: http.HTTPFlow) -> None:
        answer = ANSWERS.get(flow.request.raw_content or b"")
        if answer is not None:
            flow.response = http.Response.make(200, answer, {"Content-Type": "application/json"})


addons = [Dictionary()]
