"""The tutorial of custom key stores: its commands as they stand, in one shell, with Debian's AWS CLI and openssl."""

import os
import re
import shutil
import subprocess
import tempfile
import unittest

from claviger_dev import BIN, Dev

TUTORIAL = os.path.join(os.path.dirname(__file__), "../../../docs/tutorials/custom-key-store.md")


def commands():
    with open(TUTORIAL, encoding="utf-8") as page:
        return "\n".join(re.findall(r"^```sh\n(.*?)^```", page.read(), re.M | re.S))


class Tutorial(unittest.TestCase):
    def setUp(self):
        self.place = tempfile.mkdtemp(prefix="claviger-tutorial-")
        self.addCleanup(shutil.rmtree, self.place)

    def test_every_command_works_as_it_stands(self):
        self.assertGreater(len(commands().splitlines()), 40)
        with Dev(data=os.path.join(self.place, ".claviger")):
            ran = subprocess.run(["bash", "-eu", "-o", "pipefail", "-c", commands()], cwd=self.place, timeout=300,
                                 env=dict(os.environ, PATH=BIN + ":" + os.environ["PATH"], AWS_PAGER=""),
                                 capture_output=True, text=True)
            self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
        self.assertIn('"ConnectionState": "CONNECTED"', ran.stdout)


if __name__ == "__main__":
    unittest.main()
