"""Tokens of an operator: how they are given back, and who their officer is."""

import json
import os
import subprocess
import unittest

from claviger_dev import BIN, until
from operator_pool import PASSWORD, OperatorPool

WAITING = "waiting for its officer: run claviger cloudhsm hsm enroll"


class Officers(OperatorPool):
    labels = ("plain", "anew", "private", "member", "asked", "passed-over")

    @classmethod
    def prepare(cls):
        cls.tokens.as_user("private", "--keygen", "--key-type", "AES:32", "--label", "theirs", "--private", "--sensitive")

    @classmethod
    def how(cls, label):
        if label in ("asked", "passed-over"):
            return 'officer = "operator"'
        return super().how(label) + ('\nwipe = "init-token"' if label in ("anew", "private") else "")

    def test_a_token_is_given_back_as_new_if_its_operator_says_so(self):
        for label, left in (("plain", "theirs"), ("anew", "")):
            cluster = self.empty_cluster()
            hsm = self.take(cluster, label)
            self.tokens.as_officer(label, "--write-object", self.tokens.pin_file(label), "--type", "data", "--label", "theirs")
            self.delete(cluster, hsm)
            self.assertNotIn("not_wiped", self.logged(hsm))
            token = self.tokens.token(label)
            self.assertIn(self.tokens.serials[label], token)
            self.assertEqual("PIN initialized" in token, label == "plain", token)
            objects = self.tokens.objects(label)
            if left:
                self.assertIn(left, objects)
            else:
                self.assertEqual(objects, "")
        self.tokens.empty("plain")
        cluster = self.empty_cluster()
        self.delete(cluster, self.take(cluster, "anew"))

    def test_nothing_is_initialised_that_was_never_taken(self):
        self.tokens.as_officer("anew", "--write-object", self.tokens.pin_file("anew"), "--type", "data", "--label", "theirs")
        self.assertIn("is not empty", self.why_not(self.empty_cluster(), "anew"))
        self.assertIn("theirs", self.tokens.objects("anew"))
        self.tokens.empty("anew")

    def test_a_stranger_s_private_key_outlives_a_token_that_was_taken_in_part(self):
        """Only the token's user sees it, so the token is changed before it is found."""
        self.assertIn("is not empty", self.why_not(self.empty_cluster(), "private"))
        self.assertIn("theirs", self.tokens.objects("private"))

    def enroll(self, cluster, hsm, pin, asked=False):
        """What the command says; the error is a sentence. `asked`: it is not told the PIN, and asks for it."""
        words = [] if asked else ["--password", pin]
        ran = subprocess.run([os.path.join(BIN, "claviger"), "cloudhsm", "--data", self.dev.data, "--cluster-id", cluster,
                              "hsm", "enroll", "--hsm-id", hsm, *words], input=pin + "\n", capture_output=True, text=True,
                             timeout=120, check=False)
        return ran.returncode, json.loads(ran.stdout[ran.stdout.index("{"):])["data"]

    def begin_waiting(self, cluster, label):
        hsm = self.begin_hsm(cluster, self.zone(label))
        self.until_it_waits(cluster, hsm)
        return hsm

    def until_it_waits(self, cluster, hsm):
        until(lambda: self.row(cluster, hsm).get("StateMessage") == WAITING, 30, "it waits for its officer")
        self.assertEqual(self.row(cluster, hsm)["State"], "CREATE_IN_PROGRESS")

    def test_an_hsm_whose_officer_is_asked(self):
        tokens = self.tokens
        cluster = self.empty_cluster()
        self.take(cluster, "member")
        anchor = self.initialize(cluster)
        hsm = self.begin_waiting(cluster, "asked")
        self.dev.restart()
        self.connect_clients()
        self.until_it_waits(cluster, hsm)
        self.assertEqual(tokens.as_user("asked", "-O"), "", "nothing of the token was changed")
        self.assertIn("longer than any PIN", self.enroll(cluster, hsm, "9" * 256)[1])
        status, why = self.enroll(cluster, hsm, "not-the-officers")
        self.assertEqual(status, 1)
        self.assertIn("that is not its officer's PIN", why)
        self.until_it_waits(cluster, hsm)
        self.assertEqual(self.enroll(cluster, hsm, tokens.officer_pin("asked"))[0], 0)
        self.assertEqual(self.row(cluster, hsm)["State"], "ACTIVE")
        self.assertIn("does not wait", self.enroll(cluster, hsm, "whatever")[1])
        store = self.make_store("asked", cluster, anchor, PASSWORD)
        self.connected(store)
        blob = self.encrypt(self.new_key(store))
        self.loses_its_user_pin(cluster, hsm, blob)
        self.assert_no_officer_pin("asked")
        self.delete(cluster, hsm)
        self.assertNotIn("not_wiped", self.logged(hsm))
        self.assertEqual(tokens.objects("asked"), "", "nobody was asked, and nothing of ours is left")
        self.assertTrue(self.decrypts(blob))
        hsm = self.begin_waiting(cluster, "asked")
        self.assertEqual(self.enroll(cluster, hsm, tokens.officer_pin("asked"))[0], 0)

    def loses_its_user_pin(self, cluster, hsm, blob):
        self.tokens.as_officer("asked", "--init-pin", "--new-pin", "of-somebody-else")
        self.dev.restart()
        self.connect_clients()
        until(lambda: self.row(cluster, hsm)["State"] == "DEGRADED", 60, "its PIN is another one")
        self.assertIn(f"claviger cloudhsm hsm enroll --hsm-id {hsm} gives it another", self.row(cluster, hsm)["StateMessage"])
        logged = self.logged(hsm)
        self.assertIn(hsm, logged)
        self.assertNotIn("estore", logged, "one remedy is told, where there are others")
        with self.assertRaisesRegex(AssertionError, "hsm enroll"):
            self.command(cluster, "user", "change-password", "--username", "kmsuser", "--role", "crypto-user", "--password",
                         PASSWORD)
        self.assertIn("that is not its officer's PIN", self.enroll(cluster, hsm, "not-the-officers")[1])
        self.assertEqual(self.enroll(cluster, hsm, self.tokens.officer_pin("asked"))[0], 0)
        self.assertEqual(self.row(cluster, hsm)["State"], "ACTIVE")
        self.assertIn("does not wait", self.enroll(cluster, hsm, "whatever")[1])
        until(lambda: self.decrypts(blob), 30, "the store is connected")

    def test_an_hsm_that_waits_can_be_deleted(self):
        cluster = self.empty_cluster()
        hsm = self.begin_waiting(cluster, "passed-over")
        self.delete(cluster, hsm)
        self.assertNotIn("not_wiped", self.logged(hsm))
        self.assertEqual(self.tokens.as_user("passed-over", "-O"), "")
        hsm = self.begin_waiting(cluster, "passed-over")
        self.assertEqual(self.enroll(cluster, hsm, self.tokens.officer_pin("passed-over"), asked=True)[0], 0)
        self.assertEqual(self.row(cluster, hsm)["State"], "ACTIVE")
        self.initialize(cluster)
        second = self.begin_hsm(cluster, self.zone("plain"))
        # Nobody is asked for the officer of the only member: the wrapping key comes from the recovery key's holder.
        self.until_waiting(cluster, second)
        self.delete(cluster, second)
        self.cannot_be_wiped(cluster, hsm)

    def cannot_be_wiped(self, cluster, hsm):
        """Neither its host can log in to it, nor is its officer asked."""
        self.tokens.as_officer("passed-over", "--init-pin", "--new-pin", "of-somebody-else")
        self.dev.restart()
        self.connect_clients()
        until(lambda: self.row(cluster, hsm)["State"] == "DEGRADED", 60, "its PIN is another one")
        self.hsm.delete_hsm(ClusterId=cluster, HsmId=hsm)
        until(lambda: "a second DeleteHsm" in self.row(cluster, hsm)["StateMessage"], 60, "it can sign no backup")
        self.delete(cluster, hsm)
        self.assertIn("cloudhsm.hsm_not_wiped", self.logged(hsm))
        self.assertIn("claviger-", self.tokens.objects("passed-over"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
