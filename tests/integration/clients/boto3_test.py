"""All operations through Debian's boto3, unmodified, against a real claviger dev."""

import base64
import unittest

import botocore.exceptions

from claviger_dev import Dev


def code_of(error):
    return error.response["Error"]["Code"]


class Boto3(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dev = Dev().__enter__()
        cls.kms = cls.dev.boto3()

    @classmethod
    def tearDownClass(cls):
        cls.dev.__exit__(None, None, None)

    def new_key(self, **arguments):
        return self.kms.create_key(**arguments)["KeyMetadata"]

    def refused(self, name, call, **arguments):
        with self.assertRaises(botocore.exceptions.ClientError) as caught:
            call(**arguments)
        self.assertEqual(code_of(caught.exception), name)
        return caught.exception.response["Error"]["Message"]

    def test_create_and_describe_agree(self):
        made = self.new_key(Description="d", Tags=[{"TagKey": "team", "TagValue": ""}])
        made.pop("CurrentKeyMaterialId", None)  # a client older than the member does not show it
        self.assertEqual(set(made), {
            "AWSAccountId", "Arn", "CreationDate", "CustomerMasterKeySpec", "Description", "Enabled",
            "EncryptionAlgorithms", "KeyId", "KeyManager", "KeySpec", "KeyState", "KeyUsage", "MultiRegion", "Origin"})
        described = self.kms.describe_key(KeyId=made["Arn"])["KeyMetadata"]
        described.pop("CurrentKeyMaterialId", None)
        self.assertEqual(described, made)
        self.assertIn(made["KeyId"], [k["KeyId"] for page in self.kms.get_paginator("list_keys").paginate(Limit=2)
                                      for k in page["Keys"]])

    def test_encrypt_and_decrypt_with_context(self):
        key = self.new_key()["KeyId"]
        context = {"app": "test", "ünïcode": "✓"}
        sealed = self.kms.encrypt(KeyId=key, Plaintext=b"secret", EncryptionContext=context)
        opened = self.kms.decrypt(CiphertextBlob=sealed["CiphertextBlob"], EncryptionContext=context)
        self.assertEqual(opened["Plaintext"], b"secret")
        self.assertEqual(opened["KeyId"], sealed["KeyId"])
        self.refused("InvalidCiphertextException", self.kms.decrypt, CiphertextBlob=sealed["CiphertextBlob"])
        other = self.new_key()["KeyId"]
        self.refused("IncorrectKeyException", self.kms.decrypt, CiphertextBlob=sealed["CiphertextBlob"],
                     EncryptionContext=context, KeyId=other)

    def test_every_flipped_byte_is_an_invalid_ciphertext(self):
        key = self.new_key()["KeyId"]
        blob = self.kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
        for position in range(len(blob)):
            bad = bytearray(blob)
            bad[position] ^= 1
            self.refused("InvalidCiphertextException", self.kms.decrypt, CiphertextBlob=bytes(bad), KeyId=key)
        for bad in (blob[:-1], blob + b"\0", blob[:20], b"\0"):
            self.refused("InvalidCiphertextException", self.kms.decrypt, CiphertextBlob=bad, KeyId=key)

    def test_data_keys(self):
        key = self.new_key()["KeyId"]
        made = self.kms.generate_data_key(KeyId=key, KeySpec="AES_256")
        self.assertEqual(len(made["Plaintext"]), 32)
        self.assertEqual(self.kms.decrypt(CiphertextBlob=made["CiphertextBlob"])["Plaintext"], made["Plaintext"])
        bare = self.kms.generate_data_key_without_plaintext(KeyId=key, NumberOfBytes=1024)
        self.assertEqual(len(self.kms.decrypt(CiphertextBlob=bare["CiphertextBlob"])["Plaintext"]), 1024)
        self.assertNotIn("Plaintext", bare)
        self.refused("ValidationException", self.kms.generate_data_key, KeyId=key)
        self.refused("ValidationException", self.kms.generate_data_key, KeyId=key, NumberOfBytes=1025)

    def test_re_encrypt(self):
        one, two = self.new_key()["KeyId"], self.new_key()["Arn"]
        blob = self.kms.encrypt(KeyId=one, Plaintext=b"move me", EncryptionContext={"a": "b"})["CiphertextBlob"]
        moved = self.kms.re_encrypt(CiphertextBlob=blob, SourceEncryptionContext={"a": "b"}, DestinationKeyId=two,
                                    DestinationEncryptionContext={"c": "d"})
        self.assertEqual(moved["KeyId"], two)
        self.assertEqual(self.kms.decrypt(CiphertextBlob=moved["CiphertextBlob"],
                                          EncryptionContext={"c": "d"})["Plaintext"], b"move me")

    def test_aliases(self):
        one, two = self.new_key()["KeyId"], self.new_key()["KeyId"]
        self.kms.create_alias(AliasName="alias/team/one", TargetKeyId=one)
        self.refused("AlreadyExistsException", self.kms.create_alias, AliasName="alias/team/one", TargetKeyId=two)
        self.assertEqual(self.kms.describe_key(KeyId="alias/team/one")["KeyMetadata"]["KeyId"], one)
        self.kms.update_alias(AliasName="alias/team/one", TargetKeyId=two)
        self.assertEqual([a["AliasName"] for a in self.kms.list_aliases(KeyId=two)["Aliases"]], ["alias/team/one"])
        self.kms.delete_alias(AliasName="alias/team/one")
        self.refused("NotFoundException", self.kms.describe_key, KeyId="alias/team/one")

    def test_aws_managed_keys(self):
        known = {alias["AliasName"]: alias for alias in self.all_of("list_aliases", "Aliases", 100)}
        self.assertNotIn("TargetKeyId", known["alias/aws/s3"])
        made = self.kms.describe_key(KeyId="alias/aws/s3")["KeyMetadata"]
        self.assertEqual((made["KeyManager"], made["KeyState"]), ("AWS", "Enabled"))
        self.assertEqual(self.kms.describe_key(KeyId="alias/aws/s3")["KeyMetadata"], made)
        self.assertTrue(self.kms.get_key_rotation_status(KeyId=made["KeyId"])["KeyRotationEnabled"])
        self.refused("AccessDeniedException", self.kms.schedule_key_deletion, KeyId=made["KeyId"])
        self.refused("NotAuthorizedException", self.kms.delete_alias, AliasName="alias/aws/s3")

    def all_of(self, operation, member, page, **arguments):
        pages = self.kms.get_paginator(operation).paginate(**arguments, PaginationConfig={"PageSize": page})
        return [item for answer in pages for item in answer[member]]

    def test_every_paginator_reads_the_same_page_by_page(self):
        account = self.new_key()["AWSAccountId"]
        role = f"arn:aws:iam::{account}:role/pages"
        key = self.new_key(Tags=[{"TagKey": f"k{i}", "TagValue": ""} for i in range(5)])["KeyId"]
        for i in range(5):
            self.kms.create_alias(AliasName=f"alias/pages/{i}", TargetKeyId=key)
            self.kms.create_grant(KeyId=key, GranteePrincipal=role, RetiringPrincipal=role, Operations=["Decrypt"])
        of_key = {"KeyId": key}
        arguments = {"list_aliases": of_key, "list_grants": of_key, "list_key_policies": of_key, "list_resource_tags": of_key,
                     "list_key_rotations": of_key, "list_retirable_grants": {"RetiringPrincipal": role}}
        paginated = [name for name in self.kms.meta.method_to_api_mapping if self.kms.can_paginate(name)]
        self.assertGreaterEqual(len(paginated), 5)
        for name in paginated:
            with self.subTest(name):
                member = self.kms.get_paginator(name).result_keys[0].expression
                one = self.all_of(name, member, 1, **arguments.get(name, {}))
                self.assertEqual(one, self.all_of(name, member, 50, **arguments.get(name, {})))
                self.assertGreaterEqual(len(one), 5 if name in ("list_aliases", "list_grants", "list_resource_tags",
                                                                "list_retirable_grants") else 0)
        self.assertEqual(self.kms.waiter_names, [])  # KMS has none

    def test_key_states(self):
        key = self.new_key()
        self.kms.disable_key(KeyId=key["KeyId"])
        self.assertEqual(self.refused("DisabledException", self.kms.encrypt, KeyId=key["KeyId"], Plaintext=b"x"),
                         f"{key['Arn']} is disabled.")
        self.kms.enable_key(KeyId=key["KeyId"])
        self.kms.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=7)
        self.assertEqual(
            self.refused("KMSInvalidStateException", self.kms.encrypt, KeyId=key["KeyId"], Plaintext=b"x"),
            f"{key['Arn']} is pending deletion.")
        self.kms.cancel_key_deletion(KeyId=key["KeyId"])
        self.assertEqual(self.kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"], "Disabled")

    def test_description_and_random(self):
        key = self.new_key()["KeyId"]
        self.kms.update_key_description(KeyId=key, Description="new")
        self.assertEqual(self.kms.describe_key(KeyId=key)["KeyMetadata"]["Description"], "new")
        first = self.kms.generate_random(NumberOfBytes=1024)["Plaintext"]
        self.assertEqual(len(first), 1024)
        self.assertNotEqual(first, self.kms.generate_random(NumberOfBytes=1024)["Plaintext"])

    def test_a_wrong_secret_is_an_invalid_signature(self):
        import boto3
        values = self.dev.settings()
        stranger = boto3.client("kms", endpoint_url=values["AWS_ENDPOINT_URL"], region_name=values["AWS_REGION"],
                                aws_access_key_id=values["AWS_ACCESS_KEY_ID"],
                                aws_secret_access_key=base64.b64encode(b"no" * 15).decode())
        self.refused("InvalidSignatureException", stranger.list_keys)

    def test_everything_survives_a_restart(self):
        key = self.new_key(Description="stays")["KeyId"]
        self.kms.create_alias(AliasName="alias/stays", TargetKeyId=key)
        blob = self.kms.encrypt(KeyId=key, Plaintext=b"kept")["CiphertextBlob"]
        self.dev.restart()
        type(self).kms = self.dev.boto3()
        self.assertEqual(self.kms.decrypt(CiphertextBlob=blob, KeyId="alias/stays")["Plaintext"], b"kept")
        self.assertEqual(self.kms.describe_key(KeyId="alias/stays")["KeyMetadata"]["Description"], "stays")


if __name__ == "__main__":
    unittest.main(verbosity=2)
