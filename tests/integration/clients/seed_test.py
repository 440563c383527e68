"""`claviger dev --seed`, and the tags of CreateKey that users of LocalStack know."""

import base64
import json
import os
import subprocess
import tempfile
import unittest

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from claviger_dev import Dev
from kms_wire import Client

IDS = [f"{n}{n}{n}{n}{n}{n}{n}{n}-0000-4000-8000-000000000000" for n in range(1, 9)]
MATERIALS = [base64.b64encode(bytes([n] * 32)).decode() for n in (1, 2)]


def pem_of(key, form=serialization.PrivateFormat.PKCS8):
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


class Seed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.signer = ec.generate_private_key(ec.SECP256K1())
        cls.rsa = rsa.generate_private_key(65537, 2048)
        cls.seed = os.path.join(cls.folder.name, "seed.toml")
        with open(cls.seed, "w") as out:
            out.write(f'''
[[key]]
id = "{IDS[0]}"
aliases = ["alias/orders"]
description = "orders"
tags = {{ team = "orders" }}
rotation-days = 180
[[key]]
id = "{IDS[1]}"
materials = ["{MATERIALS[0]}", "{MATERIALS[1]}"]
[[key]]
id = "{IDS[2]}"
spec = "ECC_SECG_P256K1"
usage = "SIGN_VERIFY"
pem = """{pem_of(cls.signer, serialization.PrivateFormat.TraditionalOpenSSL)}"""
[[key.grant]]
name = "reader"
grantee = "arn:aws:iam::000000000000:user/reader"
operations = ["Sign"]
[[key]]
id = "{IDS[3]}"
spec = "RSA_2048"
usage = "SIGN_VERIFY"
pem = """{pem_of(cls.rsa)}"""
enabled = false
[[key]]
id = "{IDS[4]}"
spec = "HMAC_256"
usage = "GENERATE_VERIFY_MAC"
materials = ["{MATERIALS[0]}"]
''')

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def public(self, kms, key):
        return base64.b64decode(kms.must("GetPublicKey", KeyId=key)["PublicKey"])

    def spki(self, key):
        return key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)

    def check(self, kms):
        metadata = kms.must("DescribeKey", KeyId="alias/orders")["KeyMetadata"]
        self.assertEqual((metadata["KeyId"], metadata["Description"], metadata["Origin"]), (IDS[0], "orders", "AWS_KMS"))
        self.assertEqual(kms.must("ListResourceTags", KeyId=IDS[0])["Tags"], [{"TagKey": "team", "TagValue": "orders"}])
        self.assertEqual(kms.must("GetKeyRotationStatus", KeyId=IDS[0])["RotationPeriodInDays"], 180)
        self.assertEqual(kms.must("DescribeKey", KeyId=IDS[1])["KeyMetadata"]["Origin"], "EXTERNAL")
        self.assertEqual(len(kms.must("ListKeyRotations", KeyId=IDS[1])["Rotations"]), 1)
        self.assertEqual(self.public(kms, IDS[2]), self.spki(self.signer))
        signature = kms.must("Sign", KeyId=IDS[2], Message=base64.b64encode(b"m").decode(), SigningAlgorithm="ECDSA_SHA_256")
        self.signer.public_key().verify(base64.b64decode(signature["Signature"]), b"m", ec.ECDSA(hashes.SHA256()))
        self.assertEqual([g["Name"] for g in kms.must("ListGrants", KeyId=IDS[2])["Grants"]], ["reader"])
        self.assertEqual(kms.must("DescribeKey", KeyId=IDS[3])["KeyMetadata"]["KeyState"], "Disabled")
        mac = kms.must("GenerateMac", KeyId=IDS[4], Message=base64.b64encode(b"m").decode(), MacAlgorithm="HMAC_SHA_256")
        expected = subprocess.run(["openssl", "dgst", "-sha256", "-mac", "HMAC", "-macopt", "hexkey:" + "01" * 32, "-binary"],
                                  input=b"m", capture_output=True, check=True).stdout
        self.assertEqual(base64.b64decode(mac["Mac"]), expected)

    def test_seeds_once_and_again(self):
        with Dev(args=["--seed", self.seed]) as dev:
            kms = Client(dev.settings())
            self.check(kms)
            blob = kms.must("Encrypt", KeyId=IDS[1], Plaintext=base64.b64encode(b"kept").decode())["CiphertextBlob"]
            kms.must("UpdateKeyDescription", KeyId=IDS[0], Description="something else")
            dev.restart()
            again = Client(dev.settings())
            self.check(again)
            self.assertEqual(len(again.must("ListKeys")["Keys"]), 5)
            self.assertEqual(base64.b64decode(again.must("Decrypt", CiphertextBlob=blob)["Plaintext"]), b"kept")
            self.assertNotIn(MATERIALS[0], json.dumps(dev.audit_records()))

    def write(self, name, text):
        path = os.path.join(self.folder.name, name)
        with open(path, "w") as out:
            out.write(text)
        return path

    def test_what_an_import_left_undone_is_done_by_the_next_start(self):
        """Materials added to the file later, and a key whose first material was refused behind its CreateKey."""
        text = f'[[key]]\nid = "{IDS[6]}"\nmaterials = [%s]\n'
        short = base64.b64encode(b"short").decode()
        seed = self.write("undone.toml", text % f'"{MATERIALS[0]}"')
        with Dev(args=["--seed", seed]) as dev:
            def rotations():
                return [r["KeyMaterialState"] for r in Client(dev.settings()).must(
                    "ListKeyRotations", KeyId=IDS[6], IncludeKeyMaterial="ALL_KEY_MATERIAL")["Rotations"]]
            self.assertEqual(rotations(), ["CURRENT"])
            self.write("undone.toml", text % f'"{MATERIALS[0]}", "{MATERIALS[1]}"')
            dev.restart()
            self.assertEqual(rotations(), ["NON_CURRENT", "CURRENT"])
            self.write("undone.toml", text % f'"{MATERIALS[0]}", "{MATERIALS[1]}"'
                       + f'[[key]]\nid = "{IDS[7]}"\nmaterials = ["{short}"]\n')
            with self.assertRaises(AssertionError) as caught:
                dev.restart()
            self.assertIn("IncorrectKeyMaterialException", str(caught.exception))
            self.write("undone.toml", text % f'"{MATERIALS[0]}", "{MATERIALS[1]}"'
                       + f'[[key]]\nid = "{IDS[7]}"\nmaterials = ["{MATERIALS[0]}"]\n')
            dev.restart()
            kms = Client(dev.settings())
            self.assertEqual(kms.must("DescribeKey", KeyId=IDS[7])["KeyMetadata"]["KeyState"], "Enabled")
            self.assertEqual(rotations(), ["NON_CURRENT", "CURRENT"])

    def test_a_mistake_ends_the_start(self):
        bad = os.path.join(self.folder.name, "bad.toml")
        with open(bad, "w") as out:
            out.write(f'[[key]]\nid = "{IDS[0]}"\nspec = "HMAC_256"\n')
        with self.assertRaises(AssertionError) as caught:
            Dev(args=["--seed", bad]).__enter__()
        self.assertIn(f"seed: key {IDS[0]}: CreateKey: ValidationException: ", str(caught.exception))

    def test_tags_of_localstack(self):
        with Dev() as dev:
            kms = Client(dev.settings())
            named = kms.must("CreateKey", Tags=[{"TagKey": "_custom_id_", "TagValue": IDS[5]},
                                                {"TagKey": "team", "TagValue": "x"}])["KeyMetadata"]
            self.assertEqual(named["KeyId"], IDS[5])
            self.assertEqual([t["TagKey"] for t in kms.must("ListResourceTags", KeyId=IDS[5])["Tags"]], ["_custom_id_", "team"])
            again = kms.call("CreateKey", Tags=[{"TagKey": "_custom_id_", "TagValue": IDS[5]}])
            self.assertEqual(again.type, "AlreadyExistsException")
            wrong = kms.call("CreateKey", Tags=[{"TagKey": "_custom_id_", "TagValue": "no-uuid"}])
            self.assertEqual(wrong.type, "ValidationException")

            made = kms.must("CreateKey", KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC",
                            Tags=[{"TagKey": "_custom_key_material_", "TagValue": MATERIALS[1]}])["KeyMetadata"]
            self.assertEqual((made["Origin"], made["KeyState"]), ("EXTERNAL", "Enabled"))
            mac = kms.must("GenerateMac", KeyId=made["KeyId"], Message="bQ==", MacAlgorithm="HMAC_SHA_256")["Mac"]
            expected = subprocess.run(["openssl", "dgst", "-sha256", "-mac", "HMAC", "-macopt", "hexkey:" + "02" * 32,
                                       "-binary"], input=b"m", capture_output=True, check=True).stdout
            self.assertEqual(base64.b64decode(mac), expected)
            self.assertEqual(kms.must("ListResourceTags", KeyId=made["KeyId"])["Tags"], [])
            self.assertNotIn(MATERIALS[1], json.dumps(dev.audit_records()))
            twice = kms.call("CreateKey", Tags=[{"TagKey": "_custom_key_material_", "TagValue": m} for m in MATERIALS])
            self.assertEqual(twice.type, "ValidationException", twice.body)
            for material in MATERIALS:
                self.assertNotIn(material, json.dumps(dev.audit_records()))
            for value, error in (("!", "ValidationException"), ("AQ==", "IncorrectKeyMaterialException")):
                refused = kms.call("CreateKey", Tags=[{"TagKey": "_custom_key_material_", "TagValue": value}])
                self.assertEqual(refused.type, error, refused.body)


if __name__ == "__main__":
    unittest.main()
