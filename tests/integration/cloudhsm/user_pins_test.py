"""What somebody does to kmsuser's PIN at one of a cluster's tokens, and what the service tells of that HSM."""

import unittest

from claviger_dev import until
from faulty_key_store_rig import FaultyKeyStoreRig

PASSWORD = "kmsPswd-1"
USER = ["--username", "kmsuser", "--role", "crypto-user"]
CONFIGURATION = "CloudHsmClusterInvalidConfigurationException"


class UserPins(FaultyKeyStoreRig):
    @classmethod
    def dev_options(cls):
        options = super().dev_options()
        return {**options, "args": [*options["args"], "--hsms", "2"]}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        rig = cls()
        cls.cluster, zones, anchor = rig.make_cluster("one", PASSWORD)
        cls.victim = rig.hsms(cls.cluster)[0]
        rig.add_hsm(cls.cluster, zones[1])
        cls.store = rig.make_store("first", cls.cluster, anchor, PASSWORD)
        rig.connected(cls.store)
        cls.blob = rig.encrypt(rig.new_key(cls.store))

    def setUp(self):
        self.order()
        self.until_all_serve()
        self.known()

    def row(self, cluster=None, victim=None):
        rows = self.described(cluster or self.cluster)["Hsms"]
        return next((row for row in rows if row["HsmId"] == (victim or self.victim)), None)

    def known(self):
        """An officer gives the tokens a password again; every HSM serves with it."""
        self.command(self.cluster, "user", "change-password", *USER, "--password", PASSWORD)
        until(lambda: self.row()["State"] == "ACTIVE", 30, "the HSM is ACTIVE again")
        self.until_all_serve()
        self.new_key(self.store)

    def told(self):
        """What `user list` tells of kmsuser: whether he is locked, and on which HSMs he is."""
        users = {user["username"]: user for user in self.command(self.cluster, "user", "list")["users"]}
        self.assertEqual((users["admin"]["locked"], users["admin"]["cluster-coverage"]), ("false", "full"), "an account of ours")
        return users["kmsuser"]["locked"], users["kmsuser"]["cluster-coverage"]

    def hosts(self):
        return self.command(self.cluster, "cluster", "hsm-info")["hsms"]

    def until_all_serve(self):
        until(lambda: {host.get("host-state") for host in self.hosts()} == {"serving"}, 30, "all serve")

    def at_the_token(self, *words, victim=None):
        return self.token_tool(victim or self.victim, "pkcs11-tool", "--module", self.module, "--login", *words)

    def change_behind_our_back(self, victim=None):
        changed = self.at_the_token("--pin", PASSWORD, "--new-pin", "another-1", "--change-pin", victim=victim)
        self.assertEqual(changed.returncode, 0, changed.stderr)

    def guess(self, times):
        for _ in range(times):
            self.assertIn("CKR_PIN_INCORRECT", self.at_the_token("--pin", "a-guess", "-O").stderr)

    def end_host(self, *rules):
        """The HSM's host ends at its next call; `rules` stay."""
        self.order(f"* where={self.victim} kill", *rules)

        def asked():
            self.command(self.cluster, "user", "list")  # asks every token; a Decrypt may find the other HSM each time
            return "* kill" in self.reached()
        until(asked, 30, "the host is gone")
        self.assertTrue(self.decrypts(self.blob), "by the other HSM")

    def until_degraded(self, why):
        until(lambda: self.row()["State"] == "DEGRADED", 30, "it is DEGRADED")
        self.assertTrue(self.row()["StateMessage"].startswith(why), self.row())

    def no_longer_counts(self):
        self.refused(CONFIGURATION, self.kms.create_key, CustomKeyStoreId=self.store, Origin="AWS_CLOUDHSM")
        self.assertTrue(self.decrypts(self.blob))

    def test_a_changed_pin_makes_the_hsm_degraded_when_its_host_logs_in_again(self):
        self.change_behind_our_back()
        self.assertEqual(self.row()["State"], "ACTIVE")
        self.assertTrue(self.decrypts(self.blob))
        self.end_host()
        self.until_degraded("user PIN unknown")
        self.assertEqual(self.told(), ("false", "partial"))
        self.no_longer_counts()
        self.restart()
        until(lambda: self.decrypts(self.blob), 30, "the other HSM serves")
        self.until_degraded("user PIN unknown")
        self.no_longer_counts()
        self.known()

    def test_a_locked_pin_makes_the_hsm_degraded_until_an_officer_unlocks_it(self):
        limit = "C_Login pin-limit 3"
        self.order(limit)
        self.assertEqual(self.told(), ("false", "full"))
        self.guess(3)
        self.assertEqual(self.row()["State"], "ACTIVE")
        self.assertEqual(self.told(), ("true", "full"), "its host serves, and sees it")
        self.end_host(limit)
        self.until_degraded("user PIN locked")
        self.assertEqual(self.told(), ("true", "full"))
        self.no_longer_counts()
        self.known()
        self.assertEqual(self.told(), ("false", "full"))

    def test_a_new_password_replaces_a_pin_that_nobody_knows_while_its_host_serves(self):
        self.change_behind_our_back()
        self.known()
        self.order("C_Login pin-limit 3")
        self.guess(3)
        self.known()
        listed = self.at_the_token("--pin", PASSWORD, "-O")
        self.assertEqual(listed.returncode, 0, listed.stderr)

    def test_what_came_of_a_disconnected_store_is_mended_as_well(self):
        self.change_behind_our_back()
        self.end_host()
        self.until_degraded("user PIN unknown")
        self.disconnect(self.store)
        self.assertEqual(self.row()["State"], "DEGRADED")
        self.assertEqual(self.told(), ("false", "partial"))
        self.command(self.cluster, "user", "change-password", *USER, "--password", PASSWORD)
        self.assertEqual(self.row()["State"], "ACTIVE")
        self.connected(self.store)

    def test_the_last_hsm_can_be_deleted_all_the_same(self):
        cluster, zones, anchor = self.make_cluster("two", PASSWORD)
        only = self.hsms(cluster)[0]
        self.add_hsm(cluster, zones[1])  # a store is made with two
        store = self.make_store("second", cluster, anchor, PASSWORD)
        self.connected(store)
        other = next(hsm for hsm in self.hsms(cluster) if hsm != only)
        self.hsm.delete_hsm(ClusterId=cluster, HsmId=other)
        until(lambda: self.row(cluster, other) is None, 60, "one is left")
        self.command(cluster, "user", "change-password", *USER, "--password", PASSWORD)
        self.change_behind_our_back(only)
        self.restart()
        until(lambda: self.row(cluster, only)["State"] == "DEGRADED", 30, "it is DEGRADED")
        self.disconnect(store)
        self.hsm.delete_hsm(ClusterId=cluster, HsmId=only)
        until(lambda: "a second DeleteHsm deletes it" in self.row(cluster, only)["StateMessage"], 60, "it can sign no backup")
        self.assertEqual(self.row(cluster, only)["State"], "DEGRADED", "though no host runs that could find it again")
        self.hsm.delete_hsm(ClusterId=cluster, HsmId=only)
        until(lambda: self.row(cluster, only) is None, 60, "it is deleted")

    def test_an_hsm_that_is_away_stays_active(self):
        """Nothing that is missing says anything of a PIN."""
        self.order(f"C_GetTokenInfo times=always where={self.victim} rv 0xE0", f"* skip=1 where={self.victim} kill")
        until(lambda: self.decrypts(self.blob) and "* kill" in self.reached(), 30, "the host is gone")
        until(lambda: any(host["hsm-id"] == self.victim and host["host-state"] != "serving" and int(host["restarts"]) > 4
                          for host in self.hosts()), 30, "it was started in vain, and more than once")
        self.assertEqual(self.row()["State"], "ACTIVE")
        self.new_key(self.store)


if __name__ == "__main__":
    unittest.main(verbosity=2)
