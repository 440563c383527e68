"""A service whose [[hsm]] entries name tokens that their operator has made with softhsm2-util."""

import os
import subprocess

from claviger_dev import until
from claviger_serve import Serve
from member_rig import MemberRig
from operator_tokens import OperatorTokens

CONFIG = """[service]
data = "{data}"
sealing-key = "{data}.sealing"
[http]
listen = "127.0.0.1:0"
admin-listen = "127.0.0.1:0"
[cluster]
request-deadline-ms = 20000
recovery-key = "{folder}/recovery.pem"
[[hsm]]
name = "hsm-1"
zone = "a"
"""
# One zone for each token, so that a request chooses it by its zone.
ZONE = """[[subnet]]
id = "subnet-0000000{number}"
zone = "{zone}"
network = "10.0.{number}.0/24"
"""
ENTRY = """[[hsm]]
name = "{label}"
zone = "{zone}"
use = "cloudhsm"
serial = "{serial}"
{how}
"""
SPARE = "spare"  # in the zone of the one before it
PASSWORD = "kmsPassword1"


class Service(Serve):
    def __init__(self, tokens, how):
        super().__init__(env=tokens.environment)
        self.tokens, self.how = tokens, how
        self.names, self.serials = {}, {}  # of entries that say something else than the label and the serial of the token

    def words(self):
        tokens = self.tokens
        with open(self.data + ".toml", "w", encoding="ascii") as file:
            file.write(CONFIG.format(data=self.data, folder=tokens.folder))
            number = 0
            for label, serial in tokens.serials.items():
                if label != SPARE:
                    number += 1
                    file.write(ZONE.format(number=number, zone=chr(96 + number)))
                file.write(ENTRY.format(zone=chr(96 + number), label=self.names.get(label, label),
                                        serial=self.serials.get(label, serial), how=self.how(label)))
        return ["serve", "--config", self.data + ".toml"]


class OperatorPool(MemberRig):
    """One service for a class. `labels`: a token for each, in a zone of its own; how(label): who its officer is."""

    caused = set()
    labels = ()

    @classmethod
    def how(cls, label):
        return f'officer-pin-file = "{cls.tokens.pin_file(label)}"'

    @classmethod
    def prepare(cls):
        """What is done with the tokens before the service starts."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = cls.place.name
        subprocess.run(["openssl", "genrsa", "-out", folder + "/recovery.key", "3072"], check=True, capture_output=True)
        subprocess.run(["openssl", "rsa", "-in", folder + "/recovery.key", "-pubout", "-out", folder + "/recovery.pem"],
                       check=True, capture_output=True)
        cls.tokens = tokens = OperatorTokens(folder)
        for label in cls.labels:
            tokens.make(label)
        cls.prepare()
        cls.dev = Service(tokens, cls.how).__enter__()
        cls.addClassCleanup(cls.dev.__exit__, None, None, None)

    def setUp(self):
        super().setUp()
        self.connect_clients()

    def connect_clients(self):
        self.kms, self.hsm = self.dev.boto3(), self.dev.boto3("cloudhsmv2")

    def zone(self, label):
        return "us-east-1" + chr(97 + list(self.tokens.serials).index(label))

    def empty_cluster(self):
        zones = len([label for label in self.tokens.serials if label != SPARE])
        subnets = [f"subnet-0000000{number}" for number in range(1, zones + 1)]
        cluster = self.hsm.create_cluster(HsmType="hsm1.medium", SubnetIds=subnets)["Cluster"]["ClusterId"]
        until(lambda: self.described(cluster)["State"] == "UNINITIALIZED", 30, "the cluster is there")
        return cluster

    def delete(self, cluster, hsm):
        self.hsm.delete_hsm(ClusterId=cluster, HsmId=hsm)
        until(lambda: self.row(cluster, hsm) is None, 60, f"{hsm} is deleted")

    def why_not(self, cluster, label):
        """The StateMessage of the HSM that CreateHsm could not make of this token."""
        hsm = self.begin_hsm(cluster, self.zone(label))
        until(lambda: self.row(cluster, hsm)["State"] == "DEGRADED", 60, f"{label} is refused")
        message = self.row(cluster, hsm)["StateMessage"]
        self.delete(cluster, hsm)
        self.assertNotIn("not_wiped", self.logged(hsm))
        self.assertIn("token " + self.tokens.serials[label], message)
        for place in (self.tokens.folder, self.dev.data):
            self.assertNotIn(place, message, "what a client reads tells nothing of the machine")
        return message

    def take(self, cluster, label):
        hsm = self.begin_hsm(cluster, self.zone(label))
        self.until_active(cluster, hsm)
        return hsm

    def serials(self, cluster):
        return {row["serial-number"] for row in self.command(cluster, "cluster", "hsm-info")["hsms"]}

    def initialize(self, cluster):
        anchor, signed = self.sign(self.described(cluster)["Certificates"]["ClusterCsr"], "operator")
        self.hsm.initialize_cluster(ClusterId=cluster, SignedCert=signed, TrustAnchor=anchor)
        until(lambda: self.described(cluster)["State"] == "INITIALIZED", 60, "the cluster is initialized")
        self.command(cluster, "cluster", "activate", "--password", "adminPassword1")
        self.command(cluster, "user", "create", "--username", "kmsuser", "--role", "crypto-user", "--password", PASSWORD)
        return anchor

    def assert_no_officer_pin(self, label):
        """It is in its file and nowhere else: not in the store, not in the log."""
        pin = self.tokens.officer_pin(label).encode()
        for folder, _, names in os.walk(self.dev.data):
            for path in [os.path.join(folder, name) for name in names] + [self.dev.log_path]:
                if os.path.isfile(path):
                    with open(path, "rb") as file:
                        self.assertNotIn(pin, file.read(), path)

    def info(self, cluster):
        return self.command(cluster, "cluster", "hsm-info")["hsms"][0]

    def kill_and_start(self):
        self.dev.kill()
        self.dev.start()
        self.connect_clients()
