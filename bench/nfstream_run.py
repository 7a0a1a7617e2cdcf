"""NFStream on one device until it is killed: ``nfstream_run.py DEVICE``, run by .venv-peers for ``capture_peers.py``.

What enters: the device. What leaves: nothing; its flows are thrown away as they come.
"""

from __future__ import annotations

import sys

from nfstream import NFStreamer

for _ in NFStreamer(source=sys.argv[1], idle_timeout=5, active_timeout=60, statistical_analysis=False):
    pass
