"""HSM hosts are killed and stopped under load by a client that never retries; no request may fail.

Short form by default; CLAVIGER_LONG=1 runs 100 kills and 20 stops of 5 s.
"""

import glob
import os
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
import unittest

from claviger_dev import BIN, LONG, Dev, until
from fault_load import Load

KILLS, STOPS, STOP_SECONDS = (100, 20, 5.0) if LONG else (12, 2, 2.0)
QUIET_SECONDS = 10 if LONG else 3


def hosts(dev):
    """pid -> start time in clock ticks, of the HSM hosts that live now; cheap enough to poll."""
    found = {}
    for task in os.listdir(f"/proc/{dev.process.pid}/task"):
        try:
            with open(f"/proc/{dev.process.pid}/task/{task}/children") as children:
                pids = [int(pid) for pid in children.read().split()]
        except OSError:
            continue
        for pid in pids:
            try:
                with open(f"/proc/{pid}/comm") as comm, open(f"/proc/{pid}/stat") as stat:
                    fields = stat.read().rsplit(")", 1)[1].split()
                    if comm.read().startswith("claviger-hsm") and fields[0] != "Z":
                        found[pid] = int(fields[19])
            except OSError:
                continue
    return found


def holder(path):
    """The process that holds this lock file, by /proc/locks; None if nobody does."""
    inode = os.stat(path).st_ino
    with open("/proc/locks", encoding="ascii") as locks:
        for fields in (line.split() for line in locks):
            if fields[1] == "FLOCK" and fields[5].endswith(f":{inode}"):
                return int(fields[4])
    return None


def serving(dev):
    return sum(1 for key, value in dev.metrics().items() if key.startswith("claviger_hsm_serving{") and value == 1)


