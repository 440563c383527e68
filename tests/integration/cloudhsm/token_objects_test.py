"""The tokens of a custom key store show exactly the documented objects, read by pkcs11-tool and attribute by attribute."""

import os
import sys
import unittest

from key_store_rig import KeyStoreRig
from token_objects import differences, pkcs11_tool, read_objects

PIN = "kmsPswd-2"


class TokenObjects(KeyStoreRig):
    def tokens(self, hsm):
        return os.path.join(self.dev.data, "hsm", hsm, "tokens")

    def test_exactly_the_documented_objects(self):
        cluster, zones, anchor = self.make_cluster("one", "kmsPswd-1")
        self.add_hsm(cluster, zones[1])
        store = self.make_store("first", cluster, anchor, "kmsPswd-1")
        self.connected(store)
        keys = [self.new_key(store)["Arn"] for _ in range(2)]
        # The hosts end, and the owner of kmsuser's password looks himself.
        self.disconnect(store)
        self.command(cluster, "user", "change-password", "--username", "kmsuser", "--role", "crypto-user", "--password",
                     PIN)
        hsms = [hsm["HsmId"] for hsm in self.described(cluster)["Hsms"]]
        self.assertEqual(len(hsms), 2)
        for hsm in hsms:
            found = read_objects(self.tokens(hsm), PIN)
            self.assertEqual(differences(found, "open", keys), [], hsm)
            self.what_may_leave(found)
            self.as_the_tool_shows_it(hsm, found)
        self.what_is_planted_is_seen(hsms[0], keys)

    def what_may_leave(self, found):
        """Each promise by itself, so that a table that was changed does not change it."""
        self.assertEqual([one["LABEL"] for one in found if one.get("EXTRACTABLE")], ["claviger-cwk"])
        self.assertTrue(all(one["WRAP_WITH_TRUSTED"] for one in found if one.get("EXTRACTABLE")))
        self.assertEqual([one["LABEL"] for one in found if one.get("TRUSTED")], ["claviger-trusted-recovery"])
        self.assertFalse([one["LABEL"] for one in found if "transport" in one["LABEL"]])
        cwk = next(one for one in found if one["LABEL"] == "claviger-cwk")
        self.assertEqual(cwk["UNWRAP_TEMPLATE"], {"PRIVATE": True, "SENSITIVE": True, "EXTRACTABLE": False})
        for one in found:
            if one["CLASS"] in (3, 4):
                self.assertTrue(one["PRIVATE"] and one["SENSITIVE"] and "VALUE" not in one, one["LABEL"])

    def as_the_tool_shows_it(self, hsm, found):
        lines = pkcs11_tool(self.tokens(hsm), PIN, "--list-objects").splitlines()
        labels = sorted(line.split(":", 1)[1].strip() for line in lines if line.strip().startswith("label:"))
        self.assertEqual(labels, sorted(one["LABEL"] for one in found))
        self.assertEqual(sum("extractable" in line and "never extractable" not in line for line in lines), 1, lines)

    def what_is_planted_is_seen(self, hsm, keys):
        pkcs11_tool(self.tokens(hsm), PIN, "--keygen", "--key-type", "AES:32", "--label", "claviger-transport")
        pkcs11_tool(self.tokens(hsm), PIN, "--delete-object", "--type", "secrkey", "--label", keys[0])
        texts = differences(read_objects(self.tokens(hsm), PIN), "open", keys)
        self.assertEqual(len(texts), 2, texts)
        self.assertEqual(texts[0], f"{keys[0]} is missing")
        self.assertIn("claviger-transport is not documented", texts[1])


if __name__ == "__main__":
    sys.exit(unittest.main(verbosity=2))
