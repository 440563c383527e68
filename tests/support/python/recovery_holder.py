"""The holder of a recovery key, on a machine of his own: a directory that the service does not know."""

import os
import subprocess

from claviger_dev import BIN


class Holder:
    def __init__(self, folder):
        """Makes the key pair; `public_key` is what the service is told."""
        self.folder = folder
        self.public_key = self.path("recovery.pem")
        self.must("create", "--public-key", self.public_key)

    def path(self, name):
        return os.path.join(self.folder, name)

    def run(self, word, *options):
        return subprocess.run([os.path.join(BIN, "claviger"), "recovery", word, "--vault", self.path("vault"),
                               "--sealing-key", self.path("holder.key"), *options], capture_output=True, text=True,
                              timeout=120, check=False)

    def must(self, word, *options):
        ran = self.run(word, *options)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    def recover(self, dev, hsm):
        """Both ways of the two files; what was printed on each side."""
        request, answer = self.path(hsm + ".request"), self.path(hsm + ".answer")
        asked = dev.command("cluster", "recover", "--request", request, "--hsm-id", hsm)
        answered = self.must("answer", "--request", request, "--answer", answer)
        dev.command("cluster", "recover", "--answer", answer)
        return asked, answered
