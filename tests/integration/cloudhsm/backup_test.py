"""Backups: made by themselves and on demand, kept and ended as the API says; a cluster and its key store that are lost
come back from a file, on new tokens, under a store that knows nothing of them. A changed byte is refused."""

import os
import shutil
import subprocess
import tempfile
import unittest

from botocore.exceptions import ClientError
from claviger_dev import BIN, LONG, Dev, until
from customer import SUBNETS, ZONES, Customer


class Backups(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dev = Dev().__enter__()
        cls.folder = tempfile.TemporaryDirectory()
        cls.customer = Customer(cls.dev, cls.folder.name)
        cls.cluster = cls.customer.activated_cluster()

    @classmethod
    def tearDownClass(cls):
        cls.dev.__exit__(None, None, None)
        cls.folder.cleanup()

    def refused(self, name, call, **request):
        with self.assertRaises(ClientError) as caught:
            call(**request)
        self.assertEqual(caught.exception.response["Error"]["Code"], name)
        return caught.exception.response["Error"]["Message"]

    def file_of(self, backup):
        return os.path.join(self.dev.data, "backups", backup + ".backup")

    def verify(self, path):
        return subprocess.run([os.path.join(BIN, "claviger"), "backup", "verify", path], capture_output=True, text=True,
                              check=False)

    def create(self):
        return self.dev.command("backup", "create", "--cluster-id", self.cluster).strip()

    def test_0_a_password_needs_an_hsm_that_takes_it(self):
        customer = self.customer
        backup = self.create()
        clone = customer.api.create_cluster(HsmType="hsm2m.medium", SubnetIds=SUBNETS,
                                            SourceBackupId=backup)["Cluster"]["ClusterId"]
        customer.until_state(clone, "ACTIVE")
        with self.assertRaisesRegex(AssertionError, "no ACTIVE HSM"):
            customer.cloudhsm(clone, "user", "change-password", "--username", "kmsuser", "--role", "crypto-user",
                              "--password", "kmsPassword2")
        customer.api.delete_cluster(ClusterId=clone)  # the service is there
        customer.api.delete_backup(BackupId=backup)  # the tests below count those that are READY

    def test_1_what_the_api_says_of_backups(self):
        api, customer = self.customer.api, self.customer
        first = customer.ready_backup(self.cluster)  # of the activation
        self.assertTrue(first["BackupArn"].endswith(":backup/" + first["BackupId"]))
        second = self.create()
        newest = customer.backups(Filters={"clusterIds": [self.cluster]})
        self.assertEqual([b["BackupId"] for b in newest[:1]], [second])
        oldest = customer.backups(Filters={"clusterIds": [self.cluster]}, SortAscending=True)
        self.assertEqual(oldest, newest[::-1])
        pages = api.get_paginator("describe_backups").paginate(PaginationConfig={"PageSize": 1})
        self.assertEqual([b["BackupId"] for page in pages for b in page["Backups"]],
                         [b["BackupId"] for b in customer.backups()])
        self.assertEqual(customer.backups(Filters={"backupIds": ["backup-aaaaaaaaaaa"]}), [])
        self.assertEqual(customer.backups(Shared=True), [])
        self.refused("CloudHsmInvalidRequestException", api.describe_backups, Filters={"nonsense": ["x"]})

        kept = api.modify_backup_attributes(BackupId=second, NeverExpires=True)["Backup"]
        self.assertTrue(kept["NeverExpires"])
        self.assertEqual([b["BackupId"] for b in customer.backups(Filters={"neverExpires": ["true"]})], [second])
        self.refused("CloudHsmResourceNotFoundException", api.modify_backup_attributes, BackupId="backup-aaaaaaaaaaa",
                     NeverExpires=True)

        self.policies(api, first)
        self.copies(api, first)
        self.deletion(api, first["BackupId"])
        self.file_that_was_left(first["BackupId"])

    def policies(self, api, backup):
        arn = backup["BackupArn"]
        self.refused("CloudHsmResourceNotFoundException", api.get_resource_policy, ResourceArn=arn)
        policy = ('{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"111122223333"},'
                  '"Action":"cloudhsm:CreateCluster","Resource":"*"}]}')
        self.assertEqual(api.put_resource_policy(ResourceArn=arn, Policy=policy)["Policy"], policy)
        self.assertEqual(api.get_resource_policy(ResourceArn=arn)["Policy"], policy)
        self.refused("CloudHsmInvalidRequestException", api.put_resource_policy, ResourceArn=arn, Policy="{")
        self.refused("CloudHsmInvalidRequestException", api.put_resource_policy, Policy=policy)
        self.refused("CloudHsmInvalidRequestException", api.put_resource_policy, Policy=policy,
                     ResourceArn=arn.split(":backup/")[0] + ":cluster/" + self.cluster)
        self.assertEqual(api.delete_resource_policy(ResourceArn=arn)["Policy"], policy)
        self.refused("CloudHsmResourceNotFoundException", api.delete_resource_policy, ResourceArn=arn)

    def copies(self, api, backup):
        identity = backup["BackupId"]
        api.tag_resource(ResourceId=identity, TagList=[{"Key": "a", "Value": "1"}])
        self.assertEqual(api.list_tags(ResourceId=identity)["TagList"], [{"Key": "a", "Value": "1"}])
        told = api.copy_backup_to_region(DestinationRegion="us-east-1", BackupId=identity)["DestinationBackup"]
        self.assertEqual((told["SourceRegion"], told["SourceBackup"], told["SourceCluster"]),
                         ("us-east-1", identity, self.cluster))
        copy = until(lambda: self.customer.backups(Filters={"sourceBackupIds": [identity], "states": ["READY"]}), 30,
                     "the copy")[0]
        self.assertNotIn("ClusterId", copy)
        self.assertEqual(copy["TagList"], [{"Key": "a", "Value": "1"}])
        self.assertIn("us-west-2", self.refused("CloudHsmInvalidRequestException", api.copy_backup_to_region,
                                                DestinationRegion="us-west-2", BackupId=identity))

    def deletion(self, api, identity):
        self.refused("CloudHsmInvalidRequestException", api.restore_backup, BackupId=identity)
        gone = api.delete_backup(BackupId=identity)["Backup"]
        self.assertEqual(gone["BackupState"], "PENDING_DELETION")
        self.assertEqual((gone["DeleteTimestamp"] - gone["CreateTimestamp"]).days, 7)
        self.refused("CloudHsmInvalidRequestException", api.create_cluster, HsmType="hsm2m.medium", SubnetIds=SUBNETS,
                     SourceBackupId=identity)
        back = api.restore_backup(BackupId=identity)["Backup"]
        self.assertEqual(back["BackupState"], "READY")
        self.assertNotIn("DeleteTimestamp", back)
        api.delete_backup(BackupId=identity)
        self.dev.command("dev", "clock", "advance", "8d")
        until(lambda: not os.path.exists(self.file_of(identity)), 60, "the file of a deleted backup goes")
        until(lambda: not self.customer.backups(Filters={"backupIds": [identity], "states": ["PENDING_DELETION"]}), 10,
              "and so does its row")
        # More than 24 hours have passed since the last one.
        until(lambda: len(self.customer.backups(Filters={"clusterIds": [self.cluster], "states": ["READY"]})) > 1, 60,
              "a backup on schedule")
        self.refused("CloudHsmResourceNotFoundException", api.restore_backup, BackupId=identity)

    def file_that_was_left(self, identity):
        """As by a service that was killed between the row and the file."""
        with open(self.file_of(identity), "wb") as file:
            file.write(b"left")
        self.dev.restart()
        type(self).customer = Customer(self.dev, self.folder.name)
        until(lambda: not os.path.exists(self.file_of(identity)), 20, "the next start removes it")

    def test_2_retention_follows_the_cluster(self):
        self.refused("CloudHsmInvalidRequestException", self.customer.api.modify_cluster, ClusterId=self.cluster)
        self.refused("CloudHsmInvalidRequestException", self.customer.api.modify_cluster, ClusterId=self.cluster,
                     BackupRetentionPolicy={"Type": "DAYS", "Value": "5"})
        changed = self.customer.api.modify_cluster(ClusterId=self.cluster,
                                                   BackupRetentionPolicy={"Type": "DAYS", "Value": "7"})["Cluster"]
        self.assertEqual(changed["BackupRetentionPolicy"], {"Type": "DAYS", "Value": "7"})
        expiring = self.customer.ready_backup(self.cluster)
        self.assertFalse(expiring["NeverExpires"])
        self.dev.command("dev", "clock", "advance", "8d")
        until(lambda: not os.path.exists(self.file_of(expiring["BackupId"])), 60, "an old backup goes")
        left = self.customer.backups(Filters={"clusterIds": [self.cluster], "states": ["READY"]})
        self.assertTrue(any(b["NeverExpires"] for b in left), "what never expires stays")
        self.assertTrue(any(not b["NeverExpires"] for b in left), "the last one stays, or a new one is there")

    def test_3_a_cluster_and_its_key_store_come_back(self):
        customer = self.customer
        customer.create_hsm(self.cluster, ZONES[1])
        store = customer.key_store(self.cluster)
        key = customer.kms.create_key(Origin="AWS_CLOUDHSM", CustomKeyStoreId=store)["KeyMetadata"]["KeyId"]
        customer.kms.create_alias(AliasName="alias/kept", TargetKeyId=key)
        blob = customer.kms.encrypt(KeyId=key, Plaintext=b"before the fire")["CiphertextBlob"]
        backup = self.create()
        saved = os.path.join(self.folder.name, "saved.backup")
        shutil.copy(self.file_of(backup), saved)
        self.assertIn('"keys":1', self.verify(saved).stdout)
        if LONG:
            customer.kms.disconnect_custom_key_store(CustomKeyStoreId=store)
            until(lambda: customer.kms.describe_custom_key_stores(CustomKeyStoreId=store)["CustomKeyStores"][0][
                "ConnectionState"] == "DISCONNECTED", 60, "disconnected")
            customer.delete_hsms(self.cluster)
            customer.api.delete_cluster(ClusterId=self.cluster)
            last = customer.ready_backup(self.cluster)
            self.assertNotEqual(last["BackupId"], backup)  # the one that the last HSM's deletion waited for
            customer.move_store(store, customer.clone(last["BackupId"]))
            self.assertEqual(customer.kms.decrypt(CiphertextBlob=blob)["Plaintext"], b"before the fire")
        self.damaged(backup, saved)
        self.under_a_new_store(saved, backup, store, blob)

    def damaged(self, backup, saved):
        with open(saved, "rb") as file:
            good = file.read()
        for at in (0, len(good) // 3, len(good) - 1):
            with open(self.file_of(backup), "wb") as file:
                file.write(good[:at] + bytes([good[at] ^ 1]) + good[at + 1:])
            self.assertNotEqual(self.verify(self.file_of(backup)).returncode, 0)
            self.assertIn("damaged", self.refused(
                "CloudHsmInvalidRequestException", self.customer.api.create_cluster, HsmType="hsm2m.medium",
                SubnetIds=SUBNETS, SourceBackupId=backup))

    def under_a_new_store(self, saved, backup, store, blob):
        """All that is left: the sealing key, the vault of the recovery key, and one file."""
        with tempfile.TemporaryDirectory() as root:
            data = os.path.join(root, "d")
            os.mkdir(data, 0o700)
            self.dev.stop()
            shutil.copy(os.path.join(self.dev.data, "sealing.key"), data)
            with Dev(data=data) as dev:
                anchor = os.path.join(self.folder.name, "customerCA.crt")
                restore = [os.path.join(BIN, "claviger"), "backup", "restore", saved, "--trust-anchor"]
                said = subprocess.run([*restore, anchor, "--data", data], capture_output=True, text=True, check=False)
                self.assertIn("vault", said.stderr)
                subprocess.run(["cp", "-a", os.path.join(self.dev.data, "vaults"), data], check=True)
                other = subprocess.run([*restore, os.path.join(self.folder.name, "cluster.crt"), "--data", data],
                                       capture_output=True, text=True, check=False)
                self.assertIn("trust anchor", other.stderr)
                self.assertIn("1 keys and 1 key stores",
                              subprocess.run([*restore, anchor, "--data", data], capture_output=True, text=True,
                                             check=True).stdout)
                customer = Customer(dev, self.folder.name)
                customer.move_store(store, customer.clone(backup))
                self.assertEqual(customer.kms.decrypt(CiphertextBlob=blob)["Plaintext"], b"before the fire")
                self.assertEqual(customer.kms.describe_key(KeyId="alias/kept")["KeyMetadata"]["CustomKeyStoreId"], store)


if __name__ == "__main__":
    unittest.main(verbosity=2)
