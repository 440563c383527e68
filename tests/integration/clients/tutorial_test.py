"""The tutorial of custom key stores: its commands as they stand, in one shell, with Debian's AWS CLI and openssl. What it ends in
is what `claviger dev` begins with, by the same steps."""

import os
import re
import shutil
import subprocess
import tempfile
import unittest

from claviger_dev import BIN, Dev

TUTORIAL = os.path.join(os.path.dirname(__file__), "../../../docs/tutorials/custom-key-store.md")


STEPS = ["CreateCluster", "CreateHsm", "InitializeCluster", "ClusterActivate", "UserCreate", "CreateHsm",
         "CreateCustomKeyStore", "ConnectCustomKeyStore", "ConnectCustomKeyStore"]  # as audit records say; connecting ends in one
OWN = {"ClusterId", "CustomKeyStoreId", "CustomKeyStoreName", "CloudHsmClusterId", "CreateTimestamp", "CreationDate", "HsmId",
       "EniId", "EniIp", "SecurityGroup", "TagList", "ClusterCertificate", "TrustAnchorCertificate"}  # what tells two apart


def likeness(value):
    """A description without what is its own."""
    if isinstance(value, dict):
        return {name: "…" if name in OWN else likeness(member) for name, member in value.items()}
    if isinstance(value, list):
        return sorted((likeness(member) for member in value), key=str)  # HSMs come by their ids
    return value


def commands():
    with open(TUTORIAL, encoding="utf-8") as page:
        return "\n".join(re.findall(r"^```sh\n(.*?)^```", page.read(), re.M | re.S))


class Tutorial(unittest.TestCase):
    def setUp(self):
        self.place = tempfile.mkdtemp(prefix="claviger-tutorial-")
        self.addCleanup(shutil.rmtree, self.place)

    def test_every_command_works_as_it_stands(self):
        self.assertGreater(len(commands().splitlines()), 40)
        with Dev(data=os.path.join(self.place, ".claviger"), key_store=True) as dev:
            dev.key_store_made()
            ran = subprocess.run(["bash", "-eu", "-o", "pipefail", "-c", commands()], cwd=self.place, timeout=300,
                                 env=dict(os.environ, PATH=BIN + ":" + os.environ["PATH"], AWS_PAGER=""),
                                 capture_output=True, text=True)
            self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
            self.dev_began_with_the_same(dev)
        self.assertIn('"ConnectionState": "CONNECTED"', ran.stdout)

    def dev_began_with_the_same(self, dev):
        for all_of_them in (dev.boto3("cloudhsmv2").describe_clusters()["Clusters"],
                            dev.boto3().describe_custom_key_stores()["CustomKeyStores"]):
            one, other = [likeness(description) for description in all_of_them]
            self.assertEqual(one, other)
        events = [record["eventName"] for record in dev.audit_records() if record["eventName"] in STEPS]
        self.assertEqual(events, STEPS + STEPS)


if __name__ == "__main__":
    unittest.main()
