"""Every ConnectionErrorCode of docs/errors.md, brought about by its cause and seen by boto3; then the cause is mended as the page
says, and the key store connects."""

import os
import shutil
import subprocess
import unittest

import error_page
from claviger_dev import BIN, until
from faulty_key_store_rig import FaultyKeyStoreRig

PASSWORD = "kmsPswd-1"
USER = ["--username", "kmsuser", "--role", "crypto-user"]


class ConnectionErrors(FaultyKeyStoreRig):
    def tell(self, password):
        self.kms.update_custom_key_store(CustomKeyStoreId=self.store, KeyStorePassword=password)

    def back_in_order(self):
        self.connected(self.store)
        self.disconnect(self.store)

    def test_every_code_has_its_cause(self):
        self.cluster, zones, self.anchor = self.make_cluster("one", PASSWORD)
        self.add_hsm(self.cluster, zones[1])
        self.store = self.make_store("first", self.cluster, self.anchor, "not-the-password")
        self.wrong_password()
        self.a_token_with_somebody_else_logged_in()
        self.hosts_out_of_reach()
        self.no_such_user()
        self.locked_out()
        self.hosts_out_of_reach()
        self.tokens_in_another_process()
        self.no_new_pin()
        self.subnet_gone()
        self.tokens_that_are_no_members()
        self.cluster_gone()
        error_page.compare("ConnectionErrorCode", self.caused)

    def wrong_password(self):
        self.fails(self.store, "INVALID_CREDENTIALS")
        self.tell(PASSWORD)

    def a_token_with_somebody_else_logged_in(self):
        self.order("C_Login times=always rv 0x104")  # CKR_USER_ANOTHER_ALREADY_LOGGED_IN
        self.fails(self.store, "USER_LOGGED_IN")
        self.order()

    def hosts_out_of_reach(self):
        places = [self.state_directory(hsm) for hsm in self.hsms(self.cluster)]
        for place in places:
            os.rename(place, place + ".away")
        self.fails(self.store, "NETWORK_ERRORS")
        for place in places:
            shutil.rmtree(place, ignore_errors=True)
            os.rename(place + ".away", place)

    def no_such_user(self):
        self.command(self.cluster, "user", "delete", *USER)
        self.fails(self.store, "USER_NOT_FOUND")
        self.command(self.cluster, "user", "create", *USER, "--password", PASSWORD)

    def locked_out(self):
        """Somebody tries passwords at one of the tokens."""
        self.order("C_Login pin-limit 3")
        victim = self.hsms(self.cluster)[0]
        for _ in range(3):
            tried = self.token_tool(victim, "pkcs11-tool", "--module", self.module, "--login", "--pin", "a-guess", "-O")
            self.assertIn("CKR_PIN_INCORRECT", tried.stderr)
        before = self.wrong_pins()
        self.fails(self.store, "USER_LOCKED_OUT")
        self.assertEqual(self.wrong_pins(), before, "no attempt was made on any token")
        users = {user["username"]: user["locked"] for user in self.command(self.cluster, "user", "list")["users"]}
        self.assertEqual(users, {"admin": "false", "kmsuser": "true"})
        self.command(self.cluster, "user", "change-password", *USER, "--password", PASSWORD)
        self.back_in_order()
        self.order()

    def wrong_pins(self):
        with open(self.plan + ".pins", encoding="ascii") as counts:
            return sorted(counts)

    def tokens_in_another_process(self):
        """As when a second service is started over the same tokens."""
        others = [subprocess.Popen([os.path.join(BIN, "claviger-hsm"), "--state", self.state_directory(hsm), "--module",
                                    self.module, "--quiet"], env=dict(os.environ, **self.environment), stderr=subprocess.DEVNULL)
                  for hsm in self.hsms(self.cluster)]
        try:
            for hsm in self.hsms(self.cluster):
                until(lambda: os.path.exists(self.state_directory(hsm) + "/control.sock"), 20, "the other host serves")
            self.fails(self.store, "USER_LOGGED_IN")
        finally:
            for other in others:
                other.terminate()
                other.wait(20)
        self.back_in_order()

    def no_new_pin(self):
        self.order("C_SetPIN times=always rv 0xE2")  # CKR_TOKEN_WRITE_PROTECTED
        self.fails(self.store, "INTERNAL_ERROR")
        self.order()
        self.back_in_order()

    def subnet_gone(self):
        settings = list(self.dev.args)
        self.dev.args += ["--hsms", "1"]  # one zone, one subnet
        self.restart()
        self.fails(self.store, "SUBNET_NOT_FOUND")
        self.dev.args = settings
        self.restart()
        self.back_in_order()

    def tokens_that_are_no_members(self):
        """kmsuser destroys the cluster's wrapping key on each, and the copies that would bring it back are gone, too."""
        self.command(self.cluster, "user", "change-password", *USER, "--password", PASSWORD)
        for hsm in self.hsms(self.cluster):
            gone = self.token_tool(hsm, "pkcs11-tool", "--module", self.module, "--login", "--pin", PASSWORD,
                                   "--delete-object", "--type", "secrkey", "--label", "claviger-cwk")
            self.assertEqual(gone.returncode, 0, gone.stdout + gone.stderr)
            shutil.rmtree(self.state_directory(hsm) + "/shadow")
        self.fails(self.store, "INSUFFICIENT_CLOUDHSM_HSMS")

    def cluster_gone(self):
        def ask():
            for hsm in self.described(self.cluster)["Hsms"]:
                if hsm["State"] != "DELETE_IN_PROGRESS":  # the last one is not deleted at once: it can sign no backup
                    self.hsm.delete_hsm(ClusterId=self.cluster, HsmId=hsm["HsmId"])
            return not self.hsms(self.cluster)
        until(ask, 60, "the HSMs are gone")
        self.hsm.delete_cluster(ClusterId=self.cluster)
        until(lambda: self.described(self.cluster)["State"] == "DELETED", 30, "the cluster is deleted")
        self.fails(self.store, "CLUSTER_NOT_FOUND")

    def test_the_page_knows_every_code_of_the_model(self):
        listed = error_page.names("ConnectionErrorCode") | error_page.names("Never answered")
        codes = set(error_page.model("kms")["shapes"]["ConnectionErrorCodeType"]["enum"])
        self.assertEqual(codes - listed, set())


if __name__ == "__main__":
    unittest.main(verbosity=2)
