"""Several Regions behind one endpoint, told apart by what requests are signed for: Debian's boto3, a client for each
Region, unmodified, against a real claviger dev."""

import os
import subprocess
import unittest

import botocore.exceptions

import key_material
import kms_wire
from claviger_dev import BIN, Dev, until

HOME, AWAY, THIRD = "us-east-1", "eu-west-1", "ap-southeast-2"


class Regions(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dev = Dev(args=[word for region in (HOME, AWAY, THIRD) for word in ("--region", region)]).__enter__()
        cls.connect()

    @classmethod
    def connect(cls):
        cls.at = {region: cls.dev.boto3(region=region) for region in (HOME, AWAY, THIRD)}
        cls.home, cls.away = cls.at[HOME], cls.at[AWAY]
        # For what Debian's boto3 does not know.
        cls.wires = {region: kms_wire.Client(dict(cls.dev.settings(), AWS_REGION=region)) for region in cls.at}

    @classmethod
    def tearDownClass(cls):
        cls.dev.__exit__(None, None, None)

    def refused(self, name, call, **arguments):
        with self.assertRaises(botocore.exceptions.ClientError) as caught:
            call(**arguments)
        self.assertEqual(caught.exception.response["Error"]["Code"], name)
        return caught.exception.response["Error"]["Message"]

    def pair(self, **arguments):
        """A primary key at home and its replica away."""
        key = self.home.create_key(MultiRegion=True, **arguments)["KeyMetadata"]
        made = self.home.replicate_key(KeyId=key["KeyId"], ReplicaRegion=AWAY)
        self.assertEqual(made["ReplicaKeyMetadata"]["KeyState"], "Creating")
        until(lambda: self.state(AWAY, key["KeyId"]) != "Creating", 10, "the replica")
        return key

    def state(self, region, key):
        return self.at[region].describe_key(KeyId=key)["KeyMetadata"]["KeyState"]

    def wire(self, region):
        return self.wires[region]

    def advance(self, days):
        subprocess.run([os.path.join(BIN, "claviger"), "dev", "clock", "advance", f"{days}d", "--data", self.dev.data],
                       check=True, stdout=subprocess.DEVNULL)

    def test_what_one_region_has_no_other_shows(self):
        key = self.home.create_key()["KeyMetadata"]
        self.home.create_alias(AliasName="alias/home", TargetKeyId=key["KeyId"])
        self.assertIn(HOME, key["Arn"])
        self.assertEqual(self.refused("NotFoundException", self.away.describe_key, KeyId=key["KeyId"]),
                         f"Key '{key['Arn'].replace(HOME, AWAY)}' does not exist")
        self.assertEqual(self.refused("NotFoundException", self.away.describe_key, KeyId=key["Arn"]),
                         f"Invalid arn {HOME}")
        self.refused("NotFoundException", self.away.describe_key, KeyId="alias/home")
        blob = self.home.encrypt(KeyId="alias/home", Plaintext=b"x")["CiphertextBlob"]
        self.refused("AccessDeniedException", self.away.decrypt, CiphertextBlob=blob)
        for region in (AWAY, THIRD):
            listed = [entry["KeyId"] for page in self.at[region].get_paginator("list_keys").paginate()
                      for entry in page["Keys"]]
            self.assertNotIn(key["KeyId"], listed)
            self.assertNotIn("alias/home", [alias["AliasName"] for alias in self.at[region].list_aliases()["Aliases"]])
        # The same name is free elsewhere.
        other = self.away.create_key()["KeyMetadata"]
        self.assertIn(AWAY, other["Arn"])
        self.away.create_alias(AliasName="alias/home", TargetKeyId=other["KeyId"])
        self.assertEqual(self.away.describe_key(KeyId="alias/home")["KeyMetadata"]["Arn"], other["Arn"])
        self.assertEqual(self.home.describe_key(KeyId="alias/home")["KeyMetadata"]["Arn"], key["Arn"])

    def test_a_region_that_is_not_served_is_refused(self):
        stranger = self.dev.boto3(region="eu-north-1")
        self.refused("InvalidSignatureException", stranger.list_keys)
        key = self.home.create_key(MultiRegion=True)["KeyMetadata"]["KeyId"]
        self.refused("UnsupportedOperationException", self.home.replicate_key, KeyId=key, ReplicaRegion="eu-north-1")

    def test_a_replica_decrypts_what_the_primary_encrypted(self):
        key = self.pair(Description="pair")
        context = {"where": "everywhere"}
        sealed = self.home.encrypt(KeyId=key["Arn"], Plaintext=b"travels", EncryptionContext=context)
        opened = self.away.decrypt(CiphertextBlob=sealed["CiphertextBlob"], EncryptionContext=context)
        self.assertEqual(opened["Plaintext"], b"travels")
        self.assertEqual(opened["KeyId"], key["Arn"].replace(HOME, AWAY))
        data = self.away.generate_data_key(KeyId=key["KeyId"], KeySpec="AES_256")
        self.assertEqual(self.home.decrypt(CiphertextBlob=data["CiphertextBlob"])["Plaintext"], data["Plaintext"])
        moved = self.home.re_encrypt(CiphertextBlob=data["CiphertextBlob"], DestinationKeyId=key["KeyId"])
        self.assertEqual(self.away.decrypt(CiphertextBlob=moved["CiphertextBlob"])["Plaintext"], data["Plaintext"])
        away = self.away.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
        self.assertEqual(away["Description"], "")
        self.assertEqual(away["MultiRegionConfiguration"], {
            "MultiRegionKeyType": "REPLICA", "PrimaryKey": {"Arn": key["Arn"], "Region": HOME},
            "ReplicaKeys": [{"Arn": away["Arn"], "Region": AWAY}]})

    def test_asymmetric_and_mac_keys_are_related_too(self):
        for spec, usage in (("ECC_NIST_P256", "SIGN_VERIFY"), ("RSA_2048", "ENCRYPT_DECRYPT"),
                            ("HMAC_256", "GENERATE_VERIFY_MAC")):
            with self.subTest(spec):
                key = self.pair(KeySpec=spec, KeyUsage=usage)["KeyId"]
                if usage == "SIGN_VERIFY":
                    signed = self.home.sign(KeyId=key, Message=b"m", SigningAlgorithm="ECDSA_SHA_256")
                    self.assertTrue(self.away.verify(KeyId=key, Message=b"m", Signature=signed["Signature"],
                                                     SigningAlgorithm="ECDSA_SHA_256")["SignatureValid"])
                elif usage == "ENCRYPT_DECRYPT":
                    way = "RSAES_OAEP_SHA_256"
                    sealed = self.away.encrypt(KeyId=key, Plaintext=b"m", EncryptionAlgorithm=way)["CiphertextBlob"]
                    self.assertEqual(self.home.decrypt(KeyId=key, CiphertextBlob=sealed,
                                                       EncryptionAlgorithm=way)["Plaintext"], b"m")
                else:
                    mac = [at.generate_mac(KeyId=key, Message=b"m", MacAlgorithm="HMAC_SHA_256")["Mac"]
                           for at in (self.home, self.away)]
                    self.assertEqual(*mac)

    def test_imported_material_is_imported_in_each_region(self):
        key = self.home.create_key(MultiRegion=True, Origin="EXTERNAL")["KeyMetadata"]["KeyId"]
        material = os.urandom(32)
        self.import_at(HOME, key, material)
        self.home.replicate_key(KeyId=key, ReplicaRegion=AWAY)
        self.assertEqual(self.state(AWAY, key), "PendingImport")
        self.import_at(AWAY, key, material)
        sealed = self.home.encrypt(KeyId=key, Plaintext=b"brought")["CiphertextBlob"]
        self.assertEqual(self.away.decrypt(CiphertextBlob=sealed)["Plaintext"], b"brought")

    def import_at(self, region, key, material):
        answer = key_material.Importer(self.wire(region)).call(key, material)
        self.assertEqual(answer.status, 200, answer.body)

    def test_the_primary_key_moves_and_rotates_where_it_is(self):
        key = self.pair()["KeyId"]
        blobs = [self.home.encrypt(KeyId=key, Plaintext=b"first")["CiphertextBlob"]]
        self.home.enable_key_rotation(KeyId=key)
        self.assertTrue(self.away.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"])
        self.home.update_primary_region(KeyId=key, PrimaryRegion=AWAY)
        until(lambda: {self.state(HOME, key), self.state(AWAY, key)} == {"Enabled"}, 10, "the move")
        self.refused("UnsupportedOperationException", self.home.disable_key_rotation, KeyId=key)
        self.away.replicate_key(KeyId=key, ReplicaRegion=THIRD)
        before = self.material(HOME, key)
        self.advance(366)
        until(lambda: self.material(HOME, key) != before, 20, "the automatic rotation")
        self.assertEqual(len({self.material(region, key) for region in (HOME, AWAY, THIRD)}), 1)
        blobs.append(self.home.encrypt(KeyId=key, Plaintext=b"first")["CiphertextBlob"])
        self.dev.restart()
        type(self).connect()
        for region in (HOME, AWAY, THIRD):
            for blob in blobs:
                self.assertEqual(self.at[region].decrypt(CiphertextBlob=blob)["Plaintext"], b"first")

    def material(self, region, key):
        return self.wire(region).must("DescribeKey", KeyId=key)["KeyMetadata"]["CurrentKeyMaterialId"]

    def test_a_primary_key_goes_after_its_last_replica(self):
        key = self.pair()["KeyId"]
        sealed = self.home.encrypt(KeyId=key, Plaintext=b"last")["CiphertextBlob"]
        scheduled = self.home.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
        self.assertEqual(scheduled["KeyState"], "PendingReplicaDeletion")
        self.assertNotIn("DeletionDate", scheduled)
        self.away.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
        self.advance(8)
        until(lambda: self.state(HOME, key) == "PendingDeletion", 20, "the end of the replica")
        self.refused("NotFoundException", self.away.describe_key, KeyId=key)
        # The material is still the primary key's.
        self.home.cancel_key_deletion(KeyId=key)
        self.home.enable_key(KeyId=key)
        self.assertEqual(self.home.decrypt(CiphertextBlob=sealed)["Plaintext"], b"last")
        self.home.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
        self.advance(8)
        until(lambda: self.wire(HOME).call("DescribeKey", KeyId=key).status == 400, 20, "the end of the primary key")


if __name__ == "__main__":
    unittest.main(verbosity=2)
