"""Two clusters and two custom key stores side by side: what happens to one does not touch the other."""

import unittest

from claviger_dev import until
from key_store_rig import CONTEXT, KeyStoreRig


class TwoKeyStores(KeyStoreRig):
    def make_pair(self):
        one, zones, anchor_one = self.make_cluster("one", "kmsPswd-1")
        two, _, anchor_two = self.make_cluster("two", "kmsPswd-2")
        self.refused("CloudHsmClusterInvalidConfigurationException", self.kms.create_custom_key_store,
                     CustomKeyStoreName="early", CloudHsmClusterId=one, KeyStorePassword="kmsPswd-1",
                     TrustAnchorCertificate=anchor_one)
        for cluster in (one, two):
            self.add_hsm(cluster, zones[1])
        self.refused("IncorrectTrustAnchorException", self.kms.create_custom_key_store, CustomKeyStoreName="s",
                     CloudHsmClusterId=one, KeyStorePassword="kmsPswd-1", TrustAnchorCertificate=anchor_two)
        return one, (self.make_store("first", one, anchor_one, "kmsPswd-1"),
                     self.make_store("second", two, anchor_two, "wrong-password"))

    def connect_both(self, first, second):
        self.connected(first)
        failed = self.connect(second)
        self.assertEqual((failed["ConnectionState"], failed.get("ConnectionErrorCode")), ("FAILED", "INVALID_CREDENTIALS"))
        self.restart()  # the tokens were left without a warning: their hosts log in again
        cluster = failed["CloudHsmClusterId"]
        until(lambda: [hsm.get("host-state") for hsm in self.command(cluster, "cluster", "hsm-info")["hsms"]] ==
              ["serving"] * 2, 30, "the HSMs that refused the password serve")
        self.disconnect(second)
        self.kms.update_custom_key_store(CustomKeyStoreId=second, KeyStorePassword="kmsPswd-2")
        self.connected(second)

    def test_two_stores_live_apart(self):
        one, (first, second) = self.make_pair()
        self.connect_both(first, second)

        key, other = self.new_key(first), self.new_key(second)
        self.assertEqual((key["CustomKeyStoreId"], key["CloudHsmClusterId"]), (first, one))
        blob, foreign = self.encrypt(key), self.encrypt(other)
        self.assertEqual(self.decrypt(blob), b"secret")
        moved = self.kms.re_encrypt(CiphertextBlob=blob, SourceEncryptionContext=CONTEXT,
                                    DestinationKeyId=other["KeyId"], DestinationEncryptionContext=CONTEXT)
        self.assertEqual(len(self.kms.generate_random(NumberOfBytes=32, CustomKeyStoreId=first)["Plaintext"]), 32)

        self.disconnect(first)
        self.refused("KMSInvalidStateException", self.decrypt, blob=blob)
        self.assertEqual(self.kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"], "Unavailable")
        self.assertEqual(self.decrypt(foreign), b"secret")
        self.assertEqual(self.decrypt(moved["CiphertextBlob"]), b"secret")

        self.connected(first)  # without a password: the hosts have PINs
        self.assertEqual(self.decrypt(blob), b"secret")

        self.restart()
        for text in (blob, foreign):
            until(lambda: self.decrypts(text), 30, "the stores are back without anybody's help")
        self.refused("CustomKeyStoreHasCMKsException", self.kms.delete_custom_key_store, CustomKeyStoreId=first)


if __name__ == "__main__":
    unittest.main()
