"""Key stores whose soft tokens answer through the faulty module: faults are ordered while the service runs."""

import os
import subprocess
import tempfile

from claviger_dev import BIN
from key_store_rig import KeyStoreRig

SOFTHSM = "/usr/lib/softhsm/libsofthsm2.so"


class FaultyKeyStoreRig(KeyStoreRig):
    @classmethod
    def dev_options(cls):
        faults = tempfile.TemporaryDirectory()
        cls.addClassCleanup(faults.cleanup)
        cls.plan = os.path.join(faults.name, "plan")
        cls.module = os.path.join(faults.name, "faulty-softhsm.so")  # hosts look after token files of modules so named
        os.symlink(os.path.join(os.path.dirname(BIN), "lib", "libfaulty-pkcs11.so"), cls.module)
        cls.environment = {"FAULTY_PKCS11_MODULE": SOFTHSM, "FAULTY_PKCS11_PLAN": cls.plan}
        return {"args": ["--module", cls.module], "env": cls.environment}

    def order(self, *rules):
        """These faults and no others, from now on (tools/faulty-pkcs11/plan.hpp)."""
        with open(self.plan + ".new", "w", encoding="ascii") as file:
            file.write("\n".join(rules) + "\nend\n")
        if os.path.exists(self.plan + ".applied"):
            os.unlink(self.plan + ".applied")
        os.rename(self.plan + ".new", self.plan)

    def reached(self):
        """The ordered faults that were reached."""
        if not os.path.exists(self.plan + ".applied"):
            return []
        with open(self.plan + ".applied", encoding="ascii") as file:
            return [line.split(" ", 1)[1].strip() for line in file]

    def hsms(self, cluster):
        return [hsm["HsmId"] for hsm in self.described(cluster)["Hsms"]]

    def state_directory(self, hsm):
        return os.path.join(self.dev.data, "hsm", hsm)

    def token_tool(self, hsm, *words):
        """A tool of the HSM's owner, at one token, through the same module as the service; the finished process."""
        with tempfile.NamedTemporaryFile("w", suffix=hsm + ".conf") as conf:
            conf.write(f"directories.tokendir = {self.state_directory(hsm)}/tokens\n")
            conf.flush()
            return subprocess.run(words, env=dict(os.environ, SOFTHSM2_CONF=conf.name, **self.environment),
                                  capture_output=True, text=True, check=False)
