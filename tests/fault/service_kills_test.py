"""The service is killed under CreateKey and CreateAlias load; what it acknowledged must be there afterwards.

Short form by default; CLAVIGER_LONG=1 runs 200 kills.
"""

import json
import random
import threading
import time
import unittest

import botocore.exceptions

from claviger_dev import LONG, Dev, until

ROUNDS = 200 if LONG else 8
LOST = (botocore.exceptions.EndpointConnectionError, botocore.exceptions.ConnectionClosedError,
        botocore.exceptions.HTTPClientError, botocore.exceptions.ClientError)


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


class ServiceKills(unittest.TestCase):
    def create_until_killed(self, kms, acknowledged, stop):
        try:
            while not stop.is_set():
                key = kms.create_key(Description="half")["KeyMetadata"]["KeyId"]
                entry = {"key": key}
                acknowledged.append(entry)
                entry["blob"] = kms.encrypt(KeyId=key, Plaintext=key.encode())["CiphertextBlob"]
                alias = "alias/" + key
                kms.create_alias(AliasName=alias, TargetKeyId=key)
                entry["alias"] = alias
        except LOST:
            pass

    def check(self, kms, entries):
        for entry in entries:
            self.assertEqual(kms.describe_key(KeyId=entry["key"])["KeyMetadata"]["KeyState"], "Enabled")
            if "blob" in entry:
                self.assertEqual(kms.decrypt(CiphertextBlob=entry["blob"])["Plaintext"], entry["key"].encode())
            if "alias" in entry:
                self.assertEqual(kms.describe_key(KeyId=entry["alias"])["KeyMetadata"]["KeyId"], entry["key"])

    def test_nothing_acknowledged_is_lost(self):
        choose = random.Random(6)
        everything = []
        with Dev() as dev:
            for _ in range(ROUNDS):
                acknowledged, stop = [], threading.Event()
                workers = [threading.Thread(target=self.create_until_killed, args=(dev.boto3(), acknowledged, stop))
                           for _ in range(3)]
                for worker in workers:
                    worker.start()
                time.sleep(0.05 + choose.random() * 0.6)  # the instant of the kill is the experiment
                hosts = dev.hsm_pids()
                dev.kill()
                stop.set()
                until(lambda: not any(alive(pid) for pid in hosts), 1.0, "no HSM host outlives the service by 1 s")
                for worker in workers:
                    worker.join()
                dev.start()
                self.check(dev.boto3(), acknowledged)
                everything += acknowledged

            kms = dev.boto3()
            self.check(kms, everything)
            visible = {k["KeyId"] for page in kms.get_paginator("list_keys").paginate() for k in page["Keys"]}
            aliases = {a["AliasName"] for page in kms.get_paginator("list_aliases").paginate() for a in page["Aliases"]
                       if "TargetKeyId" in a}  # not those of AWS without a key
            for key in visible:  # no half-made key is visible: every one of them works
                self.assertEqual(kms.decrypt(CiphertextBlob=kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"])
                                 ["Plaintext"], b"x")
            left = json.loads(dev.command("report", "leftovers"))
            print(f"leftovers reported: {len(left)}", flush=True)
            for entry in left:  # what no row accounts for, never a key that somebody may be using
                self.assertNotIn(entry["label"], visible)
            dev.stop()
            records = dev.audit_records()
            made = {r["responseElements"]["keyMetadata"]["keyId"] for r in records
                    if r["eventName"] == "CreateKey" and "errorCode" not in r}
            named = {r["requestParameters"]["aliasName"] for r in records
                     if r["eventName"] == "CreateAlias" and "errorCode" not in r}
            self.assertEqual(visible - made, set(), "keys without their audit record")
            self.assertEqual(aliases - named, set(), "aliases without their audit record")
            events = [r["eventID"] for r in records]
            self.assertEqual(len(events), len(set(events)), "an audit record stands twice")
        print(f"{ROUNDS} kills, {len(everything)} keys acknowledged, {len(visible)} visible", flush=True)
        self.assertGreater(len(everything), ROUNDS)


if __name__ == "__main__":
    unittest.main(verbosity=2)
