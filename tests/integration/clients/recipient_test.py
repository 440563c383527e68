"""Recipient: answers for an attested recipient, opened with OpenSSL; documents of strangers are refused."""

import base64
import json
import os
import subprocess
import sys
import tempfile
import unittest

from claviger_dev import Dev
from kms_wire import Client

MAKER = os.path.join(os.path.dirname(__file__), "..", "..", "..", "tools", "attestation-document")
PCR0 = "ab" * 48


def run(*command, **more):
    return subprocess.run(command, check=True, capture_output=True, **more).stdout


class Recipient(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory()
        cls.recipient_key, public_key = cls.path("recipient.key"), cls.path("recipient.pub")
        run("openssl", "genrsa", "-out", cls.recipient_key, "2048")
        run("openssl", "rsa", "-in", cls.recipient_key, "-pubout", "-out", public_key)
        for root in ("root", "stranger"):
            run(sys.executable, MAKER, "root", cls.path(root))
        cls.trusted, cls.foreign = (
            {"KeyEncryptionAlgorithm": "RSAES_OAEP_SHA_256", "AttestationDocument": base64.b64encode(
                run(sys.executable, MAKER, "document", "--root", cls.path(root), "--public-key", public_key,
                    "--pcr", f"0={PCR0}")).decode()} for root in ("root", "stranger"))
        cls.dev = Dev(args=["--attestation-roots", cls.path("root/root.pem")]).__enter__()
        cls.kms = Client(cls.dev.settings())
        cls.key = cls.kms.must("CreateKey")["KeyMetadata"]["Arn"]

    @classmethod
    def tearDownClass(cls):
        cls.dev.__exit__(None, None, None)
        cls.directory.cleanup()

    @classmethod
    def path(cls, name):
        return os.path.join(cls.directory.name, name)

    def opened(self, answer):
        return run("openssl", "cms", "-decrypt", "-inform", "DER", "-binary", "-inkey", self.recipient_key,
                   input=base64.b64decode(answer["CiphertextForRecipient"]))

    def test_decrypt(self):
        blob = self.kms.must("Encrypt", KeyId=self.key, Plaintext=base64.b64encode(b"attack at dawn").decode())
        answer = self.kms.must("Decrypt", CiphertextBlob=blob["CiphertextBlob"], Recipient=self.trusted)
        self.assertEqual(sorted(answer), ["CiphertextForRecipient", "EncryptionAlgorithm", "KeyId"])
        self.assertEqual(self.opened(answer), b"attack at dawn")

    def test_data_key(self):
        answer = self.kms.must("GenerateDataKey", KeyId=self.key, KeySpec="AES_256", Recipient=self.trusted)
        self.assertEqual(sorted(answer), ["CiphertextBlob", "CiphertextForRecipient", "KeyId"])
        again = self.kms.must("Decrypt", CiphertextBlob=answer["CiphertextBlob"])
        self.assertEqual(self.opened(answer), base64.b64decode(again["Plaintext"]))

    def test_random(self):
        answer = self.kms.must("GenerateRandom", NumberOfBytes=1024, Recipient=self.trusted)
        self.assertEqual(list(answer), ["CiphertextForRecipient"])
        self.assertEqual(len(self.opened(answer)), 1024)

    def test_data_key_pair(self):
        answer = self.kms.must("GenerateDataKeyPair", KeyId=self.key, KeyPairSpec="ECC_NIST_P256", Recipient=self.trusted)
        self.assertNotIn("PrivateKeyPlaintext", answer)
        public = run("openssl", "pkey", "-inform", "DER", "-pubout", "-outform", "DER", input=self.opened(answer))
        self.assertEqual(public, base64.b64decode(answer["PublicKey"]))

    def test_shared_secret(self):
        pairs = [self.kms.must("CreateKey", KeySpec="ECC_NIST_P256", KeyUsage="KEY_AGREEMENT")["KeyMetadata"]["Arn"]
                 for _ in range(2)]
        public = [self.kms.must("GetPublicKey", KeyId=pair)["PublicKey"] for pair in pairs]
        sealed = self.kms.must("DeriveSharedSecret", KeyId=pairs[0], KeyAgreementAlgorithm="ECDH", PublicKey=public[1],
                               Recipient=self.trusted)
        self.assertNotIn("SharedSecret", sealed)
        clear = self.kms.must("DeriveSharedSecret", KeyId=pairs[1], KeyAgreementAlgorithm="ECDH", PublicKey=public[0])
        self.assertEqual(self.opened(sealed), base64.b64decode(clear["SharedSecret"]))

    def refused(self, recipient):
        answer = self.kms.call("GenerateRandom", NumberOfBytes=32, Recipient=recipient)
        self.assertEqual((answer.status, answer.type), (400, "ValidationException"), answer.body)
        return answer.message

    def test_refusals(self):
        self.assertIn("configured root", self.refused(self.foreign))
        document = bytearray(base64.b64decode(self.trusted["AttestationDocument"]))
        document[-1] ^= 1
        self.assertIn("signature", self.refused(dict(self.trusted, AttestationDocument=base64.b64encode(document).decode())))
        self.assertIn("COSE_Sign1", self.refused(dict(self.trusted, AttestationDocument="AAAA")))
        self.refused({"KeyEncryptionAlgorithm": "RSAES_OAEP_SHA_256"})

    def test_audit_names_who_was_measured(self):
        self.kms.must("GenerateRandom", NumberOfBytes=7, Recipient=self.trusted)
        record = [r for r in self.dev.audit_records() if r["eventName"] == "GenerateRandom" and "errorCode" not in r][-1]
        self.assertEqual(record["additionalEventData"]["recipient"],
                         {"attestationDocumentModuleId": "i-1234567890abcdef0-enc1234567890abcd",
                          "attestationDocumentEnclaveImageDigest": PCR0})
        self.assertNotIn("attestationDocument", json.dumps(record["requestParameters"]))

    def test_without_roots_it_is_refused(self):
        with Dev() as dev:
            answer = Client(dev.settings()).call("GenerateRandom", NumberOfBytes=1, Recipient=self.trusted)
            self.assertEqual(answer.type, "UnsupportedOperationException")
            self.assertIn("[attestation] roots", answer.message)


if __name__ == "__main__":
    unittest.main()
