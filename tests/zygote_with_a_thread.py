"""A zygote that cannot be one: something that it imports has started a thread. For tests of the sandbox."""

from __future__ import annotations

import sys
import threading

from pacific_parcels.zygote import serve

if __name__ == "__main__":
    threading.Thread(target=threading.Event().wait, daemon=True).start()
    serve(int(sys.argv[2]), int(sys.argv[3]), lambda _: None, lambda: None)
