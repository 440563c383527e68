"""What a customer of CloudHSM does, by boto3, openssl and `claviger cloudhsm`: a cluster that is ACTIVE, its key store."""

import json
import os
import subprocess

import newest_models  # noqa: F401
from claviger_dev import BIN, until

SUBNETS = ["subnet-00000001", "subnet-00000002"]
ZONES = ["us-east-1a", "us-east-1b"]
ADMIN = {"CLOUDHSM_ROLE": "admin", "CLOUDHSM_PIN": "admin:adminPassword1"}
PASSWORD = "kmsPassword1"


class Customer:
    """`folder` keeps the customer's authority; `dev` is a running service."""

    def __init__(self, dev, folder):
        self.dev, self.folder = dev, folder
        self.api, self.kms = dev.boto3("cloudhsmv2"), dev.boto3()

    def cluster(self, identity):
        return self.api.describe_clusters(Filters={"clusterIds": [identity]})["Clusters"][0]

    def until_state(self, identity, state, seconds=60):
        return until(lambda: (c := self.cluster(identity))["State"] == state and c, seconds, f"{identity} {state}")

    def create_hsm(self, identity, zone):
        hsm = self.api.create_hsm(ClusterId=identity, AvailabilityZone=zone)["Hsm"]["HsmId"]

        def state():
            row = next(h for h in self.cluster(identity)["Hsms"] if h["HsmId"] == hsm)
            assert row["State"] != "DEGRADED", row
            return row["State"] == "ACTIVE"
        until(state, 240, f"{hsm} ACTIVE")
        return hsm

    def delete_hsms(self, identity):
        for hsm in self.cluster(identity)["Hsms"]:
            self.api.delete_hsm(ClusterId=identity, HsmId=hsm["HsmId"])
        until(lambda: not self.cluster(identity)["Hsms"], 240, "no HSM left")

    def openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True)

    def read(self, name):
        with open(os.path.join(self.folder, name)) as file:
            return file.read()

    def cloudhsm(self, identity, *words):
        done = subprocess.run([os.path.join(BIN, "claviger"), "cloudhsm", "--data", self.dev.data, "--cluster-id",
                               identity, *words], env=dict(os.environ, **ADMIN), capture_output=True, text=True,
                              timeout=120, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)["data"]

    def activated_cluster(self):
        """One ACTIVE cluster with an HSM in zone a, its admin and kmsuser."""
        identity = self.api.create_cluster(HsmType="hsm2m.medium", SubnetIds=SUBNETS, TagList=[
            {"Key": "team", "Value": "a"}])["Cluster"]["ClusterId"]
        self.until_state(identity, "UNINITIALIZED")
        self.create_hsm(identity, ZONES[0])
        with open(os.path.join(self.folder, "cluster.csr"), "w") as file:
            file.write(self.cluster(identity)["Certificates"]["ClusterCsr"])
        self.openssl("req", "-new", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3652", "-keyout", "ca.key",
                     "-out", "customerCA.crt", "-subj", "/CN=customer")
        self.openssl("x509", "-req", "-days", "3652", "-in", "cluster.csr", "-CA", "customerCA.crt", "-CAkey", "ca.key",
                     "-CAcreateserial", "-out", "cluster.crt")
        self.api.initialize_cluster(ClusterId=identity, SignedCert=self.read("cluster.crt"),
                                    TrustAnchor=self.read("customerCA.crt"))
        self.until_state(identity, "INITIALIZED")
        self.cloudhsm(identity, "cluster", "activate", "--password", "adminPassword1")
        self.until_state(identity, "ACTIVE")
        self.cloudhsm(identity, "user", "create", "--username", "kmsuser", "--role", "crypto-user", "--password",
                      PASSWORD)
        return identity

    def connect(self, store):
        self.kms.connect_custom_key_store(CustomKeyStoreId=store)

        def connected():
            row = self.kms.describe_custom_key_stores(CustomKeyStoreId=store)["CustomKeyStores"][0]
            assert row["ConnectionState"] != "FAILED", row
            return row["ConnectionState"] == "CONNECTED"
        until(connected, 120, f"{store} CONNECTED")

    def key_store(self, identity):
        store = self.kms.create_custom_key_store(
            CustomKeyStoreName="backed up", CloudHsmClusterId=identity, KeyStorePassword=PASSWORD,
            TrustAnchorCertificate=self.read("customerCA.crt"))["CustomKeyStoreId"]
        self.connect(store)
        return store

    def move_store(self, store, identity):
        """To a clone of its cluster, whose tokens never knew kmsuser's password."""
        self.cloudhsm(identity, "user", "change-password", "--username", "kmsuser", "--role", "crypto-user",
                      "--password", PASSWORD)
        self.kms.update_custom_key_store(CustomKeyStoreId=store, CloudHsmClusterId=identity, KeyStorePassword=PASSWORD)
        self.connect(store)

    def backups(self, **request):
        return self.api.describe_backups(**request)["Backups"]

    def ready_backup(self, identity, after=0):
        """The newest READY backup of the cluster when there are more than `after`."""
        def newest():
            found = self.backups(Filters={"clusterIds": [identity], "states": ["READY"]})
            return len(found) > after and found[0]
        return until(newest, 120, f"a backup of {identity}")

    def clone(self, backup):
        identity = self.api.create_cluster(HsmType="hsm2m.medium", SubnetIds=SUBNETS,
                                           SourceBackupId=backup)["Cluster"]["ClusterId"]
        self.until_state(identity, "ACTIVE")
        for zone in ZONES:
            self.create_hsm(identity, zone)
        return identity
