"""`python -m gatewayctl`."""

from gatewayctl.main import cli

if __name__ == "__main__":
    cli(prog_name="gatewayctl")