class HsmFaults(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.random = random.Random(20)
        cls.dev = Dev().__enter__()
        until(lambda: serving(cls.dev) == 3, 20, "three HSMs serve")

    @classmethod
    def tearDownClass(cls):
        cls.dev.__exit__(None, None, None)

    def all_serve_again(self, *gone):
        """Seconds until three hosts serve, none of them a process of `gone`: what the service says of a host
        that was killed this instant may still be its past."""
        begun = time.monotonic()

        def back():
            alive = hosts(self.dev)
            return len(alive) == 3 and not any(pid in alive for pid in gone) and serving(self.dev) == 3
        until(back, 15, "every HSM serves again")
        return time.monotonic() - begun

    def test_1_kills_stops_and_double_kills(self):
        load = Load(self.dev)
        time.sleep(QUIET_SECONDS)  # the length of a measurement, not a synchronisation
        quiet = load.end_phase("quiet")

        slowest_return = 0.0
        for round_number in range(KILLS):
            before = hosts(self.dev)
            killed = [self.random.choice(sorted(before))]
            os.kill(killed[0], signal.SIGKILL)
            if round_number % 2 != 0:
                # The host that just came up, within the first 20 ms of its life: while it logs in.
                fresh = until(lambda: [pid for pid in hosts(self.dev) if pid not in before], 15, "a new host")[0]
                time.sleep(self.random.random() * 0.02)
                killed.append(fresh)
                try:
                    os.kill(fresh, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            slowest_return = max(slowest_return, self.all_serve_again(*killed))
        kills = load.end_phase("kills")
        print(f"slowest return of a killed host: {slowest_return:.2f} s", flush=True)

        for _ in range(STOPS):
            victim = self.random.choice(sorted(hosts(self.dev)))
            os.kill(victim, signal.SIGSTOP)
            time.sleep(STOP_SECONDS)
            try:
                os.kill(victim, signal.SIGCONT)
            except ProcessLookupError:
                pass  # the supervisor gave it up and replaced it
            self.all_serve_again()
        stops = load.end_phase("stops")

        victims = self.random.sample(sorted(hosts(self.dev)), 2)
        for victim in victims:
            os.kill(victim, signal.SIGKILL)
        self.all_serve_again(*victims)
        time.sleep(0.5)
        double = load.end_phase("double kill")
        load.close()

        for name, figures in (("quiet", quiet), ("kills", kills), ("stops", stops), ("double", double)):
            self.assertEqual((figures["failed"], figures["wrong"]), (0, 0), f"{name}: {figures}")
            self.assertGreater(figures["requests"], 100, name)
        self.assertLessEqual(kills["p99_ms"], 50)
        self.assertLessEqual(max(kills["max_ms"], double["max_ms"]), 400)
        self.assertLessEqual(stops["max_ms"], 1000)
        self.assertLessEqual(slowest_return, 2.0)

    def test_4_signatures_and_macs_under_kills(self):
        load = Load(self.dev, work="signing")
        time.sleep(QUIET_SECONDS)  # the length of a measurement
        load.end_phase("quiet, signing")
        for _ in range(KILLS):
            victim = self.random.choice(sorted(hosts(self.dev)))
            os.kill(victim, signal.SIGKILL)
            self.all_serve_again(victim)
        kills = load.end_phase("kills, signing")
        load.close()
        self.assertEqual((kills["failed"], kills["wrong"]), (0, 0), kills)
        self.assertGreater(kills["requests"], 100)

    def encrypt_five_times(self, kms, key):
        """The slowest answer in seconds, and the last error."""
        slowest, error = 0.0, None
        for _ in range(5):
            begun = time.monotonic()
            try:
                kms.encrypt(KeyId=key, Plaintext=b"x")
            except kms.exceptions.ClientError as caught:
                error = caught
            slowest = max(slowest, time.monotonic() - begun)
        return slowest, error

    def assert_server_error(self, error):
        self.assertIsNotNone(error)
        self.assertEqual(error.response["ResponseMetadata"]["HTTPStatusCode"], 500)
        self.assertIn(error.response["Error"]["Code"], ("KeyUnavailableException", "KMSInternalException", "DependencyTimeoutException"))

    def test_2_all_hosts_dead_is_a_quick_server_error_and_service_resumes(self):
        kms = self.dev.boto3()
        key = kms.create_key()["KeyMetadata"]["KeyId"]
        stop = threading.Event()

        def kill_whatever_starts():
            while not stop.is_set():
                for pid in hosts(self.dev):
                    try:
                        os.kill(pid, signal.SIGKILL)
                    except ProcessLookupError:
                        pass
                stop.wait(0.002)
        killer = threading.Thread(target=kill_whatever_starts)
        killer.start()
        until(lambda: serving(self.dev) == 0, 5, "no HSM serves")
        slowest, error = self.encrypt_five_times(kms, key)
        stop.set()
        killer.join()
        until(lambda: hosts(self.dev), 15, "a host starts")
        begun = time.monotonic()

        def works():
            try:
                return kms.encrypt(KeyId=key, Plaintext=b"x")
            except kms.exceptions.ClientError:
                return None
        until(works, 15, "service resumes")
        resumed = time.monotonic() - begun
        print(f"all dead: {slowest * 1000:.0f} ms to {error}; back after {resumed:.2f} s", flush=True)
        self.assert_server_error(error)
        self.assertLessEqual(slowest, 0.2)
        self.assertLessEqual(resumed, 2.0)
        self.all_serve_again()

    def test_3_all_hosts_hang_is_a_quick_server_error_once_that_is_known(self):
        kms = self.dev.boto3()
        key = kms.create_key()["KeyMetadata"]["KeyId"]
        stopped = sorted(hosts(self.dev))
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        first, error = self.encrypt_five_times(kms, key)
        self.assert_server_error(error)
        slowest, error = self.encrypt_five_times(kms, key)
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)
        print(f"all hang: {first * 1000:.0f} ms, then {slowest * 1000:.0f} ms to {error}", flush=True)
        self.assert_server_error(error)
        self.assertLessEqual(first, 1.0)
        self.assertLessEqual(slowest, 0.25)
        self.assertLessEqual(self.all_serve_again(), 2.0)


class Shadow(unittest.TestCase):
    """Hosts killed while they log in, which is when SoftHSM has its token's file open and empty."""

    def test_the_shadow_keeps_the_token(self):
        with Dev() as dev:
            self.assertEqual(self.kill_logins(dev, 40 if LONG else 5), 0)

    def test_without_it_a_token_is_lost(self):
        """The planted fault."""
        programs = tempfile.mkdtemp(prefix="claviger-programs-")
        self.addCleanup(shutil.rmtree, programs)
        shutil.copy(os.path.join(BIN, "claviger"), programs)
        host = os.path.join(programs, "claviger-hsm")
        with open(host, "w", encoding="ascii") as script:
            script.write(f'#!/bin/sh\nexec {os.path.join(BIN, "claviger-hsm")} "$@" --shadow off\n')
        os.chmod(host, 0o700)
        with Dev(programs=programs) as dev:
            self.assertGreater(self.kill_logins(dev, 100), 0)

    def kill_logins(self, dev, count):
        """The number of the kill that lost the token; 0 if none of `count` did."""
        until(lambda: serving(dev) == 3, 20, "three HSMs serve")
        (token,) = glob.glob(dev.data + "/hsm/hsm-a/tokens/*/token.object")
        for kill in range(1, count + 1):
            first = until(lambda: holder(dev.data + "/hsm/hsm-a/lock"), 5, "a host holds the lock")
            os.kill(first, signal.SIGKILL)
            until(lambda: holder(dev.data + "/hsm/hsm-a/lock") != first, 5, "its end lets go of the lock")
            self.kill_while_writing(dev, token)
            if until(lambda: self.settled(dev), 30, "every host serves or has lost its token") == "lost":
                print(f"token lost by kill {kill}", flush=True)
                return kill
        return 0

    def kill_while_writing(self, dev, token):
        """Kills the host that starts when it has truncated its token's file and not yet filled it, if that can be caught."""
        whole = os.stat(token).st_size
        pid = until(lambda: holder(dev.data + "/hsm/hsm-a/lock"), 5, "a host starts")  # it logs in after that
        limit = time.monotonic() + 5
        while time.monotonic() < limit:
            if os.stat(token).st_size < whole:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
                return

    def settled(self, dev):
        with open(dev.log_path, encoding="utf-8", errors="replace") as log:
            text = log.read()
        if "finds no token with serial" in text:
            return "lost"
        return "good" if serving(dev) == 3 and len(hosts(dev)) == 3 else None


if __name__ == "__main__":
    print(f"kills {KILLS}, stops {STOPS} of {STOP_SECONDS} s", flush=True)
    sys.exit(unittest.main(verbosity=2))
