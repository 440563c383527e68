"""A client that never retries, beside what a rig does to the service."""

import json
import os
import subprocess

from claviger_dev import BIN


class Load:
    """16 connections of mixed requests; reports what happened in each phase."""

    def __init__(self, dev, connections=16, keys=(), work="encryption"):
        """`keys`: instead of new ones in the default key store. `work`: "encryption" or "signing", see tests/fault/load.cpp."""
        self.process = subprocess.Popen(
            [os.path.join(BIN, "fault-load"), "--connections", str(connections), "--work", work,
             *(word for key in keys for word in ("--key", key))],
            env=dict(os.environ, **dev.settings()), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "running\n"

    def end_phase(self, name):
        """The figures since the phase before: requests, failed, wrong, p50_ms, p99_ms, max_ms, errors."""
        self.process.stdin.write(name + "\n")
        self.process.stdin.flush()
        figures = json.loads(self.process.stdout.readline())
        print(f"{name:12}", json.dumps(figures), flush=True)
        return figures

    def close(self):
        self.process.stdin.close()
        self.process.wait(20)
