"""Ends a server once its gateway has gone, where the kernel has no death signal (everywhere but on Linux).

Started as a plain script with the server's pid and a signal's number; its standard input is a pipe whose other end only
the gateway holds, so that it reads end-of-file when the gateway ends, in whatever way.
"""

import contextlib
import os
import sys

if __name__ == "__main__":
    while os.read(0, 1):
        pass
    with contextlib.suppress(ProcessLookupError):
        os.kill(int(sys.argv[1]), int(sys.argv[2]))
