"""The life of a cluster as AWS's user guide has it: Debian's AWS CLI, the documented openssl commands, activation.

The short form starts the AWS CLI once (aws_cli.py) and waits by boto3; CLAVIGER_LONG=1 starts it for each command."""

import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

from aws_cli import AWS, AwsCli
from claviger_dev import BIN, LONG, Dev, until

DOCS = pathlib.Path(__file__).parents[3] / "docs"
SUBNETS = ["subnet-00000001", "subnet-00000002"]


class Refused(Exception):
    pass


class ClusterLife(unittest.TestCase):
    client = None  # of boto3

    @classmethod
    def setUpClass(cls):
        cls.dev = Dev(args=["--hsms", "2"]).__enter__()
        cls.folder = tempfile.TemporaryDirectory()
        cls.cli = AwsCli().__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.cli.__exit__(None, None, None)
        cls.folder.cleanup()
        cls.dev.__exit__(None, None, None)

    def aws(self, *arguments):
        values = self.dev.settings()
        words = ["--endpoint-url", values["AWS_ENDPOINT_URL"], "--output", "json", "cloudhsmv2", *arguments]
        env = dict(values, AWS_PAGER="", AWS_MAX_ATTEMPTS="1", AWS_EC2_METADATA_DISABLED="true")
        if LONG:
            done = subprocess.run([AWS, *words], env=dict(os.environ, **env), capture_output=True, text=True, timeout=60,
                                  check=False)
        else:
            done = self.cli.run(words, env)
        if done.returncode != 0:
            raise Refused(done.stderr)
        return json.loads(done.stdout) if done.stdout.strip() else {}

    def refused(self, name, *arguments):
        with self.assertRaises(Refused) as caught:
            self.aws(*arguments)
        self.assertIn(name, str(caught.exception))
        return str(caught.exception)

    def cluster(self, identity):
        if LONG:
            return self.aws("describe-clusters", "--filters", f"clusterIds={identity}")["Clusters"][0]
        endpoint = self.dev.settings()["AWS_ENDPOINT_URL"]
        if self.client is None or self.client.meta.endpoint_url != endpoint:
            self.client = self.dev.boto3("cloudhsmv2")
        return self.client.describe_clusters(Filters={"clusterIds": [identity]})["Clusters"][0]

    def until_state(self, identity, state, seconds=60):
        return until(lambda: (c := self.cluster(identity))["State"] == state and c, seconds, f"{identity} {state}")

    def until_active(self, identity, count, seconds=240):
        def check():
            states = [h["State"] for h in self.cluster(identity)["Hsms"]]
            self.assertNotIn("DEGRADED", states)
            return states == ["ACTIVE"] * count
        until(check, seconds, f"{count} ACTIVE HSMs")

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def file(self, name, text):
        with open(self.path(name), "w") as file:
            file.write(text)
        return self.path(name)

    def text(self, name):
        with open(self.path(name)) as file:
            return file.read()

    def openssl(self, *arguments):
        done = subprocess.run(["openssl", *arguments], cwd=self.folder.name, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def cloudhsm(self, *words, status=0, **env):
        done = subprocess.run([os.path.join(BIN, "claviger"), "cloudhsm", "--data", self.dev.data, *words],
                              env=dict(os.environ, **env), capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return json.loads(done.stdout)["data"]

    def authority(self, name, bits="2048"):
        self.openssl("genrsa", "-out", f"{name}.key", bits)
        self.openssl("req", "-new", "-x509", "-days", "3652", "-key", f"{name}.key", "-out", f"{name}.crt",
                     "-subj", f"/CN={name}")

    def sign(self, csr, authority, out):
        self.openssl("x509", "-req", "-days", "3652", "-in", csr, "-CA", f"{authority}.crt", "-CAkey",
                     f"{authority}.key", "-CAcreateserial", "-out", out)

    def initialize(self, identity, certificate, anchor):
        return self.aws("initialize-cluster", "--cluster-id", identity, "--signed-cert",
                        f"file://{self.path(certificate)}", "--trust-anchor", f"file://{self.path(anchor)}")

    def certificate_steps(self, identity):
        certificates = self.cluster(identity)["Certificates"]
        self.file("cluster.csr", certificates["ClusterCsr"])
        self.file("hsm.crt", certificates["HsmCertificate"])
        for vouches in ("AwsHardwareCertificate", "ManufacturerHardwareCertificate"):
            self.file("chain.crt", certificates[vouches])
            self.openssl("verify", "-CAfile", "chain.crt", "hsm.crt")
        self.assertEqual(self.openssl("x509", "-in", "hsm.crt", "-pubkey", "-noout"),
                         self.openssl("req", "-in", "cluster.csr", "-pubkey", "-noout"))
        self.authority("customerCA")
        self.sign("cluster.csr", "customerCA", "cluster.crt")

    def wrong_certificates(self, identity):
        """What the documented commands do not produce is refused, each with a reason of its own."""
        self.authority("strangerCA")
        self.openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", "other.key", "-out", "other.csr",
                     "-subj", "/CN=other")
        self.sign("other.csr", "customerCA", "other.crt")
        self.sign("cluster.csr", "strangerCA", "foreign.crt")
        self.openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "ec.key")
        self.openssl("req", "-new", "-x509", "-key", "ec.key", "-out", "ec.crt", "-subj", "/CN=ec")
        self.openssl("req", "-new", "-x509", "-key", "customerCA.key", "-out", "leaf.crt", "-subj", "/CN=customerCA",
                     "-addext", "basicConstraints=critical,CA:FALSE")
        self.openssl("x509", "-req", "-in", "cluster.csr", "-CA", "customerCA.crt", "-CAkey", "customerCA.key",
                     "-CAcreateserial", "-days", "-1", "-out", "expired.crt")
        self.file("chain.pem", self.text("customerCA.crt") * 2)
        self.file("long.pem", self.text("customerCA.crt") + "\n" * 5000)
        for certificate, anchor, reason in (
                ("other.crt", "customerCA.crt", "public key"), ("foreign.crt", "customerCA.crt", "not signed by"),
                ("cluster.crt", "strangerCA.crt", "not signed by"), ("cluster.crt", "ec.crt", "RSA"),
                ("cluster.crt", "leaf.crt", "basic constraints"), ("expired.crt", "customerCA.crt", "expired"),
                ("cluster.crt", "chain.pem", "exactly one"), ("cluster.crt", "long.pem", "5000"),
                ("cluster.crt", "cluster.csr", "not a certificate")):
            with self.subTest(certificate=certificate, anchor=anchor):
                with self.assertRaises(Refused) as caught:
                    self.initialize(identity, certificate, anchor)
                self.assertIn("CloudHsmInvalidRequestException", str(caught.exception))
                self.assertIn(reason, str(caught.exception))
        self.assertEqual(self.cluster(identity)["State"], "UNINITIALIZED")

    def test_the_life_of_a_cluster(self):
        made = self.aws("create-cluster", "--hsm-type", "hsm2m.medium", "--subnet-ids", *SUBNETS,
                        "--tag-list", "Key=team,Value=a")["Cluster"]
        identity = made["ClusterId"]
        self.assertRegex(identity, "^cluster-[2-7a-z]{11}$")
        self.assertEqual(made["State"], "CREATE_IN_PROGRESS")
        self.assertEqual(made["Certificates"], {})
        self.assertEqual(made["SubnetMapping"], {"us-east-1a": SUBNETS[0], "us-east-1b": SUBNETS[1]})
        self.until_state(identity, "UNINITIALIZED")
        self.refused("CloudHsmInvalidRequestException", "create-hsm", "--cluster-id", identity,
                     "--availability-zone", "us-east-1f")

        given_up = self.aws("create-hsm", "--cluster-id", identity, "--availability-zone", "us-east-1b")["Hsm"]
        self.until_active(identity, 1)
        request = self.cluster(identity)["Certificates"]["ClusterCsr"]
        self.aws("delete-hsm", "--cluster-id", identity, "--hsm-id", given_up["HsmId"])
        until(lambda: not self.cluster(identity)["Hsms"], 60, "no HSM left")
        first = self.aws("create-hsm", "--cluster-id", identity, "--availability-zone", "us-east-1a")["Hsm"]
        self.assertEqual((first["State"], first["SubnetId"]), ("CREATE_IN_PROGRESS", SUBNETS[0]))
        self.until_active(identity, 1)
        self.assertNotEqual(self.cluster(identity)["Certificates"]["ClusterCsr"], request, "it was begun afresh")
        self.assertIn("already contains an HSM but has not yet been fully activated",
                      self.refused("CloudHsmInvalidRequestException", "create-hsm", "--cluster-id", identity,
                                   "--availability-zone", "us-east-1b"))

        self.certificate_steps(identity)
        self.wrong_certificates(identity)
        self.assertEqual(self.initialize(identity, "cluster.crt", "customerCA.crt")["State"], "INITIALIZE_IN_PROGRESS")
        ready = self.until_state(identity, "INITIALIZED")
        self.assertEqual(ready["Certificates"], {"ClusterCertificate": self.text("cluster.crt")})
        self.refused("CloudHsmInvalidRequestException", "create-hsm", "--cluster-id", identity,
                     "--availability-zone", "us-east-1b")

        first = self.another_first_hsm(identity, first)
        self.users(identity)
        second = self.aws("create-hsm", "--cluster-id", identity, "--availability-zone", "us-east-1b")["Hsm"]
        self.until_active(identity, 2)

        self.dev.restart()
        self.until_active(identity, 2)
        until(lambda: [h.get("host-state") for h in self.cloudhsm("cluster", "hsm-info")["hsms"]] == ["serving"] * 2,
              20, "hosts serving after a restart")

        self.refused("CloudHsmInvalidRequestException", "delete-cluster", "--cluster-id", identity)
        self.refused("CloudHsmInvalidRequestException", "delete-hsm", "--cluster-id", identity)
        self.assertEqual(self.aws("delete-hsm", "--cluster-id", identity, "--hsm-id", first["HsmId"])["HsmId"],
                         first["HsmId"])
        self.until_active(identity, 1)
        until(lambda: not os.path.exists(os.path.join(self.dev.data, "hsm", first["HsmId"])), 10, "its directory is gone")
        # The member that is left hands over the keys; with none left, the vault does.
        third = self.aws("create-hsm", "--cluster-id", identity, "--availability-zone", "us-east-1a")["Hsm"]
        self.until_active(identity, 2)
        for hsm in (second, third):
            self.aws("delete-hsm", "--cluster-id", identity, "--eni-id", hsm["EniId"])
        until(lambda: not self.cluster(identity)["Hsms"], 240, "no HSM left")
        fourth = self.aws("create-hsm", "--cluster-id", identity, "--availability-zone", "us-east-1a")["Hsm"]
        self.until_active(identity, 1)
        self.aws("delete-hsm", "--cluster-id", identity, "--eni-ip", fourth["EniIp"])
        until(lambda: not self.cluster(identity)["Hsms"], 240, "no HSM left")
        gone = self.aws("delete-cluster", "--cluster-id", identity)["Cluster"]
        self.assertEqual(gone["State"], "DELETE_IN_PROGRESS")
        self.until_state(identity, "DELETED")
        self.assertEqual(self.aws("describe-clusters")["Clusters"], [])
        names = [r["eventName"] for r in self.dev.audit_records() if r["eventSource"] == "cloudhsm.amazonaws.com"]
        for name in ("CreateCluster", "CreateHsm", "InitializeCluster", "ClusterActivate", "UserCreate", "DeleteHsm",
                     "DeleteCluster"):
            self.assertIn(name, names)

    def another_first_hsm(self, identity, first):
        """An INITIALIZED cluster without an HSM is not activated, and gets one."""
        self.aws("delete-hsm", "--cluster-id", identity, "--hsm-id", first["HsmId"])
        until(lambda: not self.cluster(identity)["Hsms"], 60, "no HSM left")
        self.assertIn("no ACTIVE HSM", self.cloudhsm("cluster", "activate", "--password", "adminPassword1", "--cluster-id",
                                                     identity, status=1))
        made = self.aws("create-hsm", "--cluster-id", identity, "--availability-zone", "us-east-1a")["Hsm"]
        self.until_active(identity, 1)
        return made

    def users(self, identity):
        login = {"CLOUDHSM_ROLE": "admin", "CLOUDHSM_PIN": "admin:adminPassword1"}
        self.assertEqual([u["role"] for u in self.cloudhsm("user", "list")["users"]], ["unactivated-admin"])
        create = ("user", "create", "--username", "kmsuser", "--role", "crypto-user", "--password", "kmsPassword1")
        self.assertIn("cluster activate", self.cloudhsm(*create, status=1))
        for words in (("user", "list", "--cluster-id", "cluster-zzzzzzzzzzz"), ("user", "list", "--cluster-id=cluster-zzzzzzzzzzz")):
            self.assertIn("no cluster cluster-zzzzzzzzzzz", self.cloudhsm(*words, status=1))
        self.assertIn("has no option --bogus", self.cloudhsm("user", "list", "--bogus", "1", status=1))
        self.assertIn("7 to 32", self.cloudhsm("cluster", "activate", "--password", "short", status=1))
        self.assertEqual(self.cloudhsm("cluster", "activate", "--password=adminPassword1", "--cluster-id", identity),
                         "Cluster activation successful")
        self.until_state(identity, "ACTIVE")
        self.assertIn("was activated before", self.cloudhsm("cluster", "activate", "--password", "adminPassword1", status=1))
        self.assertIn("login", self.cloudhsm(*create, status=1))
        self.assertIn("incorrect", self.cloudhsm(*create, status=1, CLOUDHSM_ROLE="admin",
                                                 CLOUDHSM_PIN="admin:wrongPassword"))
        self.assertEqual(self.cloudhsm(*create, **login), {"username": "kmsuser", "role": "crypto-user"})
        self.assertIn("one user", self.cloudhsm("user", "create", "--username", "bob", "--role", "crypto-user",
                                                "--password", "bobPassword1", status=1, **login))
        for name, told in (("kmsuser", "its role is crypto-user"), ("a b", "letters, digits and _"),
                           ("a" * 32, "1 to 31 characters")):
            self.assertIn(told, self.cloudhsm("user", "create", "--username", name, "--role", "admin", "--password",
                                              "anyPassword1", status=1, **login))
        self.assertEqual(self.cloudhsm("user", "create", "--username", "Bob_2", "--role", "admin", "--password",
                                       "bobPassword1", **login)["username"], "bob_2")
        self.cloudhsm("user", "delete", "--username", "BOB_2", "--role", "admin", CLOUDHSM_ROLE="admin",
                      CLOUDHSM_PIN="boB_2:bobPassword1")
        self.cloudhsm("user", "change-password", "--username", "kmsuser", "--role", "crypto-user", "--password",
                      "kmsPassword2", **login)
        self.assertEqual({u["username"]: u["role"] for u in self.cloudhsm("user", "list")["users"]},
                         {"admin": "admin", "kmsuser": "crypto-user"})
        hsms = self.cloudhsm("cluster", "hsm-info")["hsms"]
        self.assertEqual([h["host-state"] for h in hsms], ["serving"])

        self.session()
        self.logins(login)

    def interactive(self, *lines):
        """What a session prints, and how it ends."""
        ran = subprocess.run([os.path.join(BIN, "claviger"), "cloudhsm", "--data", self.dev.data, "interactive"],
                             input="\n".join(lines) + "\n", capture_output=True, text=True, timeout=60, check=False)
        return ran.stdout + ran.stderr, ran.returncode

    def session(self):
        """It outlives the change of its own password, and only of that one."""
        change = "user change-password --username {} --role {} --password {}".format
        printed, status = self.interactive(
            "login --username admin --role admin --password adminPassword1", change("admin", "admin", "adminPassword2"),
            "key list", change("kmsuser", "crypto-user", "kmsPassword3"), change("admin", "admin", "adminPassword1"),
            "user list", "logout", "quit")
        self.assertEqual((status, printed.count('"error_code": 0')), (0, 7), printed)

    def logins(self, login):
        words = ("login", "--username", "admin", "--role", "admin", "--password")
        self.assertEqual(self.cloudhsm(*words, "adminPassword1"), {"username": "admin", "role": "admin"})
        self.assertIn("incorrect", self.cloudhsm(*words, "adminPassword2", status=1))
        self.assertIn("CLOUDHSM_ROLE must be", self.cloudhsm("key", "list", status=1, **login | {"CLOUDHSM_ROLE": "boss"}))
        self.assertIn("CLOUDHSM_PIN must be", self.cloudhsm("key", "list", status=1, **login | {"CLOUDHSM_PIN": "admin"}))
        self.assertIn("no option --pasword", self.cloudhsm("user", "create", "--pasword", "x", status=1))
        printed, status = self.interactive("help", "user create --help", "user create --username x")
        self.assertEqual(status, 1)
        for told in ("Ends a session", "--username <USERNAME> --role <ROLE> [--password <PASSWORD>]", "--role is missing"):
            self.assertIn(told, printed)

    def test_commands_that_claviger_does_not_have_say_what_to_do_instead(self):
        absent = re.search("It has none of (.*?); each", (DOCS / "limitations.md").read_text(), re.DOTALL)[1]
        names = [name.replace("\n ", "") for name in re.findall("`(.*?)`", absent, re.DOTALL)]
        self.assertEqual(len(names), 16)
        for name in names:
            self.assertIn(f"Claviger has no '{name}'. ", self.cloudhsm(*name.split(), status=1))
        for command, way in (
                ("crypto sign rsa-pkcs --key-filter attr.label=k --hash-function sha256 --data-path f", "aws kms sign"),
                ("key generate-symmetric aes --label k --key-length-bytes 32", "aws kms create-key --origin AWS_CLOUDHSM"),
                ("key wrap aes-gcm --payload-filter attr.label=k --path f", "backup"),
                ("quorum token-sign list-quorum-values", "each admin acts alone")):
            self.assertIn(way, self.cloudhsm(*command.split(), status=1))

    def test_a_second_cluster_and_its_tags(self):
        made = [self.aws("create-cluster", "--hsm-type", "hsm1.medium", "--subnet-ids", SUBNETS[0],
                         "--backup-retention-policy", "Type=DAYS,Value=30")["Cluster"] for _ in range(2)]
        identity = made[0]["ClusterId"]
        self.until_state(identity, "UNINITIALIZED")
        self.aws("tag-resource", "--resource-id", identity, "--tag-list", "Key=a,Value=1", "Key=b,Value=2")
        self.aws("untag-resource", "--resource-id", identity, "--tag-key-list", "a")
        self.assertEqual(self.aws("list-tags", "--resource-id", identity)["TagList"], [{"Key": "b", "Value": "2"}])
        both = {c["ClusterId"] for c in made}
        listed = self.aws("describe-clusters", "--page-size", "1", "--filters", "states=UNINITIALIZED,ACTIVE")
        self.assertLessEqual(both, {c["ClusterId"] for c in listed["Clusters"]})
        self.assertEqual(self.aws("describe-clusters", "--filters", "clusterIds=cluster-aaaaaaaaaaa")["Clusters"], [])
        self.refused("CloudHsmInvalidRequestException", "describe-clusters", "--filters", "nonsense=x")
        self.refused("CloudHsmResourceNotFoundException", "delete-cluster", "--cluster-id", "cluster-aaaaaaaaaaa")
        self.refused("CloudHsmTagException", "tag-resource", "--resource-id", identity, "--tag-list",
                     "Key=aws:x,Value=1")
        self.refused("CloudHsmInvalidRequestException", "create-cluster", "--hsm-type", "hsm2m.medium",
                     "--subnet-ids", "subnet-0badbad0")
        self.assertIn("hsm1.medium and hsm2m.medium",
                      self.refused("CloudHsmInvalidRequestException", "create-cluster", "--hsm-type", "hsm1.large",
                                   "--subnet-ids", SUBNETS[0]))
        for cluster in made:
            self.aws("delete-cluster", "--cluster-id", cluster["ClusterId"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
