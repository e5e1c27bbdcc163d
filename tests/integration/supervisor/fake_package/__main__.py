"""The stand-in as a package, which is what is started in two steps."""

from tests.integration.supervisor.fake_child import main

if __name__ == "__main__":
    main()
