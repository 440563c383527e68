"""The custom key store that `claviger dev` begins with: it is there and works, it is made once, and a start that was interrupted
ends in it, too."""

import glob
import os
import unittest

from claviger_dev import Dev, until

CONTEXT = {"a": "b"}


class DevKeyStore(unittest.TestCase):
    def setUp(self):
        self.dev = Dev(key_store=True)
        self.addCleanup(self.dev.__exit__, None, None, None)

    def store(self):
        stores = self.dev.boto3().describe_custom_key_stores()["CustomKeyStores"]
        self.assertEqual([store["CustomKeyStoreName"] for store in stores], ["dev"])
        return stores[0]

    def connected_and_working(self):
        store = self.dev.key_store_made()
        clusters = self.dev.boto3("cloudhsmv2").describe_clusters()["Clusters"]
        self.assertEqual([(c["State"], sorted(h["State"] for h in c["Hsms"])) for c in clusters], [("ACTIVE", ["ACTIVE"] * 2)])
        kms = self.dev.boto3()
        key = kms.create_key(Origin="AWS_CLOUDHSM", CustomKeyStoreId=store["CustomKeyStoreId"])["KeyMetadata"]["KeyId"]
        return kms.encrypt(KeyId=key, Plaintext=b"secret", EncryptionContext=CONTEXT)["CiphertextBlob"]

    def decrypts(self, blob):
        kms = self.dev.boto3()
        try:
            return kms.decrypt(CiphertextBlob=blob, EncryptionContext=CONTEXT)["Plaintext"] == b"secret"
        except kms.exceptions.KMSInvalidStateException:
            return False

    def test_it_is_there_and_stays_as_its_user_left_it(self):
        self.dev.start()
        blob = self.connected_and_working()
        with open(os.path.join(self.dev.data, "customerCA.crt"), encoding="ascii") as anchor:
            self.assertEqual(anchor.read(), self.store()["TrustAnchorCertificate"])
        self.dev.restart()
        until(lambda: self.decrypts(blob), 30, "it is back after a restart")
        self.dev.boto3().disconnect_custom_key_store(CustomKeyStoreId=self.store()["CustomKeyStoreId"])
        until(lambda: self.store()["ConnectionState"] == "DISCONNECTED", 30, "disconnected")
        self.dev.restart()
        self.assertEqual(self.store()["ConnectionState"], "DISCONNECTED")

    def token_objects(self):
        """HSM -> files of its token's objects"""
        return {hsm: len(glob.glob(os.path.join(hsm, "tokens", "*", "*.object")))
                for hsm in glob.glob(os.path.join(self.dev.data, "hsm", "hsm-*"))}

    def restarted_in(self, *regions):
        """Until the key objects on every HSM have been looked through."""
        self.dev.stop()
        self.dev.args = [word for region in regions for word in ("--region", region)]
        self.dev.start()
        told = lambda metric: [n for name, n in self.dev.metrics().items() if name.startswith(f"claviger_cluster_{metric}{{")]
        until(lambda: 1 in told("keys") and self.dev.metric_sum("claviger_hsm_serving") == 5, 30, "looked through")
        self.assertEqual(sum(told("keys_gone")), 0)

    def test_its_keys_keep_the_arn_they_were_made_under(self):
        self.dev.start()
        blob = self.connected_and_working()
        before = self.token_objects()
        self.restarted_in("eu-west-1")
        self.assertEqual(self.token_objects(), before)
        self.restarted_in("eu-west-1", "us-east-1")
        self.assertEqual(self.token_objects(), before)
        self.restarted_in("us-east-1")
        self.assertTrue(self.decrypts(blob))
        with open(self.dev.log_path, errors="replace") as text:
            self.assertNotIn("cloudhsm.key_gone", text.read())

    def interrupted_when_there_is(self, pattern):
        self.dev.start(wait=False)
        until(lambda: glob.glob(os.path.join(self.dev.data, pattern)), 60, pattern)
        self.dev.kill()
        self.dev.start()
        self.assertTrue(self.decrypts(self.connected_and_working()))

    def test_interrupted_before_the_cluster_is_initialized(self):
        self.interrupted_when_there_is("customerCA.crt")

    def test_interrupted_after_it_was_activated(self):
        self.interrupted_when_there_is("backups/*")


if __name__ == "__main__":
    unittest.main(verbosity=2)
