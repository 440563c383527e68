"""Wycheproof through the API with imported keys: OAEP decryption, ECDH, HMAC, and RSA PKCS1 signatures, which are
deterministic. Prints how many cases ran and names those that the API cannot express. (Verify needs keys of which only the
public half is known: tests/unit/kms/wycheproof_test.cpp.)"""

import base64
import collections
import gzip
import json
import pathlib
import sys
import unittest

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

import kms_wire
from claviger_dev import LONG, Dev
from key_material import Importer, b64, pkcs8

DATA = pathlib.Path(__file__).parents[2] / "data" / "wycheproof"
CURVES = {"secp256r1": ("ECC_NIST_P256", ec.SECP256R1()), "secp384r1": ("ECC_NIST_P384", ec.SECP384R1()),
          "secp521r1": ("ECC_NIST_P521", ec.SECP521R1())}
# Before an uncompressed point: SubjectPublicKeyInfo of the curve (RFC 5480), its length bytes included.
SPKI_HEADS = {"secp256r1": "3059301306072a8648ce3d020106082a8648ce3d030107034200",
              "secp384r1": "3076301006072a8648ce3d020106052b81040022036200",
              "secp521r1": "30819b301006072a8648ce3d020106052b8104002303818600"}
MOST_MESSAGE = 4096
MOST_KEYS = 10**6 if LONG else 4  # of one file: each is imported, with a wrapping pair of its own


def groups(pattern):
    for path in sorted(DATA.glob(pattern)):
        with gzip.open(path) as file:
            for group in json.load(file)["testGroups"]:
                yield path.name.removesuffix("_test.json.gz"), group


class Wycheproof(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dev = Dev().__enter__()
        cls.client = kms_wire.Client(cls.dev.settings())
        cls.importer = Importer(cls.client)
        cls.ran, cls.left_out, cls.wrong = collections.Counter(), collections.defaultdict(list), []

    @classmethod
    def tearDownClass(cls):
        print(f"{sum(cls.ran.values())} Wycheproof cases through the API, {len(cls.wrong)} wrong: {dict(cls.ran)}",
              file=sys.stderr)
        for why, names in cls.left_out.items():
            print(f"the API cannot express {len(names)}: {why}: {', '.join(names)}", file=sys.stderr)
        cls.dev.__exit__(None, None, None)

    def leave_out(self, why, file, test):
        self.left_out[why].append(f"{file}#{test['tcId']}")

    def judge(self, file, test, accepted, about):
        """`acceptable` is legal but weak: either answer will do."""
        self.ran[file] += 1
        if test["result"] != "acceptable" and accepted != (test["result"] == "valid"):
            self.wrong.append((file, test["tcId"], test["result"], test["comment"], about))

    def tearDown(self):
        self.assertEqual(self.wrong, [])

    def imported(self, keys, name, *key):
        """The imported key of `name`; None if the short form has imported enough."""
        if name not in keys and len(keys) < MOST_KEYS:
            keys[name] = self.importer.key(*key)["KeyId"]
        return keys.get(name)

    def test_oaep(self):
        for file, group in groups("rsa_oaep_*"):
            if not LONG and group["keySize"] != 2048:
                continue
            key = self.importer.key(f"RSA_{group['keySize']}", "ENCRYPT_DECRYPT",
                                    bytes.fromhex(group["privateKeyPkcs8"]))["KeyId"]
            algorithm = "RSAES_OAEP_SHA_" + group["sha"][4:]
            for test in group["tests"]:
                if test["label"]:
                    self.leave_out("OAEP with a label", file, test)
                elif not test["ct"]:
                    self.leave_out("an empty ciphertext", file, test)
                else:
                    answer = self.client.call("Decrypt", KeyId=key, EncryptionAlgorithm=algorithm,
                                              CiphertextBlob=b64(bytes.fromhex(test["ct"])))
                    right = answer.status == 200 and base64.b64decode(answer.json()["Plaintext"]).hex() == test["msg"]
                    self.judge(file, test, right, answer.body[:200])

    def test_pkcs1_signatures(self):
        for file, group in groups("rsa_pkcs1_*_sig_gen*"):
            bits = group["sha"].replace("SHA-", "")
            if bits not in ("256", "384", "512"):
                for test in group["tests"]:
                    self.leave_out("PKCS1 signatures over " + group["sha"], file, test)
                continue
            if not LONG and group["keySize"] != 2048:
                continue
            key = self.importer.key(f"RSA_{group['keySize']}", "SIGN_VERIFY", bytes.fromhex(group["privateKeyPkcs8"]))
            for test in group["tests"]:
                if not 1 <= len(test["msg"]) // 2 <= MOST_MESSAGE:
                    self.leave_out("a message of no bytes, or more than 4096", file, test)
                    continue
                answer = self.client.call("Sign", KeyId=key["KeyId"], Message=b64(bytes.fromhex(test["msg"])),
                                          SigningAlgorithm=f"RSASSA_PKCS1_V1_5_SHA_{bits}")
                right = answer.status == 200 and base64.b64decode(answer.json()["Signature"]).hex() == test["sig"]
                self.judge(file, test, right, answer.body[:200])

    def test_ecdh(self):
        for file, group in groups("ecdh_*"):
            spec, curve = CURVES[group["curve"]]
            keys = {}
            for test in group["tests"]:
                scalar = int(test["private"], 16)
                try:
                    private = ec.derive_private_key(scalar, curve)
                except ValueError:
                    self.leave_out("a private key out of range", file, test)
                    continue
                peer = bytes.fromhex(test["public"])
                if group["encoding"] == "ecpoint":
                    if len(peer) != 1 + 2 * ((curve.key_size + 7) // 8):
                        self.leave_out("a bare point that is not uncompressed", file, test)
                        continue
                    peer = bytes.fromhex(SPKI_HEADS[group["curve"]]) + peer
                if not peer:
                    self.leave_out("no public key", file, test)
                    continue
                key = self.imported(keys, scalar, spec, "KEY_AGREEMENT", pkcs8(private))
                if key is None:
                    continue
                answer = self.client.call("DeriveSharedSecret", KeyId=key, PublicKey=b64(peer),
                                          KeyAgreementAlgorithm="ECDH")
                right = answer.status == 200 and base64.b64decode(answer.json()["SharedSecret"]).hex() == test["shared"]
                self.judge(file, test, right, answer.body[:200])

    def test_hmac(self):
        keys = collections.defaultdict(dict)
        for file, group in groups("hmac_*"):
            bits = file[-3:]
            for test in group["tests"]:
                raw, message, tag = (bytes.fromhex(test[name]) for name in ("key", "msg", "tag"))
                if not int(bits) // 8 <= len(raw) <= 128:
                    self.leave_out("a key shorter than its MAC", file, test)
                elif not 1 <= len(message) <= MOST_MESSAGE:
                    self.leave_out("an empty message", file, test)
                elif group["tagSize"] != int(bits):
                    self.leave_out("a truncated MAC", file, test)
                else:
                    key = self.imported(keys[file], raw, f"HMAC_{bits}", "GENERATE_VERIFY_MAC", raw)
                    if key is None:
                        continue
                    answer = self.client.call("VerifyMac", KeyId=key, Message=b64(message), Mac=b64(tag),
                                              MacAlgorithm=f"HMAC_SHA_{bits}")
                    self.assertIn(answer.type, (None, "KMSInvalidMacException"), answer.body)
                    self.judge(file, test, answer.status == 200, answer.body[:200])


if __name__ == "__main__":
    unittest.main(verbosity=2)
