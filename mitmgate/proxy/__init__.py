"""What mitmproxy itself lacks. Whoever imports mitmproxy's master does so below this line."""

from mitmgate.proxy.bare_addons import bare_addons

bare_addons()
