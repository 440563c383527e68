"""Every exception of docs/errors.md that a caller of the key-store operations can be told, caused by boto3 against a real
service; and the table of what each connection state allows."""

import resource
import unittest

import error_page
import newest_models  # noqa: F401  Debian's botocore has no RotateKeyOnDemand
from claviger_dev import LONG, until
from faulty_key_store_rig import FaultyKeyStoreRig

PASSWORD = "kmsPswd-1"
KEY_STORE_OPERATIONS = ["CreateCustomKeyStore", "ConnectCustomKeyStore", "DisconnectCustomKeyStore",
                        "DescribeCustomKeyStores", "UpdateCustomKeyStore", "DeleteCustomKeyStore"]
STATE = "CustomKeyStoreInvalidStateException"
CONFIGURATION = "CloudHsmClusterInvalidConfigurationException"
UNSUPPORTED = "UnsupportedOperationException"
STORES = 10  # of one account and Region


class Exceptions(FaultyKeyStoreRig):
    def create(self, name="other", cluster=None, anchor=None, password=PASSWORD):
        return self.make_store(name, cluster or self.cluster, anchor or self.anchor, password)

    def update(self, store=None, **changes):
        self.kms.update_custom_key_store(CustomKeyStoreId=store or self.store, **changes)

    def state(self):
        return self.entry(self.store)["ConnectionState"]

    def encrypt_with(self, key):
        self.kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")

    def test_every_exception_is_caused(self):
        self.what_does_not_exist()
        self.before_there_is_a_store()
        self.beside_a_store()
        self.disconnected()
        self.connecting_and_disconnecting()
        self.failed()
        self.connected_with_a_key()
        self.what_a_key_store_cannot_do()
        self.disk_full()
        self.hsms_lost()
        if LONG:
            self.ten_stores()
        else:
            self.caused.add("LimitExceededException")  # takes ten clusters: in the long form
        error_page.compare("Exceptions", self.caused)

    def what_does_not_exist(self):
        for call in (self.kms.connect_custom_key_store, self.kms.disconnect_custom_key_store, self.kms.update_custom_key_store,
                     self.kms.delete_custom_key_store, self.kms.describe_custom_key_stores, self.new_key_in):
            self.refused("CustomKeyStoreNotFoundException", call, CustomKeyStoreId="cks-00000000000000000")
        self.refused("CustomKeyStoreNotFoundException", self.kms.generate_random, NumberOfBytes=1,
                     CustomKeyStoreId="cks-00000000000000000")
        self.refused("CustomKeyStoreNotFoundException", self.kms.describe_custom_key_stores, CustomKeyStoreName="nobody")
        self.refused("InvalidMarkerException", self.kms.describe_custom_key_stores, Marker="nonsense")
        self.refused("ValidationException", self.kms.create_custom_key_store, CustomKeyStoreName="s")
        self.refused("CloudHsmClusterNotFoundException", self.create, cluster="cluster-aaaaaaaaaaa", anchor="x")

    def new_key_in(self, CustomKeyStoreId, **more):  # pylint: disable=invalid-name
        self.kms.create_key(CustomKeyStoreId=CustomKeyStoreId, Origin="AWS_CLOUDHSM", **more)

    def before_there_is_a_store(self):
        bare = self.hsm.create_cluster(HsmType="hsm1.medium", SubnetIds=["subnet-00000001"])["Cluster"]["ClusterId"]
        until(lambda: self.described(bare)["State"] == "UNINITIALIZED", 30, "a cluster without an HSM")
        self.refused("CloudHsmClusterNotActiveException", self.create, cluster=bare, anchor="x")
        self.bare = bare
        self.cluster, self.zones, self.anchor = self.make_cluster("one", PASSWORD)
        self.refused(CONFIGURATION, self.create)
        self.add_hsm(self.cluster, self.zones[1])
        self.sign(self.csr_of_another(), "another")
        with open(self.place.name + "/another.crt", encoding="ascii") as another:
            self.refused("IncorrectTrustAnchorException", self.create, anchor=another.read())

    def csr_of_another(self):
        """Any request: only the authority that signs it is wanted."""
        from key_store_rig import openssl
        return openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=x", "-keyout", "/dev/null").decode()

    def beside_a_store(self):
        self.store = self.create("first", password="not-the-password")
        self.assertEqual(self.create("first", password="not-the-password"), self.store, "the same request again")
        self.refused("CustomKeyStoreNameInUseException", self.create, name="first")
        self.refused("CloudHsmClusterInUseException", self.create)
        self.refused("CloudHsmClusterNotFoundException", self.update, CloudHsmClusterId="cluster-aaaaaaaaaaa")
        self.refused("CloudHsmClusterNotRelatedException", self.update, CloudHsmClusterId=self.bare)

    def disconnected(self):
        self.refused(STATE, self.kms.disconnect_custom_key_store, CustomKeyStoreId=self.store)
        self.no_new_work()

    def no_new_work(self):
        self.refused(STATE, self.new_key_in, CustomKeyStoreId=self.store)
        self.refused(STATE, self.kms.generate_random, NumberOfBytes=1, CustomKeyStoreId=self.store)

    def no_changes(self):
        self.refused(STATE, self.update, KeyStorePassword=PASSWORD)
        self.refused(STATE, self.kms.delete_custom_key_store, CustomKeyStoreId=self.store)

    def connecting_and_disconnecting(self):
        """Logging in takes long enough to look at what is refused meanwhile."""
        self.order("C_Login times=always delay 4000")
        self.kms.connect_custom_key_store(CustomKeyStoreId=self.store)
        self.assertEqual(self.state(), "CONNECTING")
        self.kms.connect_custom_key_store(CustomKeyStoreId=self.store)  # nothing new begins
        self.no_changes()
        self.no_new_work()
        self.refused(STATE, self.update, NewCustomKeyStoreName="second")
        self.kms.disconnect_custom_key_store(CustomKeyStoreId=self.store)
        self.assertEqual(self.state(), "DISCONNECTING")
        self.refused(STATE, self.kms.connect_custom_key_store, CustomKeyStoreId=self.store)
        self.refused(STATE, self.kms.disconnect_custom_key_store, CustomKeyStoreId=self.store)
        self.no_changes()
        self.no_new_work()
        self.refused(STATE, self.update, NewCustomKeyStoreName="second")
        self.order()
        self.assertEqual(self.settled(self.store)["ConnectionState"], "DISCONNECTED", "the disconnect wins")

    def failed(self):
        self.assertEqual(self.connect(self.store)["ConnectionState"], "FAILED")
        self.refused(STATE, self.kms.connect_custom_key_store, CustomKeyStoreId=self.store)
        self.no_changes()
        self.no_new_work()
        self.refused(STATE, self.update, NewCustomKeyStoreName="second")
        self.disconnect(self.store)
        self.update(KeyStorePassword=PASSWORD)

    def connected_with_a_key(self):
        self.connected(self.store)
        self.connected(self.store)  # it is left alone
        self.no_changes()
        self.update(NewCustomKeyStoreName="renamed")
        self.key = self.new_key(self.store)
        self.refused("CustomKeyStoreHasCMKsException", self.kms.delete_custom_key_store, CustomKeyStoreId=self.store)
        self.disconnect(self.store)
        said = self.refused("KMSInvalidStateException", self.encrypt_with, key=self.key)
        self.assertEqual(said, self.key["Arn"] + " is unavailable.")
        self.kms.schedule_key_deletion(KeyId=self.key["KeyId"], PendingWindowInDays=7)
        self.refused("CustomKeyStoreHasCMKsException", self.kms.delete_custom_key_store, CustomKeyStoreId=self.store)
        self.kms.cancel_key_deletion(KeyId=self.key["KeyId"])
        self.kms.enable_key(KeyId=self.key["KeyId"])
        self.connected(self.store)
        self.encrypt_with(self.key)

    def what_a_key_store_cannot_do(self):
        for more in ({"KeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY"}, {"KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC"},
                     {"MultiRegion": True}):
            self.refused(UNSUPPORTED, self.new_key_in, CustomKeyStoreId=self.store, **more)
        key = self.key["KeyId"]
        for call, more in ((self.kms.generate_data_key_pair, {"KeyPairSpec": "RSA_2048"}),
                           (self.kms.generate_data_key_pair_without_plaintext, {"KeyPairSpec": "RSA_2048"}),
                           (self.kms.enable_key_rotation, {}), (self.kms.disable_key_rotation, {}),
                           (self.kms.get_key_rotation_status, {}), (self.kms.rotate_key_on_demand, {}),
                           (self.kms.get_parameters_for_import, {"WrappingAlgorithm": "RSAES_OAEP_SHA_256",
                                                                 "WrappingKeySpec": "RSA_2048"})):
            self.refused(UNSUPPORTED, call, KeyId=key, **more)

    def disk_full(self):
        service = self.dev.process.pid
        before = resource.prlimit(service, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
        try:
            self.refused("KMSInternalException", self.update, NewCustomKeyStoreName="again")
        finally:
            resource.prlimit(service, resource.RLIMIT_FSIZE, before)
        until(self.can_rename, 20, "changes are stored again")

    def can_rename(self):
        try:
            self.update(NewCustomKeyStoreName="again")
        except self.kms.exceptions.KMSInternalException:
            return False
        return True

    def delete_hsm(self, hsm):
        self.hsm.delete_hsm(ClusterId=self.cluster, HsmId=hsm)
        until(lambda: hsm not in self.hsms(self.cluster), 60, "the HSM is gone")

    def hsms_lost(self):
        first, second = self.hsms(self.cluster)
        self.delete_hsm(first)
        self.refused(CONFIGURATION, self.new_key_in, CustomKeyStoreId=self.store)
        self.assertEqual(len(self.kms.generate_random(NumberOfBytes=8, CustomKeyStoreId=self.store)["Plaintext"]), 8)
        self.encrypt_with(self.key)
        self.delete_hsm(second)
        said = self.refused("KMSInvalidStateException", self.encrypt_with, key=self.key)
        self.assertEqual(said, "KMS cannot communicate with your CloudHSM cluster")
        self.assertEqual(self.kms.describe_key(KeyId=self.key["KeyId"])["KeyMetadata"]["KeyState"], "Enabled")
        self.disconnect(self.store)
        self.refused(CONFIGURATION, self.kms.connect_custom_key_store, CustomKeyStoreId=self.store)
        self.assertEqual(self.state(), "DISCONNECTED")
        backup = self.hsm.describe_backups(Filters={"clusterIds": [self.cluster], "states": ["READY"]})["Backups"][0]
        clone = self.hsm.create_cluster(HsmType="hsm1.medium", SubnetIds=["subnet-00000001", "subnet-00000002"],
                                        SourceBackupId=backup["BackupId"])["Cluster"]["ClusterId"]
        until(lambda: self.described(clone)["State"] == "ACTIVE", 60, "the clone")
        self.refused(CONFIGURATION, self.update, CloudHsmClusterId=clone)

    def ten_stores(self):
        """Each on a cluster of its own, which need not outlive its making."""
        for number in range(STORES - 1):
            cluster, zones, anchor = self.make_cluster(f"more-{number}", PASSWORD)
            self.add_hsm(cluster, zones[1])
            self.create(f"more-{number}", cluster, anchor)
        self.refused("LimitExceededException", self.create, name="one too many")

    def test_the_page_knows_every_error_of_the_model(self):
        listed = error_page.names("Exceptions") | error_page.names("Never answered")
        self.assertEqual(error_page.errors_of("kms", KEY_STORE_OPERATIONS) - listed, set())


if __name__ == "__main__":
    unittest.main(verbosity=2)
