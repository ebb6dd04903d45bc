"""What one redemption costs Mesop: median microseconds of `_CookieTokenCache.pop`, in processor time.

    python pop.py [LIVE …]

LIVE is how many used nonces the process still remembers (default 0 1000 10000 100000). Each line of
the answer is such a count, a tab, and the median of fresh tokens redeemed one after the other.
"""

import os
import secrets
import statistics
import sys
import time

from mesop.runtime.context import PendingCookie
from mesop.server.server import _CookieTokenCache

WARM_UP = 50
REDEEMED = 400  # the count grows by these too, which is why 0 is a little more than 0

os.environ["MESOP_COOKIE_SECRET_KEY"] = secrets.token_urlsafe(32)


def median_pop(live):
    cache = _CookieTokenCache()
    cookie = PendingCookie(name="session", value="8f14e45fceea167a5a36dedd4bea2543", max_age=3600)
    tokens = [cache.put([cookie]) for _ in range(WARM_UP + REDEEMED)]
    # Used by others less than a minute ago: pop looks at each of them, and may forget none.
    until = time.monotonic() + 3600
    cache._used_nonces.update((secrets.token_urlsafe(16), until) for _ in range(live))
    costs = []
    for token in tokens:
        start = time.thread_time_ns()
        redeemed = cache.pop(token)
        costs.append(time.thread_time_ns() - start)
        assert redeemed == [cookie]
    assert len(cache._used_nonces) == live + len(tokens)
    return statistics.median(costs[WARM_UP:]) / 1000


for live in [int(count) for count in sys.argv[1:]] or [0, 1_000, 10_000, 100_000]:
    print(f"{live}\t{median_pop(live):.1f}", flush=True)
