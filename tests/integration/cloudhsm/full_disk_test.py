"""A job whose result cannot be written goes on when there is room again. A limit on file sizes stands for a full disk."""

import glob
import os
import resource
import unittest

from claviger_dev import until
from key_store_rig import KeyStoreRig


class FullDisk(KeyStoreRig):
    def log(self):
        with open(self.dev.log_path, errors="replace") as text:
            return text.read()

    def test_the_end_of_create_hsm_is_told_when_there_is_room(self):
        cluster = self.hsm.create_cluster(HsmType="hsm1.medium", SubnetIds=["subnet-00000001"])["Cluster"]["ClusterId"]
        until(lambda: self.described(cluster)["State"] == "UNINITIALIZED", 30, "the cluster is there")
        zone = next(iter(self.described(cluster)["SubnetMapping"]))
        service = self.dev.process.pid
        before = resource.prlimit(service, resource.RLIMIT_FSIZE)
        made = self.hsm.create_hsm(ClusterId=cluster, AvailabilityZone=zone)["Hsm"]["HsmId"]
        written = max(map(os.path.getsize, glob.glob(self.dev.data + "/*-wal")))
        resource.prlimit(service, resource.RLIMIT_FSIZE, (written, before[1]))

        def hsms():
            return {hsm["HsmId"]: hsm["State"] for hsm in self.described(cluster)["Hsms"]}
        until(lambda: "cloudhsm.store_failed" in self.log() or "cloudhsm.job_failed" in self.log(), 60, "nothing can be written")
        self.assertEqual(hsms(), {made: "CREATE_IN_PROGRESS"})
        resource.prlimit(service, resource.RLIMIT_FSIZE, before)
        until(lambda: hsms()[made] in ("ACTIVE", "DEGRADED"), 30, "its end is told")
        self.hsm.delete_hsm(ClusterId=cluster, HsmId=made)
        until(lambda: not hsms(), 60, "it can be deleted")


if __name__ == "__main__":
    unittest.main(verbosity=2)
