"""A data key of MongoDB's client-side encryption, made and opened again by libmongocrypt's own state machine, which writes
and signs the requests to KMS itself. No MongoDB is needed: the key vault is a list."""

import os
import re
import socket
import ssl
import sys

import bson
from bson.codec_options import CodecOptions
from pymongocrypt.errors import MongoCryptError
from pymongocrypt.mongocrypt import MongoCryptOptions
from pymongocrypt.synchronous.explicit_encrypter import ExplicitEncrypter
from pymongocrypt.synchronous.state_machine import MongoCryptCallback

UUID = CodecOptions(uuid_representation=bson.binary.UuidRepresentation.STANDARD)
ALGORITHM = "AEAD_AES_256_CBC_HMAC_SHA_512-Random"


class Vault(MongoCryptCallback):
    """The driver's part: bytes to KMS and back, and where data keys are kept."""

    def __init__(self):
        self.keys, self.requests = [], []
        self.tls = ssl.create_default_context(cafile=os.environ["CLAVIGER_CA"])

    def kms_request(self, kms_context):
        host, port = kms_context.endpoint.rsplit(":", 1)
        self.requests.append(kms_context.message)
        with socket.create_connection((host, int(port)), timeout=30) as plain, \
                self.tls.wrap_socket(plain, server_hostname=host) as connection:
            connection.sendall(kms_context.message)
            while kms_context.bytes_needed > 0:
                data = connection.recv(kms_context.bytes_needed)
                assert data, "the service closed the connection before its answer was whole"
                kms_context.feed(data)

    def operations(self):
        return [re.search(rb"TrentService\.(\w+)", request).group(1) for request in self.requests]

    def fetch_keys(self, filter):
        yield from self.keys

    def insert_data_key(self, data_key):
        self.keys.append(bytes(data_key))
        return bson.decode(data_key, UUID)["_id"]

    def bson_encode(self, doc):
        return bson.encode(doc, codec_options=UUID)

    def collection_info(self, database, filter):
        raise AssertionError("explicit encryption asks for no collection")

    def mark_command(self, database, cmd):
        raise AssertionError("explicit encryption marks no command")

    def close(self):
        pass


def encrypter(vault, secret):
    return ExplicitEncrypter(vault, MongoCryptOptions(
        {"aws": {"accessKeyId": os.environ["AWS_ACCESS_KEY_ID"], "secretAccessKey": secret}}))


def main(key_arn, endpoint):
    secret, vault = os.environ["AWS_SECRET_ACCESS_KEY"], Vault()
    master = {"region": os.environ["AWS_REGION"], "key": key_arn, "endpoint": endpoint}
    maker = encrypter(vault, secret)
    key_id = maker.create_data_key("aws", master_key=master)
    sealed = maker.encrypt(vault.bson_encode({"v": "secret of the patient"}), ALGORITHM, key_id=key_id.bytes)
    maker.close()
    assert b"secret of the patient" not in bytes(sealed)
    assert vault.operations() == [b"Encrypt", b"Decrypt"]  # the data key made, and opened to be used
    # Another client, whose cache is empty, must ask KMS to open the data key.
    reader = encrypter(vault, secret)
    opened = reader.decrypt(bytes(sealed))
    reader.close()
    assert bson.decode(opened)["v"] == "secret of the patient"
    assert vault.operations() == [b"Encrypt", b"Decrypt", b"Decrypt"]
    stranger = encrypter(vault, secret[::-1])
    try:
        stranger.decrypt(bytes(sealed))
        raise AssertionError("a wrong secret opened the data key")
    except MongoCryptError as refused:
        assert "signature" in str(refused).lower(), refused
    stranger.close()
    print("libmongocrypt: a data key was made and opened over TLS")


if __name__ == "__main__":
    main(*sys.argv[1:])
