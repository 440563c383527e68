"""Dumps of the running processes, taken 100 ms after a load ends and with its connections still open, hold none of its
plaintexts, data keys, PINs or access-key secrets. A request that is still half sent is the planted leak: the same scan
must find it.

Short form by default; CLAVIGER_LONG=1 uses 1,000 plaintexts and data keys. Once over HTTP, once over TLS.
"""

import base64
import glob
import http.client
import json
import os
import ssl
import struct
import subprocess
import tempfile
import time
import unittest
import urllib.parse

import botocore.auth
import botocore.awsrequest
import botocore.credentials
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from claviger_dev import BIN, LONG, Dev

NEEDLES = 1000 if LONG else 100
CONNECTIONS = 8


class Caller:
    """One keep-alive connection that signs as botocore does."""

    def __init__(self, values, context):
        self.values = values
        url = urllib.parse.urlparse(values["AWS_ENDPOINT_URL"])
        make = (lambda: http.client.HTTPSConnection(url.hostname, url.port, context=context)) \
            if url.scheme == "https" else (lambda: http.client.HTTPConnection(url.hostname, url.port))
        self.connection = make()

    def request(self, operation, body):
        data = json.dumps(body)
        request = botocore.awsrequest.AWSRequest(
            "POST", self.values["AWS_ENDPOINT_URL"] + "/", data=data,
            headers={"X-Amz-Target": "TrentService." + operation, "Content-Type": "application/x-amz-json-1.1"})
        credentials = botocore.credentials.Credentials(self.values["AWS_ACCESS_KEY_ID"],
                                                       self.values["AWS_SECRET_ACCESS_KEY"])
        botocore.auth.SigV4Auth(credentials, "kms", self.values["AWS_REGION"]).add_auth(request)
        return data, dict(request.headers)

    def call(self, operation, body):
        data, headers = self.request(operation, body)
        self.connection.request("POST", "/", data, headers)
        answer = self.connection.getresponse()
        text = answer.read()
        assert answer.status == 200, text
        return json.loads(text)

    def send_half(self, operation, body):
        data, headers = self.request(operation, body)
        self.connection.putrequest("POST", "/", skip_host=True, skip_accept_encoding=True)
        for name, value in {**headers, "Host": urllib.parse.urlparse(self.values["AWS_ENDPOINT_URL"]).netloc,
                            "Content-Length": str(len(data))}.items():
            self.connection.putheader(name, value)
        self.connection.endheaders(data[:-1].encode())


def halves(secret):
    """Both halves of a secret by themselves: the heap writes its own pointers over the start of a block that was
    freed. Multiples of three bytes, so that their base64 stands in the base64 of the whole."""
    middle = len(secret) // 6 * 3
    return secret[:middle], secret[middle:middle * 2]


def dump(pid, folder):
    """The memory of a process without its empty pages."""
    done = subprocess.run(["gcore", "-o", os.path.join(folder, "core"), str(pid)], capture_output=True, text=True,
                          timeout=120, check=False)
    path = os.path.join(folder, f"core.{pid}")
    assert os.path.exists(path), done.stderr
    empty = bytes(4096)
    pages = []
    with open(path, "rb") as file:
        while page := file.read(4096):
            if page != empty:
                pages.append(page)
    os.unlink(path)
    return b"".join(pages)


def matches(text, patterns):
    """Which of the patterns occur in text. grep looks for all of them in one pass."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"\n".join(patterns) + b"\n")
        file.flush()
        done = subprocess.run(["grep", "-aoF", "-f", file.name], input=text, capture_output=True, check=False,
                              env={"LC_ALL": "C"})
    assert done.returncode in (0, 1), done.stderr
    return set(done.stdout.split(b"\n"))


def found(image, secrets):
    """The secrets of which a half lies in the image, raw, in base64 or in hexadecimal."""
    as_hex = {}
    as_text = {}
    for secret in secrets:
        for half in halves(secret):
            as_hex[half.hex().encode()] = secret
            as_text[base64.b64encode(half)] = secret
            as_text[half.hex().encode()] = as_text[half.hex().upper().encode()] = secret
    hits = {as_hex[hit] for hit in matches(image.hex().encode(), as_hex) & as_hex.keys()}
    return hits | {as_text[hit] for hit in matches(image, as_text) & as_text.keys()}


def user_pin(state):
    """The PIN of an HSM host's token, opened as the host does: DIR/pins, sealed with AES-256-GCM under DIR/pins.key."""
    with open(state + "/pins.key", "rb") as key, open(state + "/pins", "rb") as pins:
        sealed = pins.read()
        text = AESGCM(key.read()).decrypt(sealed[8:20], sealed[20:], sealed[:8])
    present, _, size = struct.unpack_from("<BQI", text)
    assert present == 1
    return text[13:13 + size]


