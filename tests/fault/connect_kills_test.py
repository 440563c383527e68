"""A connect of a key store is cut off at a random instant, by kill -9 of the service or of an HSM host: it always ends
connected, by itself, and no token is lost."""

import os
import random
import signal
import time
import unittest

from claviger_dev import LONG, until
from key_store_rig import KeyStoreRig

ROUNDS = 300 if LONG else 6
CONNECT_SECONDS = 0.6  # about what a connect takes


class ConnectKills(KeyStoreRig):
    def set_up_store(self):
        cluster, zones, anchor = self.make_cluster("one", "kmsPswd-0")
        self.add_hsm(cluster, zones[1])
        store = self.make_store("first", cluster, anchor, "kmsPswd-0")
        self.connected(store)
        return cluster, store, self.encrypt(self.new_key(store))

    def tell_password(self, cluster, store, password):
        self.command(cluster, "user", "change-password", "--username", "kmsuser", "--role", "crypto-user", "--password",
                     password)
        self.kms.update_custom_key_store(CustomKeyStoreId=store, KeyStorePassword=password)

    def kill_service(self):
        self.dev.kill()
        self.dev.start()
        self.connect_clients()

    def kill_host(self, cluster, chance):
        names = [hsm["HsmId"] for hsm in self.described(cluster)["Hsms"]]
        victims = [pid for pid in self.dev.hsm_pids() if any(name in self.command_line(pid) for name in names)]
        for victim in victims[:1] if chance.random() < 0.5 else victims[1:]:
            try:
                os.kill(victim, signal.SIGKILL)
            except ProcessLookupError:
                pass  # it ended by itself, as hosts do while a store connects

    @staticmethod
    def command_line(pid):
        try:
            with open(f"/proc/{pid}/cmdline") as line:
                return line.read()
        except FileNotFoundError:
            return ""

    def all_serve(self, cluster):
        hsms = self.command(cluster, "cluster", "hsm-info")["hsms"]
        return [hsm.get("host-state") for hsm in hsms] == ["serving"] * 2

    def test_a_connect_that_is_cut_off_ends_connected(self):
        cluster, store, blob = self.set_up_store()
        chance = random.Random(11)
        for number in range(1, ROUNDS + 1):
            self.disconnect(store)
            if number % 2:
                self.tell_password(cluster, store, f"kmsPswd-{number}")
            self.kms.connect_custom_key_store(CustomKeyStoreId=store)
            time.sleep(chance.uniform(0, CONNECT_SECONDS))  # the instant is what is drawn, not waited for
            if number % 3:
                self.kill_service()
            else:
                self.kill_host(cluster, chance)
            entry = self.settled(store)
            self.assertEqual(entry["ConnectionState"], "CONNECTED", f"round {number}: {entry}")
            until(lambda: self.all_serve(cluster), 60, f"round {number}: both HSMs serve")
            until(lambda: self.decrypts(blob), 30, f"round {number}: the key is there")
        print(f"{ROUNDS} connects cut off, all ended connected")


if __name__ == "__main__":
    unittest.main(verbosity=2)
