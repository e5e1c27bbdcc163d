"""A worker imports mitmproxy without its tools, and nothing is missing."""

from __future__ import annotations

import json
import subprocess
import sys

PROGRAM = """
import json, sys
import addons.__main__, mitmproxy.addons
from mitmproxy.hooks import all_hooks
loaded, hooks = set(sys.modules), set(all_hooks)
unknown = [name for name in ("core", "unheard_of") if not hasattr(mitmproxy.addons, name)]
listed = [type(each).__name__ for each in mitmproxy.addons.default_addons()]
print(json.dumps([sorted(loaded), sorted(set(all_hooks) - hooks), unknown, listed]))
"""


def test_a_worker_imports_no_tools_and_the_list_is_there_when_it_is_wanted() -> None:
    command = [sys.executable, "-c", PROGRAM]
    ended = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    loaded, more_hooks, unknown, listed = json.loads(ended.stdout)
    assert "mitmproxy.addons.proxyserver" in loaded
    assert {"flask", "ldap3", "mitmproxy.flowfilter", "mitmproxy.addons.clientplayback"}.isdisjoint(loaded)
    assert more_hooks == []  # what the tools' modules would have declared
    assert unknown == ["unheard_of"]
    assert len(listed) > 25 and {"Core", "Proxyserver", "ClientPlayback"} <= set(listed)


def test_a_package_that_is_loaded_stays_as_it_is() -> None:
    program = (
        "import mitmproxy.addons as whole, mitmgate.proxy.master, sys\nprint(sys.modules[whole.__name__] is whole)"
    )
    command = [sys.executable, "-c", program]
    assert subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout == "True\n"