class Memory(unittest.TestCase):
    def dumps_hold_nothing(self, arguments, context):
        with Dev(args=["--allow-core", *arguments]) as dev, tempfile.TemporaryDirectory() as folder:
            values = dev.settings()
            callers = [Caller(values, context) for _ in range(CONNECTIONS)]
            key = callers[0].call("CreateKey", {})["KeyMetadata"]["KeyId"]
            secrets = []
            for i in range(NEEDLES):
                caller = callers[i % CONNECTIONS]
                plain = os.urandom(48)
                sealed = caller.call("Encrypt", {"KeyId": key, "Plaintext": base64.b64encode(plain).decode()})
                caller.call("Decrypt", {"CiphertextBlob": sealed["CiphertextBlob"]})
                made = caller.call("GenerateDataKey", {"KeyId": key, "NumberOfBytes": 48})
                secrets += [plain, base64.b64decode(made["Plaintext"])]
                if i % 10 == 0:
                    random = caller.call("GenerateRandom", {"NumberOfBytes": 48})
                    secrets.append(base64.b64decode(random["Plaintext"]))
            time.sleep(0.1)  # the acceptance says: 100 ms after the load
            images = {"claviger": dump(dev.process.pid, folder)}
            for pid in dev.hsm_pids():
                images[f"claviger-hsm {pid}"] = dump(pid, folder)
            self.assertEqual(len(images), 4)
            for name, image in images.items():
                self.assertGreater(len(image), 1 << 20, name)
                self.assertEqual(len(found(image, secrets)), 0, f"{name}: plaintexts of {len(secrets)}")
            # The arena itself is in no dump (MADV_DONTDUMP).
            own = [values["AWS_SECRET_ACCESS_KEY"].encode()] + [
                user_pin(state) for state in glob.glob(dev.data + "/hsm/*") + [dev.data + "/vault"]]
            self.assertEqual(len(own), 5)
            self.assertEqual(len(found(images["claviger"], own)), 0, "claviger: a PIN or the access-key secret")
            holders = [name for name, image in images.items() if name != "claviger" and found(image, own)]
            self.assertEqual(holders, [], "HSM hosts whose dump holds their PIN")

            planted = os.urandom(48)
            leak = Caller(values, context)
            leak.send_half("Encrypt", {"KeyId": key, "Plaintext": base64.b64encode(planted).decode()})
            time.sleep(0.1)  # until the half request was read
            self.assertEqual(len(found(dump(dev.process.pid, folder), [planted])), 1, "the planted leak was not found")

    def test_passwords_of_refused_commands(self):
        with Dev(args=["--allow-core"]) as dev, tempfile.TemporaryDirectory() as folder:
            dev.boto3("cloudhsmv2").create_cluster(HsmType="hsm1.medium", SubnetIds=["subnet-00000001"])
            passwords = [os.urandom(12).hex().encode() for _ in range(40)]
            for mine, new in zip(passwords[::2], passwords[1::2]):
                ran = subprocess.run(
                    [os.path.join(BIN, "claviger"), "cloudhsm", "--data", dev.data, "user", "create", "--username", "kmsuser",
                     "--role", "crypto-user", "--password", new.decode()], capture_output=True, check=False,
                    env=dict(os.environ, CLOUDHSM_ROLE="admin", CLOUDHSM_PIN="admin:" + mine.decode()))
                self.assertIn(b"This cluster has no admin yet", ran.stdout)
            self.assertEqual(len(found(dump(dev.process.pid, folder), passwords)), 0)

    def test_plain_http(self):
        self.dumps_hold_nothing([], None)

    def test_tls(self):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost",
                            "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2", "-keyout", folder + "/key",
                            "-out", folder + "/crt"], check=True, capture_output=True)
            context = ssl.create_default_context(cafile=folder + "/crt")
            self.dumps_hold_nothing(["--tls-certificate", folder + "/crt", "--tls-key", folder + "/key"], context)


if __name__ == "__main__":
    unittest.main(verbosity=2)
