"""What happened, one JSON object a line, on standard error."""

import json
import sys
import time


def log(event: str, **values):
    print(json.dumps({"ms": round(time.monotonic() * 1000), "event": event, **values}), file=sys.stderr, flush=True)
