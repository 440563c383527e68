"""Imported key material: every kind and wrapping, its whole life under the moved clock, and that it is the same key as
OpenSSL's with the same material."""

import base64
import hashlib
import hmac
import time
import unittest

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

import kms_wire
from claviger_dev import LONG, Dev, until
from key_material import CURVES, Importer, b64, new_material, pkcs8, usual_wrapping

AES, HMAC = ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT"), ("HMAC_256", "GENERATE_VERIFY_MAC")
OAEP, KEY_WRAP = ("RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"), ("RSA_AES_KEY_WRAP_SHA_1", "RSA_AES_KEY_WRAP_SHA_256")
WRAPPING_SPECS = ("RSA_2048", "RSA_3072", "RSA_4096")
BLOB_HEADER = 34  # of a ciphertext blob, before its IV: what is authenticated beside the context
DAY = 86400


class Import(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dev = Dev().__enter__()
        cls.connect()

    @classmethod
    def connect(cls):
        cls.client = kms_wire.Client(cls.dev.settings())
        cls.importer = Importer(cls.client)

    @classmethod
    def tearDownClass(cls):
        cls.dev.__exit__(None, None, None)

    def new_key(self, spec="SYMMETRIC_DEFAULT", usage="ENCRYPT_DECRYPT"):
        return self.client.must("CreateKey", KeySpec=spec, KeyUsage=usage, Origin="EXTERNAL")["KeyMetadata"]["KeyId"]

    def describe(self, key):
        return self.client.must("DescribeKey", KeyId=key)["KeyMetadata"]

    def rotations(self, key):
        return self.client.must("ListKeyRotations", KeyId=key, IncludeKeyMaterial="ALL_KEY_MATERIAL")["Rotations"]

    def imported(self, key, material, **members):
        answer = self.importer.call(key, material, **members)
        self.assertEqual(answer.status, 200, answer.body)
        return answer.json()["KeyMaterialId"]

    def refused(self, answer, error, message=None):
        self.assertEqual((answer.status, answer.type), (400, error), answer.body)
        if message is not None:
            self.assertEqual(answer.message, message)

    def test_every_kind_comes_in_every_wrapping_that_suits_it(self):
        kinds = [AES, HMAC, ("RSA_2048", "SIGN_VERIFY")] + [(curve, "SIGN_VERIFY") for curve in CURVES]
        if LONG:
            kinds += [("RSA_3072", "SIGN_VERIFY"), ("RSA_4096", "ENCRYPT_DECRYPT"), ("HMAC_224", HMAC[1]),
                      ("HMAC_384", HMAC[1]), ("HMAC_512", HMAC[1]), ("ECC_NIST_P521", "KEY_AGREEMENT")]
        for spec, usage in kinds:
            material, _ = new_material(spec)
            for algorithm in OAEP + KEY_WRAP:
                for wrapping in WRAPPING_SPECS if LONG else WRAPPING_SPECS[:1]:
                    with self.subTest(spec=spec, algorithm=algorithm, wrapping=wrapping):
                        self.one_wrapping(spec, usage, material, algorithm, wrapping)

    def one_wrapping(self, spec, usage, material, algorithm, wrapping):
        key = self.new_key(spec, usage)
        pair = spec.startswith(("RSA_", "ECC_"))
        suits = pair if algorithm in KEY_WRAP else not spec.startswith("RSA_")
        suits = suits and (spec, wrapping) != ("ECC_NIST_P521", "RSA_2048") or pair and algorithm in KEY_WRAP
        answer = self.client.call("GetParametersForImport", KeyId=key, WrappingAlgorithm=algorithm,
                                  WrappingKeySpec=wrapping)
        if not suits:
            self.refused(answer, "UnsupportedOperationException")
            return
        self.assertEqual(answer.status, 200, answer.body)
        parameters = answer.json()
        public = serialization.load_der_public_key(base64.b64decode(parameters["PublicKey"]))
        self.assertEqual(f"RSA_{public.key_size}", wrapping)
        self.assertLessEqual(len(base64.b64decode(parameters["ImportToken"])), 6144)
        self.assertAlmostEqual(parameters["ParametersValidTo"], self.describe(key)["CreationDate"] + DAY, delta=600)
        self.imported(key, material, algorithm=algorithm, parameters=parameters)
        self.assertEqual(self.describe(key)["KeyState"], "Enabled")

    def test_wrappings_of_another_time_or_place_are_refused(self):
        for algorithm, wrapping in (("RSAES_PKCS1_V1_5", "RSA_2048"), ("SM2PKE", "SM2"), ("RSAES_OAEP_SHA_256", "SM2")):
            self.refused(self.client.call("GetParametersForImport", KeyId=self.new_key(), WrappingAlgorithm=algorithm,
                                          WrappingKeySpec=wrapping), "UnsupportedOperationException")

    def test_the_same_key_as_openssls(self):
        material, _ = new_material("SYMMETRIC_DEFAULT")
        key = self.importer.key(*AES, material)["KeyId"]
        blob = base64.b64decode(self.client.must("Encrypt", KeyId=key, Plaintext=b64(b"secret"))["CiphertextBlob"])
        header, iv, sealed = blob[:BLOB_HEADER], blob[BLOB_HEADER:BLOB_HEADER + 12], blob[BLOB_HEADER + 12:]
        self.assertEqual(AESGCM(material).decrypt(iv, sealed, header), b"secret")
        for bits in (224, 256, 384, 512):
            material, _ = new_material(f"HMAC_{bits}")
            for raw in (material, (material * 5)[:100], (material * 5)[:128]):
                key = self.importer.key(f"HMAC_{bits}", HMAC[1], raw)["KeyId"]
                mac = self.client.must("GenerateMac", KeyId=key, Message=b64(b"m"), MacAlgorithm=f"HMAC_SHA_{bits}")
                self.assertEqual(base64.b64decode(mac["Mac"]), hmac.new(raw, b"m", f"sha{bits}").digest())

    def test_the_same_pair_as_openssls(self):
        for spec in ("RSA_2048", *CURVES):
            material, pair = new_material(spec)
            with self.subTest(spec):
                key = self.importer.key(spec, "SIGN_VERIFY", material)
                algorithm = next(a for a in key["SigningAlgorithms"] if "PKCS1" not in a)
                spki = pair.public_key().public_bytes(serialization.Encoding.DER,
                                                      serialization.PublicFormat.SubjectPublicKeyInfo)
                public = self.client.must("GetPublicKey", KeyId=key["KeyId"])
                self.assertEqual(base64.b64decode(public["PublicKey"]), spki)
                signature = base64.b64decode(self.client.must("Sign", KeyId=key["KeyId"], Message=b64(b"m"),
                                                              SigningAlgorithm=algorithm)["Signature"])
                hash_ = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}[algorithm[-3:]]
                if spec == "RSA_2048":
                    pair.public_key().verify(signature, b"m", padding.PSS(padding.MGF1(hash_), hash_.digest_size), hash_)
                else:
                    pair.public_key().verify(signature, b"m", ec.ECDSA(hash_))
        material, pair = new_material("RSA_2048")
        key = self.importer.key("RSA_2048", "ENCRYPT_DECRYPT", material)["KeyId"]
        oaep = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
        plain = self.client.must("Decrypt", KeyId=key, CiphertextBlob=b64(pair.public_key().encrypt(b"x", oaep)),
                                 EncryptionAlgorithm="RSAES_OAEP_SHA_256")["Plaintext"]
        self.assertEqual(base64.b64decode(plain), b"x")
        material, pair = new_material("ECC_NIST_P384")
        key = self.importer.key("ECC_NIST_P384", "KEY_AGREEMENT", material)["KeyId"]
        peer = ec.generate_private_key(ec.SECP384R1())
        peer_spki = peer.public_key().public_bytes(serialization.Encoding.DER,
                                                   serialization.PublicFormat.SubjectPublicKeyInfo)
        secret = self.client.must("DeriveSharedSecret", KeyId=key, KeyAgreementAlgorithm="ECDH", PublicKey=b64(peer_spki))
        self.assertEqual(base64.b64decode(secret["SharedSecret"]), pair.exchange(ec.ECDH(), peer.public_key()))
        self.assertEqual(secret["KeyOrigin"], "EXTERNAL")

    def test_before_the_first_import(self):
        key = self.describe(self.new_key())
        self.assertEqual((key["KeyState"], key["Enabled"], key["Origin"]), ("PendingImport", False, "EXTERNAL"))
        for absent in ("ExpirationModel", "ValidTo", "CurrentKeyMaterialId"):
            self.assertNotIn(absent, key)
        self.assertEqual(self.rotations(key["KeyId"]), [])
        pair = self.new_key("ECC_NIST_P256", "SIGN_VERIFY")
        self.refused(self.client.call("GetPublicKey", KeyId=pair), "KMSInvalidStateException",
                     f"{self.describe(pair)['Arn']} is pending import.")
        for spec, error in (("ML_DSA_44", "ValidationException"), ("ECC_NIST_EDWARDS25519", "UnsupportedOperationException")):
            self.refused(self.client.call("CreateKey", Origin="EXTERNAL", KeySpec=spec, KeyUsage="SIGN_VERIFY"), error)
        deleted = self.client.must("DeleteImportedKeyMaterial", KeyId=key["KeyId"])
        self.assertEqual(deleted, {"KeyId": key["Arn"], "KeyMaterialId": ""})

    def test_material_goes_and_only_the_same_comes_back(self):
        for spec, usage in (AES, HMAC, ("ECC_NIST_P256", "SIGN_VERIFY")):
            with self.subTest(spec):
                self.goes_and_comes(spec, usage)

    def goes_and_comes(self, spec, usage):
        algorithm = usual_wrapping(spec)
        material, _ = new_material(spec)
        key = self.importer.key(spec, usage, material)
        self.assertEqual(key["ExpirationModel"], "KEY_MATERIAL_DOES_NOT_EXPIRE")
        spki = self.client.must("GetPublicKey", KeyId=key["KeyId"]) if spec.startswith("ECC") else None
        if spec == AES[0]:
            blob = self.client.must("Encrypt", KeyId=key["KeyId"], Plaintext=b64(b"kept"))["CiphertextBlob"]
        self.client.must("DeleteImportedKeyMaterial", KeyId=key["KeyId"])
        gone = self.describe(key["KeyId"])
        self.assertEqual(gone["KeyState"], "PendingImport")
        self.assertNotIn("ExpirationModel", gone)
        self.assertEqual(gone.get("CurrentKeyMaterialId"), key.get("CurrentKeyMaterialId"))
        if spki:
            self.assertEqual(self.client.must("GetPublicKey", KeyId=key["KeyId"]), spki)
        other, _ = new_material(spec)
        self.refused(self.importer.call(key["KeyId"], other, algorithm), "IncorrectKeyMaterialException")
        self.imported(key["KeyId"], material, algorithm=algorithm)
        self.assertEqual(self.describe(key["KeyId"])["KeyState"], "Enabled")
        if spec == AES[0]:
            self.assertEqual(self.client.must("Decrypt", CiphertextBlob=blob)["Plaintext"], b64(b"kept"))

    def test_what_is_no_key_of_the_spec_is_refused(self):
        pair, p256 = self.new_key("RSA_2048", "SIGN_VERIFY"), self.new_key("ECC_NIST_P256", "SIGN_VERIFY")
        material, private = new_material("ECC_NIST_P256")
        for key, wrong, algorithm in (
                (self.new_key(), b"x" * 31, OAEP[1]), (self.new_key(*HMAC), b"x" * 31, OAEP[1]),
                (self.new_key(*HMAC), b"x" * 129, OAEP[1]), (pair, material, KEY_WRAP[1]),
                (p256, pkcs8(ec.generate_private_key(ec.SECP256K1())), KEY_WRAP[1]), (p256, material + b"\0", KEY_WRAP[1]),
                (p256, material[:-1] + bytes([material[-1] ^ 1]), KEY_WRAP[1])):
            self.refused(self.importer.call(key, wrong, algorithm), "IncorrectKeyMaterialException")
            self.assertEqual(self.describe(key)["KeyState"], "PendingImport")
        # A key in which the public point is left out is complete.
        der = private.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8,
                                    serialization.NoEncryption())
        scalar = der[der.index(b"\x04\x20") + 2:][:32]
        inner = b"\x30\x25\x02\x01\x01\x04\x20" + scalar
        bare = b"\x30\x41\x02\x01\x00\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07" \
               b"\x04\x27" + inner
        self.imported(p256, bare, algorithm=KEY_WRAP[1])

    def test_tokens(self):
        key, other = self.new_key(), self.new_key()
        material, _ = new_material("SYMMETRIC_DEFAULT")
        parameters = self.importer.parameters(key, OAEP[1])
        good = self.importer.request(key, material, OAEP[1], parameters)
        send = lambda **changed: self.client.call("ImportKeyMaterial", **dict(good, **changed))
        self.refused(send(KeyId=other), "InvalidImportTokenException")
        token = bytearray(base64.b64decode(parameters["ImportToken"]))
        for at in range(0, len(token), 97):
            token[at] ^= 1
            self.refused(send(ImportToken=b64(bytes(token))), "InvalidImportTokenException")
            token[at] ^= 1
        for broken in (b"", good["EncryptedKeyMaterial"][8:].encode(), b"A" * 344):
            self.refused(send(EncryptedKeyMaterial=broken.decode() or "YQ=="), "InvalidCiphertextException")
        self.refused(send(ExpirationModel="KEY_MATERIAL_EXPIRES"), "ValidationException",
                     "A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES")
        self.refused(send(ExpirationModel="KEY_MATERIAL_EXPIRES", ValidTo=time.time() - 1), "ValidationException",
                     "ValidTo must be in the future")
        for late in (time.time() + 366 * DAY, 1e300):
            self.refused(send(ExpirationModel="KEY_MATERIAL_EXPIRES", ValidTo=late), "ValidationException")
        self.refused(send(ValidTo=time.time() + DAY), "ValidationException")
        self.refused(send(ImportType="NEW_KEY_MATERIAL", KeyMaterialId="0" * 64), "ValidationException")
        self.refused(send(ImportType="EXISTING_KEY_MATERIAL"), "IncorrectKeyMaterialException")
        self.assertEqual(send().status, 200)
        self.assertEqual(send().status, 200, "a token serves until it expires")
        hmac_key = self.new_key(*HMAC)
        self.refused(self.importer.call(hmac_key, b"x" * 32, ImportType="NEW_KEY_MATERIAL"), "ValidationException")

    def test_new_material_waits_for_its_rotation(self):
        first, second, third = (new_material("SYMMETRIC_DEFAULT")[0] for _ in range(3))
        key = self.importer.key(*AES, first)
        name, arn = key["KeyId"], key["Arn"]
        self.refused(self.client.call("RotateKeyOnDemand", KeyId=name), "KMSInvalidStateException",
                     f"No available key material pending rotation for the key: {arn}.")
        old_blob = self.client.must("Encrypt", KeyId=name, Plaintext=b64(b"old"))["CiphertextBlob"]
        self.refused(self.importer.call(name, first, ImportType="NEW_KEY_MATERIAL"), "IncorrectKeyMaterialException")
        pending = self.imported(name, second, ImportType="NEW_KEY_MATERIAL", KeyMaterialDescription="the second")
        self.assertEqual(self.describe(name)["CurrentKeyMaterialId"], key["CurrentKeyMaterialId"])
        self.assertEqual([(r["KeyMaterialState"], r["ImportState"]) for r in self.rotations(name)],
                         [("CURRENT", "IMPORTED"), ("PENDING_ROTATION", "IMPORTED")])
        refusal = self.importer.call(name, third, ImportType="NEW_KEY_MATERIAL")
        self.assertRegex(refusal.message,
                         rf"^New key material \(id: [0-9a-f]{{64}}\) cannot be imported into KMS key {name}, because another "
                         rf"key material \(id: {pending}\) is pending rotation\.$")
        self.client.must("RotateKeyOnDemand", KeyId=name)
        self.assertEqual(self.describe(name)["CurrentKeyMaterialId"], pending)
        entries = self.rotations(name)
        self.assertEqual([r["KeyMaterialState"] for r in entries], ["NON_CURRENT", "CURRENT"])
        self.assertEqual(entries[1]["KeyMaterialDescription"], "the second")
        self.assertEqual(entries[1]["RotationType"], "ON_DEMAND")
        made = self.client.must("GenerateDataKey", KeyId=name, NumberOfBytes=8)
        self.assertEqual(made["KeyMaterialId"], pending)
        self.assertEqual(self.client.must("Decrypt", CiphertextBlob=old_blob)["Plaintext"], b64(b"old"))
        # All that were ever current are needed, the first one too.
        self.client.must("DeleteImportedKeyMaterial", KeyId=name, KeyMaterialId=key["CurrentKeyMaterialId"])
        self.assertEqual(self.describe(name)["KeyState"], "PendingImport")
        self.refused(self.client.call("Encrypt", KeyId=name, Plaintext="YQ=="), "KMSInvalidStateException",
                     f"{arn} is pending import.")
        self.refused(self.importer.call(name, first, KeyMaterialId=pending), "IncorrectKeyMaterialException")
        self.imported(name, first, KeyMaterialId=key["CurrentKeyMaterialId"])
        self.assertEqual(self.describe(name)["KeyState"], "Enabled")
        # One that waits may go without the key noticing.
        waiting = self.imported(name, third, ImportType="NEW_KEY_MATERIAL")
        self.client.must("DeleteImportedKeyMaterial", KeyId=name, KeyMaterialId=waiting)
        self.assertEqual(self.describe(name)["KeyState"], "Enabled")
        self.assertEqual(self.rotations(name)[-1]["ImportState"], "PENDING_IMPORT")
        self.imported(name, third)
        self.assertEqual(self.rotations(name)[-1]["ImportState"], "IMPORTED")
        self.refused(self.client.call("EnableKeyRotation", KeyId=name), "UnsupportedOperationException",
                     f"{arn} origin is EXTERNAL which is not valid for this operation.")

    def test_states(self):
        material, _ = new_material("SYMMETRIC_DEFAULT")
        key = self.importer.key(*AES, material)
        name, arn = key["KeyId"], key["Arn"]
        self.client.call("DisableKey", KeyId=name)
        self.imported(name, material)
        self.assertEqual(self.describe(name)["KeyState"], "Disabled")
        self.client.must("DeleteImportedKeyMaterial", KeyId=name)
        self.assertEqual(self.describe(name)["KeyState"], "PendingImport")
        self.imported(name, material)
        self.client.must("ScheduleKeyDeletion", KeyId=name, PendingWindowInDays=7)
        self.refused(self.client.call("GetParametersForImport", KeyId=name, WrappingAlgorithm=OAEP[1],
                                      WrappingKeySpec="RSA_2048"), "KMSInvalidStateException", f"{arn} is pending deletion.")
        self.client.must("DeleteImportedKeyMaterial", KeyId=name)
        self.assertEqual(self.describe(name)["KeyState"], "PendingDeletion")
        self.client.must("CancelKeyDeletion", KeyId=name)
        self.assertEqual(self.describe(name)["KeyState"], "PendingImport")
        ordinary = self.client.must("CreateKey")["KeyMetadata"]
        for operation in ("DeleteImportedKeyMaterial", "ImportKeyMaterial"):
            self.refused(self.client.call(operation, KeyId=ordinary["KeyId"], ImportToken="YQ==",
                                          EncryptedKeyMaterial="YQ=="), "UnsupportedOperationException",
                         f"{ordinary['Arn']} origin is AWS_KMS which is not valid for this operation.")

    def test_z_expiry(self):
        """Last: it moves the clock of the whole service."""
        start = time.time()
        first, second = (new_material("SYMMETRIC_DEFAULT")[0] for _ in range(2))
        soon, later, waits = self.new_key(), self.new_key(), self.new_key()
        parameters = self.importer.parameters(later, OAEP[1])
        self.imported(soon, first, ValidTo=start + 5 * DAY)
        self.imported(later, first, ValidTo=start + 20 * DAY + 0.5)
        self.imported(waits, first)
        self.imported(waits, second, ImportType="NEW_KEY_MATERIAL", ValidTo=start + 5 * DAY)
        self.assertAlmostEqual(self.describe(later)["ValidTo"], start + 20 * DAY + 0.5, delta=0.01)
        blob = self.client.must("Encrypt", KeyId=later, Plaintext="YQ==")["CiphertextBlob"]
        self.dev.command("dev", "clock", "advance", "6d")
        gone = self.describe(soon)
        self.assertEqual(gone["KeyState"], "PendingImport", "exact: no timer is waited for")
        self.assertNotIn("ValidTo", gone)
        self.refused(self.client.call("Encrypt", KeyId=soon, Plaintext="YQ=="), "KMSInvalidStateException",
                     f"{gone['Arn']} is pending import.")
        self.assertEqual(self.describe(waits)["KeyState"], "Enabled")
        self.assertEqual(self.rotations(waits)[-1]["ImportState"], "PENDING_IMPORT")
        self.refused(self.client.call("ImportKeyMaterial", **self.importer.request(later, first, OAEP[1], parameters)),
                     "ExpiredImportTokenException")
        self.imported(later, first, ValidTo=start + 40 * DAY)
        self.dev.restart()
        self.connect()
        self.assertEqual(self.describe(soon)["KeyState"], "PendingImport")
        self.dev.command("dev", "clock", "advance", "20d")
        self.assertEqual(self.client.must("Decrypt", CiphertextBlob=blob)["Plaintext"], "YQ==")
        self.dev.command("dev", "clock", "advance", "15d")
        self.assertEqual(self.describe(later)["KeyState"], "PendingImport")
        expired = lambda: [r for r in self.dev.audit_records() if r["eventName"] == "DeleteExpiredKeyMaterial"]
        until(lambda: len(expired()) == 3, 30, "a record for each material that expired")
        self.imported(soon, first)
        self.assertEqual(self.describe(soon)["KeyState"], "Enabled")


if __name__ == "__main__":
    unittest.main(verbosity=2)
