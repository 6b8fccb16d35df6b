"""What the command does under each fault, row by row: the fault is real, and so is the process.

Each row has the same cells: how often a peer is asked, whether a cached token above the hard window
is served (status 0, nothing on stderr), the class without such a token, and what must never happen.

- `test_network`: names, connections, TLS, and the memory and the time that they may cost
- `test_replies`: what a token endpoint answers; `test_redirects`: redirects, and proxies
- `test_vault`, `test_aws`: where the secret lives (a rotation: `tests/test_rotation.py`)
- `test_entries`: what lies in the cache; `test_clock`: what the clock does to it
- `test_disk`: full, over quota, read-only, without a home, out of descriptors
- `test_process`: signals, closed and broken descriptors
- a lock's holder dead or stopped: `tests/test_issue.py` and `tests/test_lock.py`
"""
