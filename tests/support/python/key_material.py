"""Key material as a caller of ImportKeyMaterial makes and wraps it, by OpenSSL (python3-cryptography)."""

import base64
import os

from cryptography.hazmat.primitives import hashes, keywrap, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

CURVES = {"ECC_NIST_P256": ec.SECP256R1(), "ECC_NIST_P384": ec.SECP384R1(), "ECC_NIST_P521": ec.SECP521R1(),
          "ECC_SECG_P256K1": ec.SECP256K1()}


def b64(data):
    return base64.b64encode(data).decode()


def pkcs8(key):
    return key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8,
                             serialization.NoEncryption())


def new_material(spec):
    """(bytes to import, OpenSSL's key or the same bytes)"""
    if spec.startswith("RSA_"):
        key = rsa.generate_private_key(65537, int(spec[4:]))
        return pkcs8(key), key
    if spec in CURVES:
        key = ec.generate_private_key(CURVES[spec])
        return pkcs8(key), key
    raw = os.urandom(32 if spec == "SYMMETRIC_DEFAULT" else int(spec[5:]) // 8 + 3)
    return raw, raw


def wrapped(material, public_key, algorithm):
    """`material` for the pair of `public_key` (SubjectPublicKeyInfo DER), as the WrappingAlgorithm says."""
    public = serialization.load_der_public_key(public_key)
    hash_ = hashes.SHA1() if algorithm.endswith("SHA_1") else hashes.SHA256()
    oaep = padding.OAEP(padding.MGF1(hash_), hash_, None)
    if algorithm.startswith("RSAES_OAEP"):
        return public.encrypt(material, oaep)
    key = os.urandom(32)
    return public.encrypt(key, oaep) + keywrap.aes_key_wrap_with_padding(key, material)


def usual_wrapping(spec):
    """A WrappingAlgorithm that suits the KeySpec."""
    return "RSA_AES_KEY_WRAP_SHA_256" if spec.startswith(("RSA_", "ECC_")) else "RSAES_OAEP_SHA_256"


class Importer:
    """ImportKeyMaterial for a kms_wire.Client."""

    def __init__(self, client):
        self.client = client

    def parameters(self, key, algorithm, wrapping_spec="RSA_2048"):
        """A pair is made for each call: on a busy machine that may take longer than a request, which says so."""
        for last in (False, False, True):
            answer = self.client.call("GetParametersForImport", KeyId=key, WrappingAlgorithm=algorithm,
                                      WrappingKeySpec=wrapping_spec)
            if last or answer.type != "DependencyTimeoutException":
                assert answer.status == 200, answer.body
                return answer.json()

    def request(self, key, material, algorithm, parameters=None, **members):
        """The members of an ImportKeyMaterial call."""
        parameters = parameters or self.parameters(key, algorithm)
        request = {"KeyId": key, "ImportToken": parameters["ImportToken"],
                   "EncryptedKeyMaterial": b64(wrapped(material, base64.b64decode(parameters["PublicKey"]), algorithm)),
                   "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE", **members}
        if "ValidTo" in members:
            request["ExpirationModel"] = "KEY_MATERIAL_EXPIRES"
        return request

    def call(self, key, material, algorithm="RSAES_OAEP_SHA_256", parameters=None, **members):
        return self.client.call("ImportKeyMaterial", **self.request(key, material, algorithm, parameters, **members))

    def key(self, spec, usage, material):
        """A new key with this material; its metadata."""
        made = self.client.must("CreateKey", KeySpec=spec, KeyUsage=usage, Origin="EXTERNAL")["KeyMetadata"]
        answer = self.call(made["KeyId"], material, usual_wrapping(spec))
        assert answer.status == 200, answer.body
        return self.client.must("DescribeKey", KeyId=made["KeyId"])["KeyMetadata"]
