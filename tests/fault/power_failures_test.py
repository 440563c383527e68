"""Power failures: a recorder below everything that the service and its HSM hosts write, and the disks that could be left.

The service is recorded while it is founded, works, loses hosts and is started again. From the recording come disks in
which what was not yet synced is missing, torn or out of order, in the store, the audit files and the tokens. On each of
them the service must start with every HSM, know all that it had acknowledged, and its audit files must verify.
Short form by default; CLAVIGER_LONG=1 looks at 2,000 disks.
"""

import concurrent.futures
import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

import disk_recorder
from claviger_dev import BIN, LONG, Dev, until

DISKS = 2000 if LONG else 40
PLANTED = 60  # tried at most, until the planted fault shows
WORKERS = os.cpu_count() or 1


def serving(dev):
    return sum(1 for key, value in dev.metrics().items() if key.startswith("claviger_hsm_serving{") and value == 1)


def all_serve(dev):
    until(lambda: serving(dev) == 3, 20, "three HSMs serve")


# The store forgets audit records that are on the disk, many at a time (src/store/sqlite/batches.cpp): more changes than
# that, so that it does.
CHANGES = 300


class Acknowledged:
    """What the service said is done, and when it had said it."""

    def __init__(self):
        self.keys = []     # (time, key id, ciphertext of the key id)
        self.aliases = []  # (time, alias name, key id)
        self.ready = None

    def work(self, kms, count):
        for _ in range(count):
            key = kms.create_key()["KeyMetadata"]["KeyId"]
            blob = kms.encrypt(KeyId=key, Plaintext=key.encode())["CiphertextBlob"]
            self.keys.append((time.time(), key, blob))
            kms.create_alias(AliasName="alias/" + key, TargetKeyId=key)
            self.aliases.append((time.time(), "alias/" + key, key))


def record(home, acknowledged):
    """Runs the service under the recorder; the recording of its data directory."""
    data = os.path.join(home, "data")
    os.mkdir(data, 0o700)
    logs = [os.path.join(home, f"log{run}") for run in range(2)]
    for log in logs:  # the second start finds what the first one left, as after any restart
        dev = Dev(data=data, runner=disk_recorder.command(log))
        with dev:
            acknowledged.ready = acknowledged.ready or time.time()
            all_serve(dev)
            kms = dev.boto3()
            acknowledged.work(kms, 4)
            for victim in dev.hsm_pids()[:2]:  # a host that starts logs in: the token's files are written anew
                os.kill(victim, signal.SIGKILL)
                acknowledged.work(kms, 3)
                until(lambda gone=victim: gone not in dev.hsm_pids() and serving(dev) == 3, 20, "the host is back")
            for number in range(CHANGES if log == logs[0] else 0):
                kms.update_key_description(KeyId=acknowledged.keys[0][1], Description=str(number))
            acknowledged.work(kms, 4)
        until(lambda whole=log: os.path.exists(whole), 20, "the recorder has written all")
    return data, logs


def audit_problem(dev, keys, aliases):
    verified = subprocess.run([os.path.join(BIN, "claviger"), "audit", "verify", os.path.join(dev.data, "audit")],
                              check=False, capture_output=True, text=True)
    if verified.returncode != 0:
        return "audit files do not verify: " + verified.stdout + verified.stderr
    records = [record for record in dev.audit_records() if "errorCode" not in record]
    made = [record["responseElements"]["keyMetadata"]["keyId"] for record in records
            if record["eventName"] == "CreateKey"]
    named = [record["requestParameters"]["aliasName"] for record in records if record["eventName"] == "CreateAlias"]
    for what, wanted, found in (("key", keys, made), ("alias", aliases, named)):
        for name in wanted:
            if found.count(name) != 1:
                return f"{what} {name} has {found.count(name)} audit records"
    return None


def problem_of(disk, moment, acknowledged, where):
    """Starts the service on a disk that a power failure left; what is wrong with it, or None."""
    keys = [(key, blob) for time_, key, blob in acknowledged.keys if time_ < moment]
    aliases = [(alias, key) for time_, alias, key in acknowledged.aliases if time_ < moment]
    disk_recorder.write_tree(disk, where)
    dev = Dev(data=where)
    try:
        dev.start()
        all_serve(dev)
        kms = dev.boto3()
        for key, blob in keys:
            if kms.decrypt(CiphertextBlob=blob)["Plaintext"] != key.encode():
                return f"key {key} decrypts wrongly"
        for alias, key in aliases:
            if kms.describe_key(KeyId=alias)["KeyMetadata"]["KeyId"] != key:
                return f"{alias} names another key"
        dev.stop()
        return audit_problem(dev, [key for key, _ in keys], [alias for alias, _ in aliases])
    except Exception as problem:  # whatever it is, it is what this disk did to the service
        with open(dev.log_path, errors="replace") as log:
            return f"{type(problem).__name__}: {problem}\n{log.read()[-4000:]}"
    finally:
        dev.kill()
        os.unlink(dev.log_path)


class PowerFailures(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.home = tempfile.mkdtemp(prefix="cp-")
        cls.acknowledged = Acknowledged()
        cls.data, cls.logs = record(cls.home, cls.acknowledged)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.home)

    def recording(self, unsynced=None):
        return disk_recorder.Recording(self.logs, self.data, unsynced)

    def problems(self, recording, disks):
        """What is wrong with each of `disks` power failures, most of them after the first answer; in the order found."""
        chance = random.Random(6)
        ready = next(index for index, event in enumerate(recording.events) if event.time > self.acknowledged.ready)

        def one(number, end):
            disk = recording.disk_after(end, random.Random(number))
            where = tempfile.mkdtemp(prefix="disk", dir=self.home)
            problem = problem_of(disk, recording.events[end - 1].time, self.acknowledged, where)
            shutil.rmtree(where)
            return problem and f"disk {number}, event {end}: {problem}"
        with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
            jobs = [pool.submit(one, number, chance.randrange(1 if number % 20 == 0 else ready, len(recording.events)) + 1)
                    for number in range(disks)]
            try:
                for job in concurrent.futures.as_completed(jobs):
                    if job.result():
                        yield job.result()
            finally:
                pool.shutdown(cancel_futures=True)

    def test_1_the_recorder_sees_every_write(self):
        self.assertEqual(self.recording().differences(), [])

    def test_2_nothing_acknowledged_is_lost(self):
        recording = self.recording()
        begun = time.monotonic()
        problems = list(self.problems(recording, DISKS))
        print(f"{DISKS} disks of {len(recording.events)} events, {len(self.acknowledged.keys)} keys acknowledged: "
              f"{len(problems)} bad, {time.monotonic() - begun:.0f} s", flush=True)
        self.assertEqual(problems[:10], [])

    def test_3_a_sync_that_is_missing_is_found(self):
        for what, pattern in (("the store's log", r"store\.db-wal$"), ("audit files", r"/audit/"),
                              ("token shadows", r"/shadow(\.new)?/")):
            with self.subTest(what):
                found = next(self.problems(self.recording(unsynced=pattern), PLANTED), None)
                print(f"without syncs of {what}: {found}", flush=True)
                self.assertIsNotNone(found)


if __name__ == "__main__":
    unittest.main(verbosity=2)
