"""`[[hsm]]` entries that name a token which exists: CreateHsm takes it, DeleteHsm gives it back empty, and neither of two owners
ever finds the other's objects on it. Tokens of softhsm2-util, with an officer's PIN in a file."""

import json
import os
import unittest

from claviger_dev import until
from operator_pool import PASSWORD, SPARE, OperatorPool


class OperatorTokensTest(OperatorPool):
    labels = ("first", "second", "absent", "readable", "wrong-pin", "public", "private", "cluster", "cut-off", "officer", SPARE)

    @classmethod
    def prepare(cls):
        cls.tokens.serials["absent"] = "0123456789abcdef"
        cls.tokens.write_pin("readable", cls.tokens.officer_pin("readable"), 0o644)
        cls.tokens.write_pin("wrong-pin", "not-the-officers")
        for label, name in (("public", "mine"), ("cluster", "claviger-certificate-cluster")):
            cls.tokens.as_user(label, "--write-object", cls.tokens.pin_file(label), "--type", "data", "--label", name)
        cls.tokens.as_user("private", "--keygen", "--key-type", "AES:32", "--label", "mine", "--private", "--sensitive")

    def test_a_token_is_taken_given_back_and_taken_again(self):
        cluster, other = self.empty_cluster(), self.empty_cluster()
        self.take(cluster, "first")
        self.assertIn("No HSM is free", self.refused("CloudHsmInvalidRequestException", self.hsm.create_hsm, ClusterId=other,
                                                     AvailabilityZone=self.zone("first")))
        anchor = self.initialize(cluster)
        second = self.take(cluster, "second")
        self.assertEqual(self.serials(cluster), {self.tokens.serials[label] for label in ("first", "second")})
        store = self.make_store("operator", cluster, anchor, PASSWORD)
        self.connected(store)
        key = self.new_key(store)
        blob = self.encrypt(key)

        self.delete(cluster, second)
        self.assertEqual(self.tokens.objects("second"), "", "it is given back empty, and its officer's PIN is his own still")
        self.assertEqual(self.decrypt(blob), b"secret")
        second = self.take(cluster, "second")
        self.assertEqual(self.decrypt(blob), b"secret")
        self.dev.restart()
        self.connect_clients()
        until(lambda: self.decrypts(blob), 60, "the tokens are found again")
        for label in ("first", "second"):
            self.assert_no_officer_pin(label)
        self.an_entry_is_missed(cluster, second, blob)

    def an_entry_is_missed(self, cluster, hsm, blob):
        """The others serve, and nobody else gets its token."""
        def restart_with(names, serials):
            self.dev.names, self.dev.serials = names, serials
            self.dev.restart()
            self.connect_clients()
            until(lambda: self.decrypts(blob), 60, "the other HSM serves")

        def until_told(state, message):
            until(lambda: (self.row(cluster, hsm)["State"], self.row(cluster, hsm)["StateMessage"]) == (state, message), 30,
                  f"{state} {message}, not {self.row(cluster, hsm)}")

        restart_with({"second": "renamed"}, {})
        until_told("DEGRADED", "its [[hsm]] 'second' is not in the configuration: put it back.")
        told = [one for one in json.loads(self.dev.command("status"))["hsms"] if one["cluster"] == cluster]
        self.assertEqual(sorted(one["state"] for one in told), ["no entry", "serving"])
        self.assertEqual([value for name, value in self.dev.metrics().items()
                          if name.startswith("claviger_hsm_serving{") and hsm in name], [0])
        self.assertIn("No HSM is free", self.refused("CloudHsmInvalidRequestException", self.hsm.create_hsm,
                                                     ClusterId=self.empty_cluster(), AvailabilityZone=self.zone("second")))
        serial = self.tokens.serials["second"]
        restart_with({}, {"second": "0006000600060006"})
        until_told("DEGRADED", f"its [[hsm]] 'second' names another serial: put {serial} back.")
        conf = self.dev.env.pop("SOFTHSM2_CONF")
        self.dev.restart()
        self.dev.env["SOFTHSM2_CONF"] = conf
        self.connect_clients()
        until(lambda: any("SOFTHSM2_CONF" in one.get("last-error", "")
                          for one in self.command(cluster, "cluster", "hsm-info")["hsms"]), 30, "how SoftHSM finds tokens")
        restart_with({}, {})
        until_told("ACTIVE", "Its [[hsm]] is in the configuration again.")
        until(lambda: {one["host-state"] for one in self.command(cluster, "cluster", "hsm-info")["hsms"]} == {"serving"}, 30,
              "both serve")

    def test_what_is_refused(self):
        tokens = self.tokens
        self.assertRegex(self.logged("pool.entry_not_usable"), "hsm=readable .*chmod 0600")
        cluster = self.empty_cluster()
        self.assertIn("no initialized token with this serial", self.why_not(cluster, "absent"))
        self.assertIn("chmod 0600", self.why_not(cluster, "readable"))
        os.unlink(tokens.pin_file("readable"))
        self.assertIn("officer-pin-file cannot be opened: No such file", self.why_not(cluster, "readable"))
        self.assertIn("is not empty (objects on it: 1)", self.why_not(cluster, "public"))
        self.assertIn("is of a cluster already", self.why_not(cluster, "cluster"))
        self.assertIn("is not empty (objects on it: 1)", self.why_not(cluster, "private"))
        for label in ("public", "cluster"):
            self.assertNotEqual(tokens.as_user(label, "-O"), "", "nothing of it was changed, its user's PIN included")
        self.assertIn("mine", tokens.objects("private"))

        self.assertIn("officer-pin-file is not taken", self.why_not(cluster, "wrong-pin"))
        tokens.write_pin("wrong-pin", tokens.officer_pin("wrong-pin"))
        message = self.why_not(cluster, "wrong-pin")
        self.assertIn("officer-pin-file was not tried", message, "no second attempt is made by itself")
        self.assertIn("COUNT_LOW", message)
        self.assertIn("--login-type so", message)
        tokens.write_pin("wrong-pin", "not-the-officers")
        tokens.objects("wrong-pin")
        self.assertIn("PIN_INCORRECT", self.why_not(cluster, "wrong-pin"))
        tokens.objects("wrong-pin")  # whose login of the officer ends the token's warning
        self.assertIn("it was refused before", self.why_not(cluster, "wrong-pin"))
        tokens.write_pin("wrong-pin", tokens.officer_pin("wrong-pin"))
        self.take(cluster, "wrong-pin")

    def test_killed_while_it_takes_and_while_it_gives_back(self):
        cluster = self.empty_cluster()
        hsm = self.begin_hsm(cluster, self.zone("cut-off"))
        claimed = os.path.join(self.dev.data, "hsm", hsm, "claimed")
        until(lambda: os.path.exists(claimed), 60, "its token is being changed")
        self.kill_and_start()
        self.until_active(cluster, hsm)
        self.hsm.delete_hsm(ClusterId=cluster, HsmId=hsm)
        self.kill_and_start()
        until(lambda: self.row(cluster, hsm) is None, 60, "deleted")
        self.assertEqual(self.tokens.objects("cut-off"), "")

        hsm = self.begin_hsm(cluster, self.zone("cut-off"))
        until(lambda: self.tokens.files("cut-off") > 1, 60, "something is on it")
        self.tokens.write_pin("cut-off", "not-the-officers")
        self.kill_and_start()
        until(lambda: self.row(cluster, hsm)["State"] == "DEGRADED", 60, "taken in part")
        self.tokens.write_pin("cut-off", self.tokens.officer_pin("cut-off"))
        self.tokens.objects("cut-off")
        self.delete(cluster, hsm)
        self.assertEqual(self.tokens.objects("cut-off"), "")

    def test_its_officer_unlocks_it_and_is_missed(self):
        cluster = self.empty_cluster()
        hsm = self.take(cluster, "officer")
        self.initialize(cluster)
        self.tokens.as_officer("officer", "--init-pin", "--new-pin", "of-somebody-else")
        self.dev.restart()
        self.connect_clients()
        until(lambda: self.info(cluster)["host-state"].startswith("refused"), 60, "its PIN is another one")
        self.command(cluster, "user", "change-password", "--username", "kmsuser", "--role", "crypto-user", "--password",
                     PASSWORD)
        until(lambda: self.info(cluster)["host-state"] == "serving", 60, "the officer has set it")

        os.unlink(self.tokens.pin_file("officer"))
        self.delete(cluster, hsm)
        self.assertIn("cloudhsm.hsm_not_wiped", self.logged(hsm))
        self.assertIn("empty it with a tool of its own", self.logged("cloudhsm.hsm_not_wiped"))
        self.tokens.write_pin("officer", self.tokens.officer_pin("officer"))
        self.barred_until_it_is_emptied("officer")

    def barred_until_it_is_emptied(self, label):
        cluster = holder = self.empty_cluster()
        spare = self.take(cluster, label)
        self.assertEqual(self.serials(cluster), {self.tokens.serials[SPARE]}, "one that was not wiped comes last")
        message = self.why_not(self.empty_cluster(), label)
        self.assertIn("is of a cluster already", message)
        self.assertIn("Its last HSM was deleted without being wiped", message)
        self.tokens.empty(label)
        cluster = self.empty_cluster()
        again = self.take(cluster, label)
        self.assertEqual(self.serials(cluster), {self.tokens.serials[label]})
        self.delete(cluster, again)
        self.tokens.empty(label)
        self.tokens.as_user(label, "--write-object", self.tokens.pin_file(label), "--type", "data", "--label", "mine")
        self.assertNotIn("without being wiped", self.why_not(self.empty_cluster(), label), "nothing bars it any more")
        self.delete(holder, spare)
        cluster = self.empty_cluster()
        self.take(cluster, label)
        self.assertEqual(self.serials(cluster), {self.tokens.serials[SPARE]}, "one that failed comes after others")


