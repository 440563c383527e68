"""The two clocks as stock clients see them: the life clock moves deadlines and nothing else, and a leap of the system
clock (libfaketime) destroys nothing."""

import base64
import os
import subprocess
import sys
import time
import unittest

import kms_wire
from claviger_dev import Dev, until
from key_material import Importer

DAY = 86400
FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"
LEAP = {"LD_PRELOAD": FAKETIME, "FAKETIME": "+40d", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}

# A stock client in a process of its own, so that it can live in the leapt time as well: prints the state of a key.
STATE_OF = """
import boto3, os, sys
kms = boto3.client("kms", endpoint_url=os.environ["AWS_ENDPOINT_URL"])
print(kms.describe_key(KeyId=sys.argv[1])["KeyMetadata"]["KeyState"])
"""


class Rig(unittest.TestCase):
    def client(self, dev):
        return kms_wire.Client(dev.settings())

    def run_client(self, dev, command, env=None):
        values = dev.settings()
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=60, check=False,
            env={**os.environ, **values, "AWS_PAGER": "", "AWS_MAX_ATTEMPTS": "1", "AWS_EC2_METADATA_DISABLED": "true",
                 **(env or {})})
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.strip()

    def state(self, dev, key, env=None):
        return self.run_client(dev, [sys.executable, "-c", STATE_OF, key], env)

    def scheduled(self, client):
        """A key that dies in seven days, and a ciphertext of it."""
        key = client.must("CreateKey")["KeyMetadata"]["KeyId"]
        blob = client.must("Encrypt", KeyId=key, Plaintext="YQ==")["CiphertextBlob"]
        client.must("ScheduleKeyDeletion", KeyId=key, PendingWindowInDays=7)
        return key, blob


class Clocks(Rig):
    def test_stock_clients_go_on_when_the_life_clock_is_forty_days_ahead(self):
        with Dev() as dev:
            client = self.client(dev)
            due, _ = self.scheduled(client)
            key = client.must("CreateKey")["KeyMetadata"]["KeyId"]
            dev.command("dev", "clock", "advance", "40d")
            self.assertEqual(self.state(dev, key), "Enabled")
            made = self.run_client(dev, ["/usr/bin/aws", "--endpoint-url", dev.settings()["AWS_ENDPOINT_URL"], "kms",
                                         "generate-data-key", "--key-id", key, "--key-spec", "AES_256",
                                         "--query", "CiphertextBlob", "--output", "text"])
            self.assertIn("Plaintext", client.must("Decrypt", CiphertextBlob=made))
            until(lambda: client.call("DescribeKey", KeyId=due).type == "NotFoundException", 20, "the key is gone")
            made = client.must("CreateKey")["KeyMetadata"]["CreationDate"]
            self.assertAlmostEqual(made, time.time() + 40 * DAY, delta=3600)

    def test_a_deletion_window_passes_across_a_restart(self):
        with Dev() as dev:
            client = self.client(dev)
            due, _ = self.scheduled(client)
            dev.command("dev", "clock", "advance", "4d")
            dev.restart()
            self.assertEqual(self.state(dev, due), "PendingDeletion")
            dev.command("dev", "clock", "advance", "4d")
            client = self.client(dev)
            until(lambda: client.call("DescribeKey", KeyId=due).type == "NotFoundException", 20, "the key is gone")


class Leap(Rig):
    def test_a_leap_of_the_system_clock_destroys_nothing(self):
        with Dev() as dev:
            client = self.client(dev)
            importer = Importer(client)
            due, due_blob = self.scheduled(client)
            imported = client.must("CreateKey", Origin="EXTERNAL")["KeyMetadata"]["KeyId"]
            answer = importer.call(imported, os.urandom(32), ValidTo=time.time() + 5 * DAY)
            self.assertEqual(answer.status, 200, answer.body)
            imported_blob = client.must("Encrypt", KeyId=imported, Plaintext="Yg==")["CiphertextBlob"]
            dev.stop()

            dev.env.update(LEAP)
            dev.start()
            until(lambda: dev.metric_sum("claviger_clock_hold") == 1, 30, "the alarm")
            dev.command("dev", "clock", "advance", "1s")  # a turn of the calendar now
            self.assertEqual(self.state(dev, due, LEAP), "PendingDeletion")
            self.run_client(dev, ["/usr/bin/aws", "--endpoint-url", dev.settings()["AWS_ENDPOINT_URL"], "kms",
                                  "list-keys"], LEAP)
            dev.stop()
            with open(dev.log_path, errors="replace") as log:
                self.assertIn("clock.leapt", log.read())

            for name in LEAP:
                del dev.env[name]
            dev.start()
            client = self.client(dev)
            client.must("CancelKeyDeletion", KeyId=due)
            client.must("EnableKey", KeyId=due)
            self.assertEqual(client.must("Decrypt", CiphertextBlob=due_blob)["Plaintext"], "YQ==")
            self.assertEqual(base64.b64decode(client.must("Decrypt", CiphertextBlob=imported_blob)["Plaintext"]), b"b")


if __name__ == "__main__":
    unittest.main(verbosity=2)
