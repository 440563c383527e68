"""Recovery by a holder who is elsewhere: what the HSM, the operator and the holder see, and what is refused on the way."""

import hashlib
import re
import subprocess
import sys
import tempfile
import unittest

from claviger_dev import until
from claviger_serve import Serve
from member_rig import WAITING, MemberRig
from recovery_holder import Holder


class Recovery(MemberRig):
    def recover(self, *words):
        """The operator's command; may be refused."""
        ran = subprocess.run([self.dev.programs + "/claviger", "cluster", "recover", *words, "--data", self.dev.data],
                             capture_output=True, text=True, timeout=60, check=False)
        return ran.stdout + ran.stderr

    def refused_start(self, recovery_key):
        with tempfile.TemporaryDirectory() as folder:
            dev = Serve(recovery_key=folder + "/" + recovery_key)
            with self.assertRaises(AssertionError) as caught:
                dev.__enter__()
            dev.__exit__(None, None, None)
        return str(caught.exception)

    def test_an_hsm_that_waits(self):
        self.assertIn("cluster.recovery-key", self.refused_start("missing.pem"))
        self.serve("sealed", "offline")
        cluster, zones, _ = self.make_cluster("customer", "kmsPswd-1")
        self.assertIn("no HSM waits", self.recover("--request", self.holder.path("none")))
        hsm = self.begin_hsm(cluster, zones[1])
        self.until_waiting(cluster, hsm)

        question, answer = self.holder.path("question"), self.holder.path("answer")
        asked = self.recover("--request", question)
        answered = self.holder.must("answer", "--request", question, "--answer", answer)
        prints = [re.findall("(?:[0-9a-f]{4} ){15}[0-9a-f]{4}", text) for text in (asked, answered)]
        self.assertEqual(len(prints[0]), 2, asked)
        self.assertEqual(prints[0], prints[1], "both sides print the same fingerprints")
        self.wrong_papers(question, answer)
        self.damaged_answers(cluster, hsm, answer)

        self.dev.restart()
        self.kms, self.hsm = self.dev.boto3(), self.dev.boto3("cloudhsmv2")
        until(lambda: "asks the holder" in self.recover("--request", self.holder.path("again")), 60, "it waits again")
        self.assertIn("older question", self.recover("--answer", answer))
        self.holder.recover(self.dev, hsm)
        self.until_active(cluster, hsm)
        self.assertIn("does not wait", self.recover("--answer", answer))
        self.assertIn("ClusterRecover", [record["eventName"] for record in self.dev.audit_records()])
        self.two_that_wait(cluster, zones)
        self.only_hsm_deleted_before_initialization()
        self.assert_tokens(cluster, "sealed", [])

    def wrong_papers(self, question, answer):
        self.assertIn("no answer", self.recover("--answer", question))
        self.assertIn("no recovery request", self.holder.run("answer", "--request", answer, "--answer", "/dev/null").stderr)
        self.assertIn("exist", self.holder.run("create", "--public-key", self.holder.path("other.pem")).stderr)
        with tempfile.TemporaryDirectory() as folder:
            stranger = Holder(folder)
            ran = stranger.run("answer", "--request", question, "--answer", stranger.path("answer"))
            self.assertEqual(ran.returncode, 1)
            self.assertIn("did not open the wrapping key", ran.stderr)

    def damaged_answers(self, cluster, hsm, answer):
        """One that its digest gives away changes nothing; one that only the token can refuse makes the HSM wait again."""
        with open(answer, "rb") as file:
            content = bytearray(file.read())[:-32]
        digest = hashlib.sha256(content).digest()
        content[-1] ^= 1
        damaged = self.holder.path("damaged")
        for end, told in ((digest, "damaged"), (hashlib.sha256(content).digest(), hsm + " joins")):
            with open(damaged, "wb") as file:
                file.write(content + end)
            self.assertIn(told, self.recover("--answer", damaged))
        until(lambda: "did not take" in (message := self.row(cluster, hsm).get("StateMessage", "")) and message.endswith(WAITING),
              60, "it waits again")
        self.assertEqual(self.row(cluster, hsm)["State"], "CREATE_IN_PROGRESS")
        self.assertIn("older question", self.recover("--answer", answer))

    def two_that_wait(self, cluster, zones):
        """Others of the cluster are not held up, and one that nobody answers can be deleted."""
        both = [self.begin_hsm(cluster, zone) for zone in zones]
        for hsm in both:
            self.until_waiting(cluster, hsm)
        self.assertIn(both[0], self.recover("--request", self.holder.path("which")))
        self.remove_hsm(cluster, both[0])
        until(lambda: "does not wait" in self.recover("--request", self.holder.path("which"), "--hsm-id", both[0]), 10,
              "it waits no more")
        self.holder.recover(self.dev, both[1])
        self.until_active(cluster, both[1])

    def only_hsm_deleted_before_initialization(self):
        """There is nothing yet that a holder could bring back: the next one makes keys of its own."""
        cluster = self.hsm.create_cluster(HsmType="hsm2m.medium", SubnetIds=["subnet-00000001"])["Cluster"]["ClusterId"]
        until(lambda: self.described(cluster)["State"] == "UNINITIALIZED", 30, "the cluster is there")
        zone, = self.described(cluster)["SubnetMapping"]
        recovered = self.recovered
        self.remove_hsm(cluster, self.add_hsm(cluster, zone))
        self.add_hsm(cluster, zone)
        self.assertIn("BEGIN CERTIFICATE REQUEST", self.described(cluster)["Certificates"]["ClusterCsr"])
        self.assertEqual(self.recovered, recovered)


if __name__ == "__main__":
    sys.exit(unittest.main(verbosity=2))