class RenamedEntriesTest(OperatorPool):
    """The [[hsm]] of an HSM that is being made is renamed while the service does not run."""

    labels = ("half",)

    def start_with(self, names):
        self.dev.names = names
        self.kill_and_start()

    def until_told(self, cluster, hsm, state, message):
        until(lambda: (self.row(cluster, hsm)["State"], self.row(cluster, hsm).get("StateMessage")) == (state, message), 60,
              f"{state} {message}, not {self.row(cluster, hsm)}")

    def test_its_entry_is_renamed_while_it_is_taken(self):
        cluster = self.empty_cluster()
        hsm = self.begin_hsm(cluster, self.zone("half"))
        until(lambda: self.tokens.files("half") > 1, 60, "something is on it")
        self.start_with({"half": "renamed"})
        self.until_told(cluster, hsm, "DEGRADED", "its [[hsm]] 'half' is not in the configuration: put it back, or its token "
                        "cannot be wiped. HSM creation failed. Please delete this HSM and try again.")
        self.delete(cluster, hsm)
        self.assertIn("cloudhsm.hsm_not_wiped", self.logged(hsm))
        self.assertTrue(os.path.exists(os.path.join(self.dev.data, "hsm", hsm, "claimed")), "with the only copy of its PIN")


if __name__ == "__main__":
    unittest.main(verbosity=2)
