"""HSMs join a cluster, or leave it, while something is wrong: with another HSM, with themselves, or the service ends."""

import os
import shutil
import unittest
from concurrent.futures import ThreadPoolExecutor

from claviger_dev import LONG, until
from faulty_key_store_rig import FaultyKeyStoreRig

PASSWORD = "kmsPswd-1"
# In all processes of a joining HSM there are 25 unwrappings before it takes keys, and two for each key then.
BEFORE_KEYS = 28
KEYS = 18
DEVICE_ERROR = "rv 0x30"


class Joining(FaultyKeyStoreRig):
    """One cluster: HSMs join it first, and the same leave it afterwards."""

    @classmethod
    def dev_options(cls):
        options = super().dev_options()
        return {**options, "args": [*options["args"], "--hsms", "2"]}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        rig = cls()
        cls.cluster, cls.zones, anchor = rig.make_cluster("one", PASSWORD)
        rig.add_hsm(cls.cluster, cls.zones[1])
        cls.first = rig.hsms(cls.cluster)
        cls.store = rig.make_store("first", cls.cluster, anchor, PASSWORD)
        rig.connected(cls.store)
        rig.kms = cls.dev.boto3(retries=4)  # they are many for a busy machine
        with ThreadPoolExecutor(4) as pool:
            keys = list(pool.map(lambda _: rig.new_key(cls.store), range(KEYS)))
            cls.key = keys[0]
            cls.blobs = list(pool.map(rig.encrypt, keys[1:]))

    def tearDown(self):
        self.order()

    def begin_hsm(self):
        return self.hsm.create_hsm(ClusterId=self.cluster, AvailabilityZone=self.zones[1])["Hsm"]["HsmId"]

    def row(self, hsm):
        return next((row for row in self.described(self.cluster)["Hsms"] if row["HsmId"] == hsm), None)

    def joined(self, hsm):
        """The state that it has in the end."""
        until(lambda: self.row(hsm)["State"] != "CREATE_IN_PROGRESS", 120, "the HSM is made")
        return self.row(hsm)["State"]

    def delete(self, hsm):
        """Its row in the end; None: it is deleted."""
        self.hsm.delete_hsm(ClusterId=self.cluster, HsmId=hsm)
        until(lambda: (self.row(hsm) or {}).get("State") != "DELETE_IN_PROGRESS", 60, "it is decided")
        return self.row(hsm)

    def logged(self, *texts):
        """The lines that have them all."""
        with open(self.dev.log_path, errors="replace") as log:
            return "".join(line for line in log if all(text in line for text in texts))

    def test_joining_without_taking_a_key_ends_degraded_and_does_not_serve(self):
        sick = self.begin_hsm()
        self.order(f"C_UnwrapKey skip={BEFORE_KEYS} times=always where={sick} {DEVICE_ERROR}")
        self.assertEqual(self.joined(sick), "DEGRADED")
        self.assertNotEqual(self.reached(), [])
        rows = self.command(self.cluster, "cluster", "hsm-info")["hsms"]
        states = {row["hsm-id"]: row.get("host-state") for row in rows}
        self.assertNotEqual(states[sick], "serving")

    def test_joining_is_ended_neither_by_lateness_nor_by_another_hsm_that_is_sick(self):
        # Not the one that hands the wrapping key over: that is the first that serves.
        sick = next(row["HsmId"] for row in self.described(self.cluster)["Hsms"]
                    if row["State"] == "ACTIVE" and row["AvailabilityZone"] == self.zones[1])
        self.order(f"C_DestroyObject times=always where={sick} {DEVICE_ERROR}")
        self.kms.schedule_key_deletion(KeyId=self.key["KeyId"], PendingWindowInDays=7)
        self.dev.command("dev", "clock", "advance", "8d")
        until(lambda: self.logged("keys_not_settled"), 30, "its object cannot be destroyed")
        late = self.begin_hsm()
        # A step of its joining has 5 s.
        self.order(f"C_DestroyObject times=always where={sick} {DEVICE_ERROR}",
                   f"C_UnwrapKey skip={BEFORE_KEYS} where={late} delay 5500")
        self.assertEqual(self.joined(late), "ACTIVE", self.logged("job_failed"))
        self.assertIn("C_UnwrapKey delay 5500", self.reached())
        self.assertTrue(all(map(self.decrypts, self.blobs)))

    def test_joining_when_the_service_ends(self):
        late = self.begin_hsm()
        self.order(f"C_UnwrapKey skip={BEFORE_KEYS} where={late} hang")
        until(lambda: os.path.exists(self.plan + ".applied"), 120, "it takes its keys")
        self.restart()
        self.assertEqual(self.joined(late), "ACTIVE", self.logged("job_failed"))

    def test_joining_when_the_hsm_that_is_asked_first_is_lost(self):
        """While the key store is disconnected no host runs that would be asked first."""
        self.disconnect(self.store)
        first = self.state_directory(min(self.hsms(self.cluster)))
        self.restart(between=lambda: os.rename(first, first + ".away"))
        ready = len(self.backups())
        self.assertEqual(self.joined(self.begin_hsm()), "ACTIVE", self.logged("job_failed"))
        until(lambda: len(self.backups()) > ready, 30, "another HSM signs the backup that follows")
        def comes_back():
            shutil.rmtree(first, ignore_errors=True)
            os.rename(first + ".away", first)
        self.restart(between=comes_back)
        self.connected(self.store)

    def backups(self):
        return self.hsm.describe_backups(Filters={"clusterIds": [self.cluster], "states": ["READY"]})["Backups"]

    def test_leaving_of_the_last_one_after_a_backup_or_when_that_is_asked_for_twice(self):
        hsm, *others = [row["HsmId"] for row in sorted(self.described(self.cluster)["Hsms"], key=lambda row: row["State"])]
        self.assertEqual(self.row(hsm)["State"], "ACTIVE")
        for other in others:
            self.hsm.delete_hsm(ClusterId=self.cluster, HsmId=other)
        until(lambda: self.hsms(self.cluster) == [hsm], 60, "it is the last one")
        self.order(f"C_SignInit times=always where={hsm} {DEVICE_ERROR}")
        kept = self.delete(hsm)
        self.assertIsNotNone(kept, "a moment's failure does not cost the backup")
        self.assertEqual(kept["State"], "ACTIVE")
        self.assertIn("could not sign a backup", kept["StateMessage"])
        self.assertIsNone(self.delete(hsm))

    def spare(self):
        """One that another test made, or a new one."""
        rows = self.described(self.cluster)["Hsms"]
        made = [row["HsmId"] for row in rows if row["State"] == "ACTIVE" and row["HsmId"] not in self.first]
        return made[0] if made else self.add_hsm(self.cluster, self.zones[1])

    def deleted_and_wiped(self, between):
        hsm = self.spare()
        self.restart(between=lambda: between(self.state_directory(hsm)))
        self.assertIsNone(self.delete(hsm))
        self.assertEqual(self.logged("hsm_not_wiped", hsm), "")
        until(lambda: not os.path.exists(self.state_directory(hsm)), 10, "its directory is gone")

    def test_leaving_by_its_officer_when_its_pin_is_lost(self):
        self.deleted_and_wiped(lambda directory: os.unlink(directory + "/pins"))

    def test_leaving_after_an_attempt_that_had_wiped_it(self):
        def wipe(directory):
            for name in ("tokens", "shadow"):
                shutil.rmtree(os.path.join(directory, name))
        self.deleted_and_wiped(wipe)


