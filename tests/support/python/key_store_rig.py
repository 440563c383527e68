"""Clusters and custom key stores of a real claviger dev, made as AWS's tutorials make them, through Debian's boto3."""

import json
import os
import subprocess
import tempfile
import unittest

import botocore.exceptions

from claviger_dev import BIN, Dev, until

ADMIN = "adminPassword1"
CONTEXT = {"a": "b"}


def openssl(*arguments, **options):
    return subprocess.run(["openssl", *arguments], check=True, capture_output=True, **options).stdout


class KeyStoreRig(unittest.TestCase):
    @classmethod
    def dev_options(cls):
        """What the service is started with: keyword arguments of Dev."""
        return {}

    @classmethod
    def setUpClass(cls):
        cls.caused = set()  # exceptions and error codes that a client of this class has seen
        cls.dev = Dev(**cls.dev_options()).__enter__()
        cls.addClassCleanup(cls.dev.__exit__, None, None, None)
        cls.place = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.place.cleanup)
        cls.connect_clients()

    @classmethod
    def connect_clients(cls):
        cls.kms = cls.dev.boto3()
        cls.hsm = cls.dev.boto3("cloudhsmv2")

    def restart(self, between=lambda: None):
        self.dev.stop()
        between()
        self.dev.start()
        self.connect_clients()

    def refused(self, exception, call, **arguments):
        """The text of the refusal."""
        with self.assertRaises(botocore.exceptions.ClientError) as caught:
            call(**arguments)
        self.assertEqual(caught.exception.response["Error"]["Code"], exception, caught.exception)
        self.caused.add(exception)
        return caught.exception.response["Error"]["Message"]

    def command(self, cluster, *words):
        """What an admin types at the terminal: the data of the answer."""
        ran = subprocess.run([os.path.join(BIN, "claviger"), "cloudhsm", "--data", self.dev.data, "--cluster-id", cluster,
                              *words], capture_output=True, text=True, timeout=60, check=False,
                             env=dict(os.environ, CLOUDHSM_ROLE="admin", CLOUDHSM_PIN="admin:" + ADMIN))
        self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
        return json.loads(ran.stdout)["data"]

    def described(self, cluster):
        return self.hsm.describe_clusters(Filters={"clusterIds": [cluster]})["Clusters"][0]

    def add_hsm(self, cluster, zone):
        made = self.hsm.create_hsm(ClusterId=cluster, AvailabilityZone=zone)["Hsm"]["HsmId"]
        until(lambda: any(h["HsmId"] == made and h["State"] == "ACTIVE" for h in self.described(cluster)["Hsms"]),
              120, "the HSM is ACTIVE")
        return made

    def sign(self, csr, name):
        """The documented openssl commands; the trust anchor and the signed certificate."""
        path = lambda end: os.path.join(self.place.name, name + end)
        openssl("req", "-new", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3652", "-subj", "/CN=" + name,
                "-keyout", path(".key"), "-out", path(".crt"))
        signed = openssl("x509", "-req", "-days", "3652", "-CA", path(".crt"), "-CAkey", path(".key"),
                         "-CAcreateserial", input=csr.encode())
        with open(path(".crt")) as anchor:
            return anchor.read(), signed.decode()

    def make_cluster(self, name, password):
        """ACTIVE, with kmsuser, and one HSM in the first of its two zones; its id, its zones and its trust anchor."""
        cluster = self.hsm.create_cluster(HsmType="hsm1.medium", SubnetIds=["subnet-00000001", "subnet-00000002"])
        cluster = cluster["Cluster"]["ClusterId"]
        until(lambda: self.described(cluster)["State"] == "UNINITIALIZED", 30, "the cluster is there")
        zones = sorted(self.described(cluster)["SubnetMapping"])
        self.add_hsm(cluster, zones[0])
        anchor, signed = self.sign(self.described(cluster)["Certificates"]["ClusterCsr"], name)
        self.hsm.initialize_cluster(ClusterId=cluster, SignedCert=signed, TrustAnchor=anchor)
        until(lambda: self.described(cluster)["State"] == "INITIALIZED", 60, "the cluster is initialized")
        self.command(cluster, "cluster", "activate", "--password", ADMIN)
        until(lambda: self.described(cluster)["State"] == "ACTIVE", 30, "the cluster is active")
        self.command(cluster, "user", "create", "--username", "kmsuser", "--role", "crypto-user", "--password", password)
        return cluster, zones, anchor

    def make_store(self, name, cluster, anchor, password):
        return self.kms.create_custom_key_store(
            CustomKeyStoreName=name, CloudHsmClusterId=cluster, KeyStorePassword=password,
            TrustAnchorCertificate=anchor)["CustomKeyStoreId"]

    def entry(self, store):
        return self.kms.describe_custom_key_stores(CustomKeyStoreId=store)["CustomKeyStores"][0]

    def settled(self, store):
        until(lambda: self.entry(store)["ConnectionState"] not in ("CONNECTING", "DISCONNECTING"), 90, "settled")
        return self.entry(store)

    def connect(self, store):
        self.kms.connect_custom_key_store(CustomKeyStoreId=store)
        return self.settled(store)

    def connected(self, store):
        entry = self.connect(store)
        self.assertEqual(entry["ConnectionState"], "CONNECTED", entry)

    def fails(self, store, code):
        """A connect that ends in FAILED with this ConnectionErrorCode, and the way out of it."""
        entry = self.connect(store)
        self.assertEqual((entry["ConnectionState"], entry.get("ConnectionErrorCode")), ("FAILED", code))
        self.caused.add(code)
        self.disconnect(store)
        self.assertNotIn("ConnectionErrorCode", self.entry(store))

    def disconnect(self, store):
        self.kms.disconnect_custom_key_store(CustomKeyStoreId=store)
        self.assertEqual(self.settled(store)["ConnectionState"], "DISCONNECTED")

    def new_key(self, store):
        return self.kms.create_key(CustomKeyStoreId=store, Origin="AWS_CLOUDHSM")["KeyMetadata"]

    def encrypt(self, key):
        return self.kms.encrypt(KeyId=key["KeyId"], Plaintext=b"secret", EncryptionContext=CONTEXT)["CiphertextBlob"]

    def decrypt(self, blob):
        return self.kms.decrypt(CiphertextBlob=blob, EncryptionContext=CONTEXT)["Plaintext"]

    def decrypts(self, blob):
        """Whether the key's store serves it now."""
        try:
            return self.decrypt(blob) == b"secret"
        except botocore.exceptions.ClientError as error:
            self.assertEqual(error.response["Error"]["Code"], "KMSInvalidStateException", error)
            return False
