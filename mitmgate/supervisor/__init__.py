"""`gatewayctl serve`: starts, watches, drains and reloads the gateway's processes. Imports no mitmproxy."""
