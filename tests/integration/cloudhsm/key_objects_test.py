"""The objects of a key store's keys on the tokens: what they look like, and what becomes of them when an HSM comes, goes,
or loses one."""

import json
import os
import shutil
import subprocess
import tempfile
import unittest
from uuid import uuid4

from claviger_dev import until
from faulty_key_store_rig import FaultyKeyStoreRig

MODULE = "/usr/lib/softhsm/libsofthsm2.so"


class KeyObjects(FaultyKeyStoreRig):
    """One cluster from its first HSM on; the tests go on from each other."""

    @classmethod
    def dev_options(cls):
        options = super().dev_options()
        return {**options, "args": [*options["args"], "--hsms", "2"]}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cluster, cls.zones, cls.anchor = cls().make_cluster("one", "kmsPswd-1")

    def log(self):
        with open(self.dev.log_path, errors="replace") as text:
            return text.read()

    def until_made(self, hsm):
        def state():
            return next(one["State"] for one in self.described(self.cluster)["Hsms"] if one["HsmId"] == hsm)
        until(lambda: state() != "CREATE_IN_PROGRESS", 120, "the HSM is made")
        self.assertEqual(state(), "ACTIVE")

    def test_1_a_join_that_a_restart_interrupts_goes_on_when_the_first_hsm_serves(self):
        (first,) = self.hsms(self.cluster)
        late = self.hsm.create_hsm(ClusterId=self.cluster, AvailabilityZone=self.zones[1])["Hsm"]["HsmId"]
        self.dev.kill()
        self.order(f"C_Login where={first} delay 3000")
        self.dev.start()
        self.connect_clients()
        self.until_made(late)
        self.assertEqual(self.reached(), ["C_Login delay 3000"])

    def pkcs11_tool(self, hsm, *words):
        """The HSM's own tool, as the owner of kmsuser's password uses it."""
        with tempfile.NamedTemporaryFile("w", suffix=".conf") as conf:
            conf.write(f"directories.tokendir = {self.tokens(hsm)}\n")
            conf.flush()
            ran = subprocess.run(["pkcs11-tool", "--module", MODULE, "--login", "--pin", "kmsPswd-2", *words], check=False,
                                 env=dict(os.environ, SOFTHSM2_CONF=conf.name), capture_output=True, text=True)
        self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
        return ran.stdout

    def tokens(self, hsm):
        return os.path.join(self.dev.data, "hsm", hsm, "tokens")

    def listed(self, cluster):
        """label -> on how many HSMs: 'full' or 'inconsistent'"""
        keys = self.command(cluster, "key", "list", "--verbose", "--max-items", "100")["matched_keys"]
        return {key["attributes"]["label"]: key["key-info"]["cluster-coverage"] for key in keys}

    def until_listed(self, cluster, wanted, what):
        until(lambda: self.listed(cluster) == wanted, 30, f"{what}: {wanted}, not {self.listed(cluster)}")

    def take_password_back(self, cluster, store):
        self.disconnect(store)
        self.command(cluster, "user", "change-password", "--username", "kmsuser", "--role", "crypto-user", "--password",
                     "kmsPswd-2")
        self.kms.update_custom_key_store(CustomKeyStoreId=store, KeyStorePassword="kmsPswd-2")

    def test_2_the_objects_of_a_key(self):
        cluster, zones = self.cluster, self.zones
        type(self).store = store = self.make_store("first", cluster, self.anchor, "kmsPswd-1")
        self.connected(store)
        key, other = self.new_key(store), self.new_key(store)
        arn = key["Arn"]
        blob = self.encrypt(key)
        self.assertEqual(self.listed(cluster), {arn: "full", other["Arn"]: "full"})
        self.metrics_tell(cluster, store)

        self.objects_as_documented(cluster, store, key)
        self.a_new_hsm_has_every_key(cluster, zones, arn)
        self.destroyed_with_foreign_tools(cluster, store, key, blob)
        self.deleted_while_an_hsm_is_away(cluster, key, other)

    def metrics_tell(self, cluster, store):
        until(lambda: self.dev.metrics().get(f'claviger_cluster_keys{{cluster="{cluster}"}}') == 2, 10, "two keys")
        told = self.dev.metrics()
        self.assertEqual(told[f'claviger_cluster_state{{cluster="{cluster}",state="ACTIVE"}}'], 1)
        self.assertEqual(told[f'claviger_key_store_state{{key_store="{store}",state="CONNECTED"}}'], 1)
        self.assertEqual(told[f'claviger_cluster_orphans{{cluster="{cluster}"}}'], 0)
        for hsm in self.described(cluster)["Hsms"]:
            self.assertEqual(told[f'claviger_cluster_hsm_state{{cluster="{cluster}",hsm="{hsm["HsmId"]}",state="ACTIVE"}}'], 1)
            labels = f'{{cluster="{cluster}",hsm="{hsm["HsmId"]}",zone="{hsm["AvailabilityZone"]}"}}'
            self.assertEqual(told["claviger_hsm_serving" + labels], 1)

    def objects_as_documented(self, cluster, store, key):
        self.take_password_back(cluster, store)
        for hsm in self.hsms(cluster):
            lines = [line.strip() for line in self.pkcs11_tool(hsm, "-O", "--type", "secrkey").splitlines()]
            self.assertIn("label:      " + key["Arn"], lines)
            self.assertIn("ID:         " + key["KeyId"].replace("-", ""), lines)
            self.assertNotIn("Access:     sensitive, extractable", lines[lines.index("label:      " + key["Arn"]):][:4])
        self.connected(store)

    def a_new_hsm_has_every_key(self, cluster, zones, arn):
        third = self.add_hsm(cluster, zones[0])
        self.assertEqual(self.listed(cluster)[arn], "full", "it is ACTIVE, so it holds every key")
        return third

    def destroyed_with_foreign_tools(self, cluster, store, key, blob):
        """On one HSM: repaired. On all: the owner meant it, until he says otherwise."""
        uuid = key["KeyId"].replace("-", "")
        self.take_password_back(cluster, store)
        self.pkcs11_tool(self.hsms(cluster)[0], "--delete-object", "--type", "secrkey", "--id", uuid)
        self.connected(store)
        until(lambda: self.listed(cluster).get(key["Arn"]) == "full", 30, "the other HSMs had it: repaired")
        self.assertEqual(self.decrypt(blob), b"secret")

        self.take_password_back(cluster, store)
        for hsm in self.hsms(cluster):
            self.pkcs11_tool(hsm, "--delete-object", "--type", "secrkey", "--id", uuid)
        its_id = uuid4()
        orphan = key["Arn"].replace(key["KeyId"], str(its_id))
        self.pkcs11_tool(self.hsms(cluster)[0], "--keygen", "--key-type", "AES:32", "--label", orphan, "--id", its_id.hex)
        self.connected(store)
        self.orphan_is_reported_until_it_is_deleted(cluster, {"cluster": cluster, "hsm": self.hsms(cluster)[0],
                                                              "label": orphan, "id": its_id.hex})
        self.refused("KMSInvalidStateException", self.decrypt, blob=blob)
        self.assertNotIn(key["Arn"], self.listed(cluster))
        self.assertEqual(self.dev.metrics()[f'claviger_cluster_keys_gone{{cluster="{cluster}"}}'], 1)
        self.assertEqual(self.command(cluster, "key", "restore", "--filter", "attr.label=" + key["Arn"]),
                         {"message": "Key restored successfully"})
        self.assertEqual(self.listed(cluster)[key["Arn"]], "full")
        until(lambda: self.decrypts(blob), 10, "the key is used again")

    def orphan_is_reported_until_it_is_deleted(self, cluster, orphan):
        until(lambda: json.loads(self.dev.command("report", "leftovers")) == [orphan], 30, "the orphan is reported")
        self.assertEqual(self.dev.metrics()[f'claviger_cluster_orphans{{cluster="{cluster}"}}'], 1)
        self.assertIn(cluster, {h["cluster"] for h in json.loads(self.dev.command("status"))["hsms"]})
        self.command(cluster, "key", "delete", "--filter", "attr.label=" + orphan["label"])
        until(lambda: json.loads(self.dev.command("report", "leftovers")) == [], 30, "it is gone")

    def deleted_while_an_hsm_is_away(self, cluster, key, other):
        away = os.path.dirname(self.tokens(self.hsms(cluster)[0]))
        self.restart(between=lambda: os.rename(away, away + ".away"))
        for one in (key, other):
            self.kms.schedule_key_deletion(KeyId=one["KeyId"], PendingWindowInDays=7)
        self.kms.cancel_key_deletion(KeyId=other["KeyId"])
        self.dev.command("dev", "clock", "advance", "8d")
        until(lambda: not any(k["KeyId"] == key["KeyId"] for k in self.kms.list_keys()["Keys"]), 30, "the key is gone")

        def comes_back():
            shutil.rmtree(away, ignore_errors=True)
            os.rename(away + ".away", away)
        self.restart(between=comes_back)
        self.until_listed(cluster, {other["Arn"]: "full"}, "the HSM that was away forgot the key")

    def test_3_an_hsm_that_could_not_draw_its_pin_draws_it_later(self):
        """Last, because a token of which somebody tried a wrong PIN is not opened again."""
        store = self.store
        self.take_password_back(self.cluster, store)
        missed = self.hsms(self.cluster)[0]
        self.order(f"C_SetPIN where={missed} rv 0x30")
        self.connected(store)
        self.assertEqual(self.reached(), ["C_SetPIN rv 0x30"])
        until(lambda: f"cloudhsm.pin_rotated_late hsm={missed}" in self.log(), 20, "the token has a PIN of its own")
        self.disconnect(store)
        tried = self.token_tool(missed, "pkcs11-tool", "--module", self.module, "--login", "--pin", "kmsPswd-2", "-O")
        self.assertIn("CKR_PIN_INCORRECT", tried.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
