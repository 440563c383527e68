"""Every key spec beside AES through Debian's boto3, cross-checked with OpenSSL (python3-cryptography)."""

import hashlib
import unittest

import botocore.exceptions

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, utils

import newest_models  # noqa: F401
from claviger_dev import LONG, Dev

HASHES = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}
CURVES = {"ECC_NIST_P256": (ec.SECP256R1(), "256"), "ECC_NIST_P384": (ec.SECP384R1(), "384"),
          "ECC_NIST_P521": (ec.SECP521R1(), "512"), "ECC_SECG_P256K1": (ec.SECP256K1(), "256")}
RSA = ["RSA_2048", "RSA_3072", "RSA_4096"] if LONG else ["RSA_2048"]
RSA_SIGNS = [f"RSASSA_{scheme}_SHA_{bits}" for scheme in ("PKCS1_V1_5", "PSS") for bits in HASHES]


def hash_of(algorithm):
    return HASHES[algorithm[-3:]]


def digest_of(algorithm, message):
    return hashlib.new("sha" + algorithm[-3:], message).digest()


def verify(public, algorithm, signature, message):
    """By OpenSSL; raises InvalidSignature."""
    if algorithm.startswith("ECDSA"):
        public.verify(signature, message, ec.ECDSA(hash_of(algorithm)))
    elif "PSS" in algorithm:
        h = hash_of(algorithm)
        public.verify(signature, message, padding.PSS(padding.MGF1(h), h.digest_size), h)
    else:
        public.verify(signature, message, padding.PKCS1v15(), hash_of(algorithm))


