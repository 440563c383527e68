"""A connect of a key store, in which each host changes its token's PIN, is cut off by kill -9 of the service or of an HSM host: at
every step, at random instants inside C_Login and C_SetPIN, and at any instant. It always ends connected, by itself, and no token is
lost."""

import os
import random
import shutil
import signal
import tempfile
import time
import unittest

from claviger_dev import BIN, LONG, until
from faulty_key_store_rig import FaultyKeyStoreRig

ROUNDS = 300 if LONG else 12
PLANTED_ROUNDS = 300  # at most; the first lost token ends it
CONNECT_SECONDS = 0.6  # about what a connect takes
CALL_MICROSECONDS = 3000  # more than C_Login and C_SetPIN take

# Where one connect passes on one token: the login in a fresh process, that of the host, the PIN that the token draws, its
# change, the look whether it is good. `skip` counts the calls of one process.
STEPS = [(function, f"skip={skip}", when)
         for function, skips in (("C_Login", 1), ("C_GenerateRandom", 1), ("C_SetPIN", 2)) for skip in range(skips)
         for when in (0, CALL_MICROSECONDS)]  # before it can have worked, and after


class ConnectKills(FaultyKeyStoreRig):
    def set_up_store(self):
        self.cluster, zones, anchor = self.make_cluster("one", "kmsPswd-0")
        self.add_hsm(self.cluster, zones[1])
        self.store = self.make_store("first", self.cluster, anchor, "kmsPswd-0")
        self.connected(self.store)
        self.blob = self.encrypt(self.new_key(self.store))
        self.serials = self.told_serials()

    def told_serials(self):
        return [hsm["serial-number"] for hsm in self.command(self.cluster, "cluster", "hsm-info")["hsms"]]

    def tell_password(self, password):
        self.command(self.cluster, "user", "change-password", "--username", "kmsuser", "--role", "crypto-user", "--password",
                     password)
        self.kms.update_custom_key_store(CustomKeyStoreId=self.store, KeyStorePassword=password)

    def all_serve(self):
        hsms = self.command(self.cluster, "cluster", "hsm-info")["hsms"]
        return [hsm.get("host-state") for hsm in hsms] == ["serving"] * 2

    def start_again(self):
        self.dev.process.wait(10)
        self.dev.start()
        self.connect_clients()

    def connect_and_kill(self, chance, number):
        """What was killed, and where."""
        service = number % 2 == 0
        victim = self.hsms(self.cluster)[chance.randrange(2)]
        action = "kill-parent-within" if service else "kill-within"
        if number <= 2 * len(STEPS):
            function, skip, when = STEPS[(number - 1) // 2]
            return self.ordered(f"{function} {skip} where={victim} {action} {when}", service)
        if number % 4 < 2:
            function = chance.choice(("C_Login", "C_SetPIN"))
            return self.ordered(f"{function} where={victim} {action} {chance.randrange(CALL_MICROSECONDS)}", service)
        return self.at_any_instant(chance, service, victim)

    def ordered(self, rule, service):
        self.order(rule)
        self.kms.connect_custom_key_store(CustomKeyStoreId=self.store)
        if service:
            try:
                self.dev.process.wait(5)
            except Exception:  # the step was not passed: without a password nobody logs in beforehand
                pass
        else:
            self.settled(self.store)
        reached = os.path.exists(self.plan + ".applied")
        self.order()
        if service and reached:
            self.start_again()
        return rule, reached

    def at_any_instant(self, chance, service, victim):
        self.kms.connect_custom_key_store(CustomKeyStoreId=self.store)
        time.sleep(chance.uniform(0, CONNECT_SECONDS))  # the instant is what is drawn, not waited for
        if service:
            self.dev.kill()
            self.start_again()
        else:
            for pid in self.dev.hsm_pids():
                if victim in self.command_line(pid):
                    self.kill_host(pid)
        return "any instant", True

    @staticmethod
    def kill_host(pid):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass  # it ended by itself, as hosts do while a store connects

    @staticmethod
    def command_line(pid):
        try:
            with open(f"/proc/{pid}/cmdline") as line:
                return line.read()
        except FileNotFoundError:
            return ""

    def one_round(self, chance, number):
        self.disconnect(self.store)
        if number % 4 < 2 or chance.random() < 0.5:
            self.tell_password(f"kmsPswd-{number}")
        where, reached = self.connect_and_kill(chance, number)
        entry = self.settled(self.store)
        self.assertEqual(entry["ConnectionState"], "CONNECTED", f"round {number}, {where}: {entry}")
        until(self.all_serve, 60, f"round {number}, {where}: both HSMs serve")
        until(lambda: self.decrypts(self.blob), 30, f"round {number}, {where}: the key is there")
        return reached

    def restored_files(self):
        with open(self.dev.log_path, errors="replace") as log:
            return sum("put back from its shadow" in line for line in log)

    def test_a_connect_that_is_cut_off_ends_connected(self):
        self.set_up_store()
        chance = random.Random(11)
        kills = sum(self.one_round(chance, number) for number in range(1, ROUNDS + 1))
        self.assertEqual(self.told_serials(), self.serials)
        self.assertGreater(kills, ROUNDS * 3 // 4)
        print(f"{ROUNDS} connects, {kills} cut off, all ended connected; {self.restored_files()} torn files put back")


@unittest.skipUnless(LONG, "takes as many rounds as it takes")
class WithoutShadows(ConnectKills):
    """The planted fault: hosts that keep no shadow of their token's files lose a token in the end, and this rig notices."""

    @classmethod
    def dev_options(cls):
        options = super().dev_options()
        programs = tempfile.mkdtemp()
        cls.addClassCleanup(shutil.rmtree, programs)
        shutil.copy(os.path.join(BIN, "claviger"), programs)
        with open(programs + "/claviger-hsm", "w", encoding="ascii") as script:
            script.write(f'#!/bin/sh\nexec {BIN}/claviger-hsm "$@" --shadow off\n')
        os.chmod(programs + "/claviger-hsm", 0o700)
        return dict(options, programs=programs)

    def test_a_connect_that_is_cut_off_ends_connected(self):
        self.set_up_store()
        chance = random.Random(11)
        with self.assertRaises(AssertionError) as lost:
            for number in range(1, PLANTED_ROUNDS + 1):
                self.one_round(chance, number)
        print(f"without shadows: {lost.exception}")


if __name__ == "__main__":
    unittest.main(verbosity=2)
