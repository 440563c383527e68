"""HSMs join and leave under the load of a client that never retries; all are removed and one is added; the tokens and their
directory are lost and the cluster comes back from a backup. With open and with sealed membership, with the recovery key in a
vault and with a holder elsewhere: no request fails, and every ciphertext made before decrypts afterwards.

Short form: sealed and offline, and the load alone on open and vault. CLAVIGER_LONG=1 runs everything on all four.
"""

import os
import shutil
import subprocess
import sys
import unittest

from claviger_dev import BIN, LONG, until
from claviger_serve import Serve
from fault_load import Load
from member_rig import MemberRig

ROUNDS = 6 if LONG else 2  # two: none of the HSMs that were there at first is left
CIPHERTEXTS = 25 if LONG else 3  # of each key, each time
CONNECTIONS = 8 if LONG else 2  # they keep the cores busy, which the HSMs that join need, too
PASSWORD = "kmsPswd-1"


class Membership(MemberRig):
    def found(self, membership, recovery):
        """A connected key store on two HSMs."""
        self.membership, self.recovery = membership, recovery
        self.serve(membership, recovery)
        self.cluster, self.zones, self.anchor = self.make_cluster("customer", PASSWORD)
        self.members = [*self.hsms(), self.add_hsm(self.cluster, self.zones[1])]
        self.assertEqual(self.recovered, 1 if (membership, recovery) == ("sealed", "offline") else 0)
        self.store = self.make_store("first", self.cluster, self.anchor, PASSWORD)
        self.connected(self.store)
        self.keys = [self.new_key(self.store) for _ in range(4)]
        self.blobs = []
        self.encrypt_some()

    def encrypt_some(self):
        self.blobs += [self.encrypt(key) for key in self.keys for _ in range(CIPHERTEXTS)]

    def all_decrypt(self):
        for blob in self.blobs:
            self.assertEqual(self.decrypt(blob), b"secret")

    def hsms(self):
        return [row["HsmId"] for row in self.described(self.cluster)["Hsms"]]

    def operations(self, hsm):
        return sum(value for name, value in self.dev.metrics().items()
                   if name.startswith("claviger_hsm_operations_total{") and f'hsm="{hsm}"' in name)

    def come_and_go(self):
        load = Load(self.dev, connections=CONNECTIONS, keys=[key["KeyId"] for key in self.keys])
        try:
            for _ in range(ROUNDS):
                oldest = min(self.described(self.cluster)["Hsms"], key=lambda row: self.members.index(row["HsmId"]))
                self.members.append(self.add_hsm(self.cluster, oldest["AvailabilityZone"]))
                self.unharmed(load.end_phase("added"))
                self.remove_hsm(self.cluster, oldest["HsmId"])
                self.unharmed(load.end_phase("removed"))
            until(lambda: sum(map(self.operations, self.hsms())) > 0, 10, "the new ones serve")
        finally:
            load.close()
        self.all_decrypt()

    def unharmed(self, figures):
        self.assertEqual((figures["failed"], figures["wrong"]), (0, 0), figures)
        self.assertGreater(figures["requests"], 50)

    def harm_is_seen(self):
        """The planted fault: when the last HSM goes under load, the figures must say so."""
        load = Load(self.dev, connections=CONNECTIONS, keys=[key["KeyId"] for key in self.keys])
        for hsm in self.hsms():
            self.remove_hsm(self.cluster, hsm)
        figures = until(lambda: (seen := load.end_phase("none left"))["failed"] and seen, 10, "requests fail")
        load.close()
        with self.assertRaises(AssertionError):
            self.unharmed(figures)

    def all_replaced(self):
        self.encrypt_some()
        self.harm_is_seen()
        before = self.recovered
        for zone in self.zones:
            self.add_hsm(self.cluster, zone)
        joined_by_holder = {"vault": 0, "offline": 2 if self.membership == "sealed" else 1}[self.recovery]
        self.assertEqual(self.recovered - before, joined_by_holder)
        self.all_decrypt()

    def from_a_backup(self):
        self.encrypt_some()
        old = self.dev
        backup = old.command("backup", "create", "--cluster-id", self.cluster).strip()
        file = os.path.join(self.place.name, backup)
        shutil.copy(os.path.join(old.data, "backups", backup + ".backup"), file)
        anchor = os.path.join(self.place.name, "anchor.crt")
        with open(anchor, "w") as text:
            text.write(self.anchor)
        new = Serve(self.membership, old.recovery_key)
        shutil.copy(old.sealing_key(), new.sealing_key())
        if self.recovery == "vault":
            shutil.copytree(os.path.join(old.data, "vaults"), os.path.join(new.data, "vaults"),
                            ignore=shutil.ignore_patterns("*.sock"))
        old.stop()
        shutil.rmtree(old.data)
        self.enter(new)
        subprocess.run([os.path.join(BIN, "claviger"), "backup", "restore", file, "--trust-anchor", anchor, "--data",
                        new.data], check=True, capture_output=True)
        self.cluster = self.hsm.create_cluster(HsmType="hsm1.medium", SourceBackupId=backup,
                                               SubnetIds=["subnet-00000001", "subnet-00000002"])["Cluster"]["ClusterId"]
        until(lambda: self.described(self.cluster)["State"] == "ACTIVE", 60, "the cluster is ACTIVE")
        for zone in self.zones:
            self.add_hsm(self.cluster, zone)
        self.command(self.cluster, "user", "change-password", "--username", "kmsuser", "--role", "crypto-user",
                     "--password", PASSWORD)
        self.kms.update_custom_key_store(CustomKeyStoreId=self.store, CloudHsmClusterId=self.cluster,
                                         KeyStorePassword=PASSWORD)
        self.connected(self.store)
        self.all_decrypt()
        self.encrypt_some()

    def turned_to_sealed(self):
        """The configuration says so at the next start: every HSM that is there, and every one that comes."""
        self.dev.membership = "sealed"
        self.dev.restart()
        self.kms, self.hsm = self.dev.boto3(), self.dev.boto3("cloudhsmv2")
        before = self.recovered
        self.add_hsm(self.cluster, self.zones[0])
        self.assertEqual(self.recovered - before, 1 if self.recovery == "offline" else 0)
        self.all_decrypt()
        self.disconnect(self.store)
        self.assert_tokens(self.cluster, "sealed", [key["Arn"] for key in self.keys])

    def whole_life(self, membership, recovery):
        self.found(membership, recovery)
        self.come_and_go()
        self.all_replaced()
        self.from_a_backup()
        if membership == "open":
            self.turned_to_sealed()
        print(f"{membership}, {recovery}: {len(self.blobs)} ciphertexts decrypt, {self.recovered} joins by the holder",
              flush=True)

    def test_open_membership_with_a_vault(self):
        if LONG:
            self.whole_life("open", "vault")
        else:
            self.found("open", "vault")
            self.come_and_go()
            self.turned_to_sealed()

    def test_sealed_membership_with_a_holder_elsewhere(self):
        self.whole_life("sealed", "offline")

    @unittest.skipUnless(LONG, "the long form only: CLAVIGER_LONG=1")
    def test_open_membership_with_a_holder_elsewhere(self):
        self.whole_life("open", "offline")

    @unittest.skipUnless(LONG, "the long form only: CLAVIGER_LONG=1")
    def test_sealed_membership_with_a_vault(self):
        self.whole_life("sealed", "vault")


if __name__ == "__main__":
    sys.exit(unittest.main(verbosity=2))