@unittest.skipUnless(LONG, "the admission that fails has 15 s: CLAVIGER_LONG=1")
class Initializing(FaultyKeyStoreRig):
    def test_after_a_failure_another_certificate_is_taken(self):
        cluster = self.hsm.create_cluster(HsmType="hsm1.medium", SubnetIds=["subnet-00000001"])["Cluster"]["ClusterId"]
        until(lambda: self.described(cluster)["State"] == "UNINITIALIZED", 30, "the cluster is there")
        hsm = self.add_hsm(cluster, next(iter(self.described(cluster)["SubnetMapping"])))
        request = self.described(cluster)["Certificates"]["ClusterCsr"]
        # Its certificate is installed, then it is not admitted.
        self.order(f"C_Login where={hsm} pass", f"C_Login times=always where={hsm} {DEVICE_ERROR}")
        self.assertEqual(self.initialized(cluster, request, "first"), "UNINITIALIZED")
        self.order()
        self.assertEqual(self.initialized(cluster, request, "second"), "INITIALIZED")

    def initialized(self, cluster, request, authority):
        anchor, signed = self.sign(request, authority)
        self.hsm.initialize_cluster(ClusterId=cluster, SignedCert=signed, TrustAnchor=anchor)
        until(lambda: self.described(cluster)["State"] != "INITIALIZE_IN_PROGRESS", 60, "it is decided")
        return self.described(cluster)["State"]


if __name__ == "__main__":
    unittest.main(verbosity=2)
