"""HSMs of the configuration: CreateHsm takes one of the zone that no cluster has, DeleteHsm gives it back; `claviger serve`."""

import concurrent.futures
import os
import signal
import subprocess
import tempfile
import threading
import unittest

import boto3
from botocore.exceptions import ClientError
from claviger_dev import BIN, Dev, until

CONFIG = """[service]
data = "{0}/data"
sealing-key = "{0}/sealing.key"
[http]
listen = "127.0.0.1:0"
admin-listen = "127.0.0.1:0"
[cluster]
recovery = "vault"
[[subnet]]
id = "subnet-00000001"
zone = "a"
network = "10.0.1.0/24"
[[hsm]]
name = "hsm-1"
zone = "a"
[[hsm]]
name = "pool-1"
zone = "a"
use = "cloudhsm"
"""


class Pool(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        root = self.folder.name
        with open(root + "/claviger.toml", "w") as file:
            file.write(CONFIG.format(root))
        self.service = subprocess.Popen([os.path.join(BIN, "claviger"), "serve", "--config", root + "/claviger.toml",
                                         "--ready-file", root + "/ready"], stdout=subprocess.DEVNULL)
        until(lambda: os.path.exists(root + "/ready") or self.service.poll() is not None, 120, "ready")
        with open(root + "/data/first-access-key") as file:
            secret = dict(line.removeprefix("export ").strip().split("=", 1) for line in file)
        values = Dev(data=root + "/data").settings()
        self.api = boto3.client("cloudhsmv2", endpoint_url=values["AWS_ENDPOINT_URL"], region_name=values["AWS_REGION"],
                                aws_access_key_id=secret["AWS_ACCESS_KEY_ID"],
                                aws_secret_access_key=secret["AWS_SECRET_ACCESS_KEY"])

    def tearDown(self):
        self.service.send_signal(signal.SIGTERM)
        self.assertEqual(self.service.wait(30), 0)
        self.folder.cleanup()

    def cluster(self, identity):
        return self.api.describe_clusters(Filters={"clusterIds": [identity]})["Clusters"][0]

    def new_cluster(self):
        identity = self.api.create_cluster(HsmType="hsm2m.medium", SubnetIds=["subnet-00000001"])["Cluster"]["ClusterId"]
        until(lambda: self.cluster(identity)["State"] == "UNINITIALIZED", 30, "a cluster")
        return identity

    def create(self, identity):
        return self.api.create_hsm(ClusterId=identity, AvailabilityZone="us-east-1a")["Hsm"]["HsmId"]

    def until_active(self, identity):
        until(lambda: [h["State"] for h in self.cluster(identity)["Hsms"]] == ["ACTIVE"], 240, "an ACTIVE HSM")

    def test_an_hsm_has_one_cluster_at_a_time(self):
        one, other = self.new_cluster(), self.new_cluster()
        hsm = self.create(one)
        with self.assertRaises(ClientError) as caught:
            self.create(other)
        self.assertEqual(caught.exception.response["Error"]["Code"], "CloudHsmInvalidRequestException")
        self.assertIn("No HSM is free", str(caught.exception))
        self.until_active(one)
        self.api.delete_hsm(ClusterId=one, HsmId=hsm)
        until(lambda: not self.cluster(one)["Hsms"], 240, "wiped")
        self.create(other)
        self.until_active(other)

    def test_requests_at_the_same_time_do_not_get_one_hsm(self):
        clusters = [self.new_cluster() for _ in range(8)]
        together = threading.Barrier(len(clusters))

        def ask(cluster):
            together.wait()
            try:
                return self.create(cluster)
            except ClientError as refused:
                return refused.response["Error"]["Code"]
        with concurrent.futures.ThreadPoolExecutor(len(clusters)) as threads:
            answers = list(threads.map(ask, clusters))
        self.assertEqual(answers.count("CloudHsmInvalidRequestException"), len(clusters) - 1, answers)
        winner = next(index for index, answer in enumerate(answers) if answer.startswith("hsm-"))
        self.until_active(clusters[winner])


if __name__ == "__main__":
    unittest.main(verbosity=2)