class Crypto(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dev = Dev().__enter__()
        cls.kms = cls.dev.boto3()

    @classmethod
    def tearDownClass(cls):
        cls.dev.__exit__(None, None, None)

    def key(self, spec, usage):
        return self.kms.create_key(KeySpec=spec, KeyUsage=usage)["KeyMetadata"]

    def refused(self, name, call, **arguments):
        with self.assertRaises(botocore.exceptions.ClientError) as caught:
            call(**arguments)
        self.assertEqual(caught.exception.response["Error"]["Code"], name)
        return caught.exception.response["Error"].get("Message", "")

    def public(self, key):
        return serialization.load_der_public_key(self.kms.get_public_key(KeyId=key)["PublicKey"])

    def check_signatures(self, spec, algorithms):
        metadata = self.key(spec, "SIGN_VERIFY")
        self.assertEqual(metadata["SigningAlgorithms"], algorithms)
        self.assertNotIn("EncryptionAlgorithms", metadata)
        key, public = metadata["KeyId"], self.public(metadata["KeyId"])
        for algorithm in algorithms:
            for message, kind in ((b"message", "RAW"), (b"m" * 4096, "RAW"),
                                  (digest_of(algorithm, b"message"), "DIGEST")):
                made = self.kms.sign(KeyId=key, Message=message, MessageType=kind, SigningAlgorithm=algorithm)
                self.assertEqual((made["KeyId"], made["SigningAlgorithm"]), (metadata["Arn"], algorithm))
                verify(public, algorithm, made["Signature"], message if kind == "RAW" else b"message")
                good = dict(KeyId=key, Message=message, MessageType=kind, SigningAlgorithm=algorithm)
                self.assertIs(self.kms.verify(Signature=made["Signature"], **good)["SignatureValid"], True)
                bad = bytes([made["Signature"][0]]) + made["Signature"][1:-1] + bytes([made["Signature"][-1] ^ 1])
                self.refused("KMSInvalidSignatureException", self.kms.verify, Signature=bad, **good)
                self.refused("KMSInvalidSignatureException", self.kms.verify, Signature=b"\0", **good)
                self.refused("DryRunOperationException", self.kms.sign, DryRun=True, **good)
            # A digest counts as the message it is of.
            self.kms.verify(KeyId=key, Message=b"message", SigningAlgorithm=algorithm, Signature=made["Signature"])
            text = self.refused("ValidationException", self.kms.sign, KeyId=key, Message=b"short",
                                MessageType="DIGEST", SigningAlgorithm=algorithm)
            self.assertEqual(text, f"Digest is invalid length for algorithm {algorithm}.")
        return metadata

    def test_rsa_signatures_verify_with_openssl(self):
        for spec in RSA:
            metadata = self.check_signatures(spec, RSA_SIGNS)
        text = self.refused("InvalidKeyUsageException", self.kms.sign, KeyId=metadata["KeyId"], Message=b"m",
                            SigningAlgorithm="ECDSA_SHA_256")
        self.assertEqual(text, f"Algorithm ECDSA_SHA_256 is incompatible with key spec {metadata['KeySpec']}.")
        text = self.refused("InvalidKeyUsageException", self.kms.encrypt, KeyId=metadata["KeyId"], Plaintext=b"m")
        self.assertEqual(text, f"{metadata['Arn']} key usage is SIGN_VERIFY which is not valid for Encrypt.")

    def test_ecdsa_signatures_verify_with_openssl(self):
        for spec, (_, bits) in CURVES.items():
            self.check_signatures(spec, [f"ECDSA_SHA_{bits}"])

    def test_public_key_says_what_it_is(self):
        metadata = self.key("ECC_NIST_P256", "KEY_AGREEMENT")
        answer = self.kms.get_public_key(KeyId=metadata["Arn"])
        answer.pop("ResponseMetadata")
        answer.pop("PublicKey")
        self.assertEqual(answer, {"KeyId": metadata["Arn"], "KeySpec": "ECC_NIST_P256",
                                  "CustomerMasterKeySpec": "ECC_NIST_P256", "KeyUsage": "KEY_AGREEMENT",
                                  "KeyAgreementAlgorithms": ["ECDH"]})
        symmetric = self.kms.create_key()["KeyMetadata"]["KeyId"]
        self.refused("UnsupportedOperationException", self.kms.get_public_key, KeyId=symmetric)
        self.kms.disable_key(KeyId=metadata["KeyId"])
        self.kms.get_public_key(KeyId=metadata["KeyId"])
        self.kms.schedule_key_deletion(KeyId=metadata["KeyId"])
        self.refused("KMSInvalidStateException", self.kms.get_public_key, KeyId=metadata["KeyId"])

    def test_rsa_encryption_agrees_with_openssl(self):
        for spec in RSA:
            metadata = self.key(spec, "ENCRYPT_DECRYPT")
            key, public = metadata["KeyId"], self.public(metadata["KeyId"])
            self.assertEqual(metadata["EncryptionAlgorithms"], ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"])
            for algorithm, h in (("RSAES_OAEP_SHA_1", hashes.SHA1()), ("RSAES_OAEP_SHA_256", hashes.SHA256())):
                most = public.key_size // 8 - 2 * h.digest_size - 2
                offline = public.encrypt(b"x" * most, padding.OAEP(padding.MGF1(h), h, None))
                opened = self.kms.decrypt(KeyId=key, CiphertextBlob=offline, EncryptionAlgorithm=algorithm)
                self.assertEqual(opened["Plaintext"], b"x" * most)
                self.assertNotIn("KeyMaterialId", opened)
                sealed = self.kms.encrypt(KeyId=key, Plaintext=b"secret", EncryptionAlgorithm=algorithm)
                self.assertEqual(len(sealed["CiphertextBlob"]), public.key_size // 8)
                opened = self.kms.decrypt(KeyId=key, CiphertextBlob=sealed["CiphertextBlob"],
                                          EncryptionAlgorithm=algorithm)
                self.assertEqual(opened["Plaintext"], b"secret")
                text = self.refused("ValidationException", self.kms.encrypt, KeyId=key, Plaintext=b"x" * (most + 1),
                                    EncryptionAlgorithm=algorithm)
                self.assertEqual(text, f"Algorithm {algorithm} and key spec {spec} cannot encrypt data larger than "
                                       f"{most} bytes.")
                blob = sealed["CiphertextBlob"]
                for bad in (blob[:-1], blob[:-1] + bytes([blob[-1] ^ 1]), b"\xff" * len(blob), b"\0"):
                    self.assertEqual("", self.refused("InvalidCiphertextException", self.kms.decrypt, KeyId=key,
                                                      CiphertextBlob=bad, EncryptionAlgorithm=algorithm))
        self.refused("InvalidKeyUsageException", self.kms.encrypt, KeyId=key, Plaintext=b"x")
        self.refused("InvalidKeyUsageException", self.kms.generate_data_key, KeyId=key, KeySpec="AES_256")
        self.refused("ValidationException", self.kms.encrypt, KeyId=key, Plaintext=b"x", EncryptionContext={"a": "b"},
                     EncryptionAlgorithm="RSAES_OAEP_SHA_256")

    def test_re_encrypt_between_rsa_and_symmetric(self):
        rsa, aes = self.key("RSA_2048", "ENCRYPT_DECRYPT"), self.kms.create_key()["KeyMetadata"]
        oaep = "RSAES_OAEP_SHA_256"
        blob = self.kms.encrypt(KeyId=rsa["KeyId"], Plaintext=b"move", EncryptionAlgorithm=oaep)["CiphertextBlob"]
        moved = self.kms.re_encrypt(CiphertextBlob=blob, SourceKeyId=rsa["KeyId"], SourceEncryptionAlgorithm=oaep,
                                    DestinationKeyId=aes["KeyId"], DestinationEncryptionContext={"a": "b"})
        self.assertEqual((moved["SourceKeyId"], moved["KeyId"]), (rsa["Arn"], aes["Arn"]))
        opened = self.kms.decrypt(CiphertextBlob=moved["CiphertextBlob"], EncryptionContext={"a": "b"})
        self.assertEqual(opened["Plaintext"], b"move")
        back = self.kms.re_encrypt(CiphertextBlob=moved["CiphertextBlob"], SourceEncryptionContext={"a": "b"},
                                   DestinationKeyId=rsa["KeyId"], DestinationEncryptionAlgorithm=oaep)
        self.assertEqual(back["DestinationEncryptionAlgorithm"], oaep)
        opened = self.kms.decrypt(KeyId=rsa["KeyId"], CiphertextBlob=back["CiphertextBlob"], EncryptionAlgorithm=oaep)
        self.assertEqual(opened["Plaintext"], b"move")
        large = self.kms.encrypt(KeyId=aes["KeyId"], Plaintext=b"x" * 191)["CiphertextBlob"]
        self.refused("ValidationException", self.kms.re_encrypt, CiphertextBlob=large, DestinationKeyId=rsa["KeyId"],
                     DestinationEncryptionAlgorithm=oaep)

    def test_macs(self):
        for bits in ("224", "256", "384", "512"):
            metadata = self.key(f"HMAC_{bits}", "GENERATE_VERIFY_MAC")
            algorithm = f"HMAC_SHA_{bits}"
            self.assertEqual(metadata["MacAlgorithms"], [algorithm])
            named = dict(KeyId=metadata["KeyId"], Message=b"message", MacAlgorithm=algorithm)
            mac = self.kms.generate_mac(**named)["Mac"]
            self.assertEqual(len(mac), int(bits) // 8)
            self.assertIs(self.kms.verify_mac(Mac=mac, **named)["MacValid"], True)
            for bad in (mac[:-1], mac + b"\0", bytes([mac[0] ^ 1]) + mac[1:]):
                self.refused("KMSInvalidMacException", self.kms.verify_mac, Mac=bad, **named)
            self.refused("DryRunOperationException", self.kms.generate_mac, DryRun=True, **named)
        text = self.refused("InvalidKeyUsageException", self.kms.generate_mac, KeyId=metadata["KeyId"], Message=b"m",
                            MacAlgorithm="HMAC_SHA_224")
        self.assertEqual(text, "Algorithm HMAC_SHA_224 is incompatible with key spec HMAC_512.")

    def test_shared_secret_is_what_openssl_derives(self):
        for spec in ("ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521"):
            curve = CURVES[spec][0]
            metadata = self.key(spec, "KEY_AGREEMENT")
            self.assertEqual(metadata["KeyAgreementAlgorithms"], ["ECDH"])
            peer = ec.generate_private_key(curve)
            spki = peer.public_key().public_bytes(serialization.Encoding.DER,
                                                  serialization.PublicFormat.SubjectPublicKeyInfo)
            named = dict(KeyId=metadata["KeyId"], KeyAgreementAlgorithm="ECDH")
            made = self.kms.derive_shared_secret(PublicKey=spki, **named)
            self.assertEqual(made["SharedSecret"], peer.exchange(ec.ECDH(), self.public(metadata["KeyId"])))
            self.assertEqual(made["KeyOrigin"], "AWS_KMS")
            other = ec.generate_private_key(ec.SECP256K1()).public_key().public_bytes(
                serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
            for bad in (b"\0", spki[:-1], spki + b"\0", spki[:-1] + bytes([spki[-1] ^ 1]), other):
                self.refused("ValidationException", self.kms.derive_shared_secret, PublicKey=bad, **named)

    def test_data_key_pairs_parse_and_match(self):
        aes = self.kms.create_key()["KeyMetadata"]
        context = {"a": "b"}
        for spec in RSA + list(CURVES):
            made = self.kms.generate_data_key_pair(KeyId=aes["KeyId"], KeyPairSpec=spec, EncryptionContext=context)
            private = serialization.load_der_private_key(made["PrivateKeyPlaintext"], None)
            self.assertEqual(private.public_key().public_bytes(
                serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo), made["PublicKey"])
            opened = self.kms.decrypt(CiphertextBlob=made["PrivateKeyCiphertextBlob"], EncryptionContext=context)
            self.assertEqual(opened["Plaintext"], made["PrivateKeyPlaintext"])
        bare = self.kms.generate_data_key_pair_without_plaintext(KeyId=aes["KeyId"], KeyPairSpec="ECC_NIST_P256")
        self.assertNotIn("PrivateKeyPlaintext", bare)
        opened = self.kms.decrypt(CiphertextBlob=bare["PrivateKeyCiphertextBlob"])
        serialization.load_der_private_key(opened["Plaintext"], None)
        self.refused("UnsupportedOperationException", self.kms.generate_data_key_pair, KeyId=aes["KeyId"],
                     KeyPairSpec="ECC_NIST_EDWARDS25519")

    def test_what_no_hsm_can_make_is_refused(self):
        for spec, usage in (("ECC_NIST_EDWARDS25519", "SIGN_VERIFY"), ("ML_DSA_65", "SIGN_VERIFY"),
                            ("SM2", "ENCRYPT_DECRYPT")):
            text = self.refused("UnsupportedOperationException", self.kms.create_key, KeySpec=spec, KeyUsage=usage)
            self.assertIn(spec, text)

    def test_keys_survive_a_restart(self):
        signer, mac = self.key("ECC_NIST_P384", "SIGN_VERIFY")["KeyId"], self.key("HMAC_256", "GENERATE_VERIFY_MAC")
        before = self.kms.generate_mac(KeyId=mac["KeyId"], Message=b"m", MacAlgorithm="HMAC_SHA_256")["Mac"]
        public = self.public(signer)
        self.dev.restart()
        type(self).kms = self.dev.boto3()
        made = self.kms.sign(KeyId=signer, Message=b"m", SigningAlgorithm="ECDSA_SHA_384")
        verify(public, "ECDSA_SHA_384", made["Signature"], b"m")
        self.kms.verify_mac(KeyId=mac["KeyId"], Message=b"m", MacAlgorithm="HMAC_SHA_256", Mac=before)


if __name__ == "__main__":
    unittest.main(verbosity=2)
