"""Who may not speak: another uid, and a process of the same uid that is not the service, at each HSM host's sockets."""

import glob
import os
import re
import subprocess
import sys
import unittest

from claviger_dev import Dev, until

# A well-formed frame of the data socket is not even needed: not one byte may come back.
PROBE = """
import os, socket, sys
if sys.argv[2] != "same":
    os.setgid(65534); os.setuid(65534)
s = socket.socket(socket.AF_UNIX); s.settimeout(5)
try:
    s.connect(sys.argv[1])
    s.sendall(bytes(64))
    sys.exit(3 if s.recv(1) else 0)
except (PermissionError, ConnectionResetError, BrokenPipeError):
    sys.exit(0)
"""


class Strangers(unittest.TestCase):
    def test_get_nothing_but_a_closed_connection_and_a_log_line(self):
        with Dev() as dev:
            until(lambda: dev.metric_sum("claviger_hsm_serving") == 3, 20, "three HSMs serve")
            sockets = sorted(glob.glob(os.path.join(dev.data, "hsm", "*", "*.sock")))
            self.assertEqual(len(sockets), 6, "a data and a control socket for each of three HSMs")
            for folder in [dev.data, os.path.join(dev.data, "hsm")] + glob.glob(dev.data + "/hsm/*"):
                self.assertEqual(os.stat(folder).st_mode & 0o077, 0, folder)
            for path in sockets:
                for who in ("same", "other"):
                    if who == "other":
                        self.open_the_way(dev, path)
                    done = subprocess.run([sys.executable, "-c", PROBE, path, who], check=False, timeout=30)
                    self.assertEqual(done.returncode, 0, f"{who} uid at {path}")

            def refusals():
                with open(dev.log_path, encoding="utf-8") as log:
                    return sum(1 for line in log if re.search(r"connection closed, peer is pid \d+ uid \d+", line))
            until(lambda: refusals() == 2 * len(sockets), 10, "a log line for each, with pid and uid")
            self.assertEqual(len(dev.boto3().generate_random(NumberOfBytes=16)["Plaintext"]), 16)

    def open_the_way(self, dev, path):
        """File modes alone would stop the other uid: open them, so that the check behind is what is tested."""
        folder = os.path.dirname(path)
        for name in (path, folder, os.path.dirname(folder), dev.data):
            mode = os.stat(name).st_mode & 0o777
            self.addCleanup(lambda n=name, m=mode: os.path.exists(n) and os.chmod(n, m))
            os.chmod(name, 0o777)


if __name__ == "__main__":
    if os.geteuid() != 0:
        print("SKIPPED: the uid test needs root to become another user")
        sys.exit(77)
    unittest.main(verbosity=2)
