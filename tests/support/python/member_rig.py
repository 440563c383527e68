"""A cluster of `claviger serve` whose HSMs come and go, with any membership and any place of the recovery key."""

import contextlib
import os
import tempfile

from claviger_dev import until
from claviger_serve import Serve
from key_store_rig import KeyStoreRig
from recovery_holder import Holder
from token_objects import differences, read_objects

WAITING = "waiting for recovery: run claviger cluster recover"


class MemberRig(KeyStoreRig):
    @classmethod
    def setUpClass(cls):
        cls.place = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.place.cleanup)

    def setUp(self):
        self.stack = contextlib.ExitStack()
        self.addCleanup(self.stack.close)
        self.holder, self.recovered = None, 0

    def serve(self, membership, recovery, **options):
        """Starts a service; `recovery` is "vault", or "offline" with the one holder of this test."""
        if recovery == "offline" and self.holder is None:
            self.holder = Holder(self.stack.enter_context(tempfile.TemporaryDirectory()))
        key = self.holder.public_key if recovery == "offline" else None
        self.enter(Serve(membership, key, **options))

    def enter(self, dev):
        self.dev = self.stack.enter_context(dev)
        self.kms, self.hsm = dev.boto3(), dev.boto3("cloudhsmv2")

    def row(self, cluster, hsm):
        return next((row for row in self.described(cluster)["Hsms"] if row["HsmId"] == hsm), None)

    def begin_hsm(self, cluster, zone):
        return self.hsm.create_hsm(ClusterId=cluster, AvailabilityZone=zone)["Hsm"]["HsmId"]

    def until_waiting(self, cluster, hsm):
        until(lambda: self.row(cluster, hsm).get("StateMessage") == WAITING, 120, "it waits for recovery")
        self.assertEqual(self.row(cluster, hsm)["State"], "CREATE_IN_PROGRESS")

    def until_active(self, cluster, hsm):
        def active():
            row = self.row(cluster, hsm)
            self.assertNotEqual(row["State"], "DEGRADED", self.logged(hsm))
            return row["State"] == "ACTIVE"
        until(active, 120, f"{hsm} is ACTIVE")

    def logged(self, text):
        with open(self.dev.log_path, errors="replace") as log:
            return "\n" + "".join(line for line in log if text in line)

    def add_hsm(self, cluster, zone):
        """As in the base, with the walk to the holder where the HSM waits for it."""
        hsm = self.begin_hsm(cluster, zone)

        def settled():
            row = self.row(cluster, hsm)
            return row["State"] != "CREATE_IN_PROGRESS" or row.get("StateMessage") == WAITING
        until(settled, 120, f"{hsm} is there, or waits")
        if self.row(cluster, hsm).get("StateMessage") == WAITING:
            self.holder.recover(self.dev, hsm)
            self.recovered += 1
        self.until_active(cluster, hsm)
        return hsm

    def assert_tokens(self, cluster, membership, keys):
        """Ends the service; what lies on the tokens is what is documented."""
        pin = "kmsPswd-of-the-owner"
        self.command(cluster, "user", "change-password", "--username", "kmsuser", "--role", "crypto-user", "--password",
                     pin)
        hsms = [row["HsmId"] for row in self.described(cluster)["Hsms"]]
        self.dev.stop()
        for hsm in hsms:
            found = read_objects(os.path.join(self.dev.data, "hsm", hsm, "tokens"), pin)
            self.assertEqual(differences(found, membership, keys), [], hsm)

    def remove_hsm(self, cluster, hsm):
        self.hsm.delete_hsm(ClusterId=cluster, HsmId=hsm)
        until(lambda: self.row(cluster, hsm) is None, 120, f"{hsm} is gone")
