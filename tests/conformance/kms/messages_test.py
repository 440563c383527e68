"""Texts that AWS was seen to answer, provoked and compared byte for byte. A row whose operation or kind of key is not built
yet is counted as waiting, and becomes a check by itself when it is built."""

import base64
import collections
import json
import sys
import unittest

import kms_wire
from claviger_dev import Dev

BARE = None  # the message member is absent
UUID = "1234abcd-12ab-34cd-56ef-1234567890ab"
ALIAS_HELP = ('Alias must start with the prefix "alias/". Please see '
              "https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html")
FOREIGN = ("The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you "
           "are not allowed to access.")


def b64(data):
    return base64.b64encode(data).decode()


class Waiting(Exception):
    """Something that the row needs is not built."""


def constraint(path, rule, value=None):
    echo = "" if value is None else f"'{value}' "
    return f"1 validation error detected: Value {echo}at '{path}' failed to satisfy constraint: Member must {rule}"


class Messages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.other_region = "eu-west-1"
        cls.dev = Dev(args=["--region", "us-east-1", "--region", cls.other_region]).__enter__()
        cls.client = kms_wire.Client(cls.dev.settings())
        cls.region = cls.dev.settings()["AWS_REGION"]
        cls.checked, cls.waiting = 0, []

    @classmethod
    def tearDownClass(cls):
        waiting = ", ".join(f"{name} ({count})" for name, count in collections.Counter(cls.waiting).items())
        print(f"{cls.checked} messages compared; waiting for what is not built: {waiting or 'none'}", file=sys.stderr)
        cls.dev.__exit__(None, None, None)

    def made(self, operation, **members):
        answer = self.client.call(operation, **members)
        if answer.status != 200 and (answer.message or "").startswith("Claviger does not implement"):
            raise Waiting(operation)
        self.assertEqual(answer.status, 200, answer.body)
        return answer.json()

    def key(self, **members):
        return self.made("CreateKey", **members)["KeyMetadata"]

    def rsa(self, usage="SIGN_VERIFY"):
        return self.key(KeySpec="RSA_2048", KeyUsage=usage)

    def says(self, error, message, operation, **members):
        answer = self.client.call(operation, **members)
        if (answer.message or "").startswith("Claviger does not implement"):
            raise Waiting(operation)
        with self.subTest(operation=operation, message=message):
            type(self).checked += 1
            self.assertTrue(self.is_answer(answer, error, message), answer.body)

    @staticmethod
    def is_answer(answer, error, message):
        wanted = {"__type": error} if message is BARE else {"__type": error, "message": message}
        return answer.status == 400 and answer.json() == wanted

    def test_the_comparison_is_exact(self):
        answer = self.client.call("DescribeKey", KeyId="fake-key-id")
        self.assertTrue(self.is_answer(answer, "NotFoundException", "Invalid keyId 'fake-key-id'"))
        for error, message in (("NotFoundException", "Invalid keyId 'fake-key-id'."), ("NotFoundException", BARE),
                               ("InvalidArnException", "Invalid keyId 'fake-key-id'")):
            self.assertFalse(self.is_answer(answer, error, message))

    def rows(self, *rows):
        for row in rows:
            try:
                row()
            except Waiting as missing:
                self.waiting.append(str(missing))

    def test_identifiers(self):
        arn = self.key()["Arn"]
        self.rows(
            lambda: self.says("NotFoundException", "Invalid arn xx-north-9", "DescribeKey",
                              KeyId=arn.replace(self.region, "xx-north-9")),
            lambda: self.says("NotFoundException", "Invalid keyId 'fake-key-id'", "DescribeKey", KeyId="fake-key-id"),
            lambda: self.says("NotFoundException", f"Invalid keyId '{UUID.replace('-', '')}'", "DescribeKey",
                              KeyId=UUID.replace("-", "")),
            lambda: self.says("NotFoundException", "Invalid keyId 'mrk-fake-key-id'", "DescribeKey",
                              KeyId="mrk-fake-key-id"),
            lambda: self.says("NotFoundException", f"Key '{arn[:arn.rindex('/') + 1]}{UUID}' does not exist",
                              "DescribeKey", KeyId=UUID),
            lambda: self.says("ValidationException", ALIAS_HELP, "CreateAlias", AliasName="no", TargetKeyId=arn))

    def test_aliases(self):
        key = self.key()
        alias = key["Arn"].replace("key/" + key["KeyId"], "alias/taken")
        self.made("CreateAlias", AliasName="alias/taken", TargetKeyId=key["KeyId"])
        self.rows(lambda: self.says("AlreadyExistsException", f"An alias with the name {alias} already exists",
                                    "CreateAlias", AliasName="alias/taken", TargetKeyId=key["KeyId"]))

    def test_create_key(self):
        tags = lambda n: [{"TagKey": f"k{i}", "TagValue": "v"} for i in range(n)]
        tag = lambda key, value: [{"TagKey": key, "TagValue": value}]
        self.rows(
            lambda: self.says("ValidationException", "You must specify a KeyUsage value for all KMS keys except for "
                              "symmetric encryption keys.", "CreateKey", KeySpec="RSA_2048"),
            lambda: self.says("ValidationException", "KeyUsage KEY_AGREEMENT is not compatible with KeySpec RSA_2048",
                              "CreateKey", KeySpec="RSA_2048", KeyUsage="KEY_AGREEMENT"),
            lambda: self.says("TagException", "Too many tags", "CreateKey", Tags=tags(51)),
            lambda: self.says("TagException", "Duplicate tag keys", "CreateKey", Tags=tags(1) * 2),
            lambda: self.says("TagException", "Tags beginning with aws: are reserved", "CreateKey",
                              Tags=tag("AWS:x", "v")),
            lambda: self.says("ValidationException", constraint("tags.1.member.tagValue", "have length less than or "
                              "equal to 256", "v" * 257), "CreateKey", Tags=tag("k", "v" * 257)),
            lambda: self.says("ValidationException", constraint("tags.1.member.tagKey", "have length less than or "
                              "equal to 128", "k" * 129), "CreateKey", Tags=tag("k" * 129, "v")))
        answer = self.client.call("CreateKey", KeySpec="HMAC_random")
        self.assertRegex(answer.message, r"^1 validation error detected: Value 'HMAC_random' at 'keySpec' failed to satisfy "
                         r"constraint: Member must satisfy enum value set: \[[A-Z0-9_, ]+\]$")

    def test_tags_and_policies(self):
        key = self.key()["KeyId"]
        policy = lambda who: json.dumps({"Statement": [{"Effect": "Allow", "Principal": {"AWS": who}, "Action": "kms:*",
                                                        "Resource": "*"}]})
        self.rows(
            lambda: self.says("TagException", "Duplicate tag keys", "TagResource", KeyId=key,
                              Tags=[{"TagKey": "a", "TagValue": ""}] * 2),
            lambda: self.says("TagException", "Tags beginning with aws: are reserved", "TagResource", KeyId=key,
                              Tags=[{"TagKey": "aws:a", "TagValue": ""}]),
            lambda: self.says("MalformedPolicyDocumentException", "The new key policy will not allow you to update the "
                              "key policy in the future.", "PutKeyPolicy", KeyId=key,
                              Policy=policy("arn:aws:iam::999988887777:root")),
            lambda: self.says("MalformedPolicyDocumentException", "Policy contains a statement with one or more "
                              "invalid principals.", "PutKeyPolicy", KeyId=key, Policy=policy("nobody")))

    def test_states(self):
        key = self.key()
        self.made("DisableKey", KeyId=key["KeyId"])
        use = {"KeyId": key["KeyId"], "Plaintext": b64(b"x")}
        self.rows(lambda: self.says("DisabledException", f"{key['Arn']} is disabled.", "Encrypt", **use))
        self.made("ScheduleKeyDeletion", KeyId=key["KeyId"])
        pending = f"{key['Arn']} is pending deletion."
        self.rows(
            lambda: self.says("KMSInvalidStateException", pending, "GenerateDataKey", KeyId=key["KeyId"],
                              KeySpec="AES_256"),
            lambda: self.says("KMSInvalidStateException", pending, "ScheduleKeyDeletion", KeyId=key["KeyId"]))
        for days in (1, 6, 31, 365):
            self.rows(lambda: self.says("ValidationException", "PendingWindowInDays must be between 7 and 30",
                                        "ScheduleKeyDeletion", KeyId=self.key()["KeyId"], PendingWindowInDays=days))

    def test_cryptography(self):
        key, other = self.key()["KeyId"], self.key()["KeyId"]
        blob = self.made("Encrypt", KeyId=key, Plaintext=b64(b"x"))["CiphertextBlob"]
        foreign = bytearray(base64.b64decode(blob))
        self.rows(
            lambda: self.says("ValidationException", constraint("plaintext", "have length less than or equal to 4096"),
                              "Encrypt", KeyId=key, Plaintext=b64(b"x" * 4097)),
            lambda: self.says("ValidationException", constraint("numberOfBytes", "have value less than or equal to "
                              "1024", 1025), "GenerateRandom", NumberOfBytes=1025),
            lambda: self.says("ValidationException", constraint("numberOfBytes", "have value greater than or equal to "
                              "1", 0), "GenerateRandom", NumberOfBytes=0),
            lambda: self.says("ValidationException", "NumberOfBytes is required.", "GenerateRandom"),
            lambda: self.says("InvalidCiphertextException", BARE, "Decrypt", KeyId=key, CiphertextBlob=b64(b"no")),
            lambda: self.says("InvalidCiphertextException", BARE, "Decrypt", CiphertextBlob=blob,
                              EncryptionContext={"a": "b"}),
            lambda: self.says("IncorrectKeyException", "The key ID in the request does not identify a CMK that can "
                              "perform this operation.", "Decrypt", KeyId=other, CiphertextBlob=blob),
            lambda: self.says("DryRunOperationException", "The request would have succeeded, but the DryRun option is "
                              "set.", "Encrypt", KeyId=key, Plaintext=b64(b"x"), DryRun=True),
            lambda: self.says("AccessDeniedException", FOREIGN, "Decrypt", CiphertextBlob=b64(self.renamed(foreign))))

    @staticmethod
    def renamed(blob):
        """The blob of a key that is not here: another byte in the name of its key."""
        blob[8] ^= 1
        return bytes(blob)

    def test_rotation(self):
        key = self.key()
        for _ in range(25):
            self.made("RotateKeyOnDemand", KeyId=key["KeyId"])
        self.rows(lambda: self.says(
            "LimitExceededException", "The on-demand rotations limit has been reached for the given keyId. No more "
            f"on-demand rotations can be performed for this key: {key['Arn']}", "RotateKeyOnDemand",
            KeyId=key["KeyId"]))

    def disabled_rsa(self):
        key = self.rsa()
        self.made("DisableKey", KeyId=key["KeyId"])
        self.says("DisabledException", f"{key['Arn']} is disabled.", "RotateKeyOnDemand", KeyId=key["KeyId"])

    def wrong_usage(self, operation, spec, usage, **members):
        key = self.key(KeySpec=spec, KeyUsage=usage)
        self.says("InvalidKeyUsageException", f"{key['Arn']} key usage is {usage} which is not valid for {operation}.",
                  operation, KeyId=key["KeyId"], **members)

    def test_asymmetric_keys(self):
        data, pss = b64(b"x"), "RSASSA_PSS_SHA_256"
        self.rows(
            self.disabled_rsa,
            lambda: self.says("UnsupportedOperationException", BARE, "RotateKeyOnDemand", KeyId=self.rsa()["KeyId"]),
            lambda: self.wrong_usage("Encrypt", "RSA_2048", "SIGN_VERIFY", Plaintext=data,
                                     EncryptionAlgorithm="RSAES_OAEP_SHA_256"),
            lambda: self.wrong_usage("Verify", "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", Message=data, Signature=data,
                                     SigningAlgorithm=pss),
            lambda: self.wrong_usage("Sign", "HMAC_256", "GENERATE_VERIFY_MAC", Message=data, SigningAlgorithm=pss),
            lambda: self.wrong_usage("GenerateMac", "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", Message=data,
                                     MacAlgorithm="HMAC_SHA_256"),
            lambda: self.wrong_usage("DeriveSharedSecret", "ECC_NIST_P256", "SIGN_VERIFY", PublicKey=data,
                                     KeyAgreementAlgorithm="ECDH"),
            lambda: self.says("ValidationException", "Algorithm RSAES_OAEP_SHA_256 and key spec RSA_2048 cannot encrypt "
                              "data larger than 190 bytes.", "Encrypt", KeyId=self.rsa("ENCRYPT_DECRYPT")["KeyId"],
                              Plaintext=b64(b"x" * 191), EncryptionAlgorithm="RSAES_OAEP_SHA_256"),
            lambda: self.says("ValidationException", f"Digest is invalid length for algorithm {pss}.", "Sign",
                              KeyId=self.rsa()["KeyId"], Message=data, MessageType="DIGEST", SigningAlgorithm=pss),
            lambda: self.says("KMSInvalidSignatureException", BARE, "Verify", KeyId=self.rsa()["KeyId"], Message=data,
                              Signature=data, SigningAlgorithm=pss),
            lambda: self.says("InvalidKeyUsageException", "Algorithm HMAC_SHA_256 is incompatible with key spec "
                              "HMAC_224.", "GenerateMac", Message=data, MacAlgorithm="HMAC_SHA_256",
                              KeyId=self.key(KeySpec="HMAC_224", KeyUsage="GENERATE_VERIFY_MAC")["KeyId"]),
            lambda: self.says("KMSInvalidMacException", BARE, "VerifyMac", Message=data, Mac=data,
                              MacAlgorithm="HMAC_SHA_256",
                              KeyId=self.key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")["KeyId"]))

    def pending_import(self):
        key = self.key(Origin="EXTERNAL")
        self.says("KMSInvalidStateException", f"{key['Arn']} is pending import.", "Encrypt", KeyId=key["KeyId"],
                  Plaintext=b64(b"x"))
        self.says("KMSInvalidStateException", f"{key['Arn']} is pending import.", "RotateKeyOnDemand",
                  KeyId=key["KeyId"])

    def not_importable(self):
        key = self.key()
        self.says("UnsupportedOperationException", f"{key['Arn']} origin is AWS_KMS which is not valid for this "
                  "operation.", "GetParametersForImport", KeyId=key["KeyId"], WrappingAlgorithm="RSAES_OAEP_SHA_256",
                  WrappingKeySpec="RSA_2048")

    def test_multi_region_keys(self):
        key = self.key(MultiRegion=True)
        self.made("ReplicateKey", KeyId=key["KeyId"], ReplicaRegion=self.other_region)
        away = kms_wire.Client(dict(self.dev.settings(), AWS_REGION=self.other_region))
        replica = key["Arn"].replace(self.region, self.other_region)
        answer = away.call("ReplicateKey", KeyId=key["KeyId"], ReplicaRegion="us-west-2")
        type(self).checked += 1
        self.assertTrue(self.is_answer(answer, "UnsupportedOperationException",
                                       f"{replica} is not a multi-region primary key."), answer.body)
        self.rows(lambda: self.says("NotFoundException", f"Invalid arn {self.other_region}", "DescribeKey",
                                    KeyId=replica))

    def test_import(self):
        self.rows(self.pending_import, self.not_importable)


if __name__ == "__main__":
    unittest.main(verbosity=2)
