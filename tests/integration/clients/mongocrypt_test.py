"""libmongocrypt (PyPI's pymongocrypt), whose state machine signs its requests to KMS itself, over TLS against a real
claviger dev.

Exit code 77 (skipped, by name) where pip cannot bring the packages.
"""

import datetime
import ipaddress
import os
import subprocess
import sys
import tempfile

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from claviger_dev import Dev

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "mongocrypt")
SKIPPED = 77


def packages():
    """The folder with the packages, installed once per build tree; None if pip cannot bring them."""
    folder = os.path.join(os.environ["CLAVIGER_CLIENTS"], "mongocrypt")
    if os.path.exists(os.path.join(folder, "installed")):
        return folder
    os.makedirs(folder, exist_ok=True)
    done = subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
                           "--only-binary", ":all:", "--target", folder, "--upgrade", "--requirement",
                           os.path.join(HERE, "requirements.txt")],
                          capture_output=True, text=True, timeout=300, check=False)
    if done.returncode != 0:
        print(done.stderr[-500:])
        return None
    open(os.path.join(folder, "installed"), "w").close()
    return folder


def make_certificate(folder):
    """A self-signed certificate for 127.0.0.1: the names of its file and of its key's."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "claviger test")])
    now = datetime.datetime.utcnow()
    certificate = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
                   .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(hours=1))
                   .not_valid_after(now + datetime.timedelta(days=1))
                   .add_extension(x509.BasicConstraints(True, None), critical=True)
                   .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
                                  critical=False)
                   .sign(key, hashes.SHA256()))
    paths = os.path.join(folder, "crt.pem"), os.path.join(folder, "key.pem")
    for path, data in zip(paths, (certificate.public_bytes(serialization.Encoding.PEM),
                                  key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                                    serialization.NoEncryption()))):
        with open(path, "wb") as file:
            file.write(data)
    return paths


def make_key(dev, certificate):
    import boto3
    values = dev.settings()
    kms = boto3.client("kms", endpoint_url=values["AWS_ENDPOINT_URL"], region_name=values["AWS_REGION"],
                       aws_access_key_id=values["AWS_ACCESS_KEY_ID"],
                       aws_secret_access_key=values["AWS_SECRET_ACCESS_KEY"], verify=certificate)
    return kms.create_key(Description="of MongoDB's data keys")["KeyMetadata"]["Arn"]


def main():
    folder = packages()
    if folder is None:
        print("SKIPPED: libmongocrypt: pip cannot install pymongocrypt and pymongo")
        return SKIPPED
    with tempfile.TemporaryDirectory() as home:
        certificate, key = make_certificate(home)
        with Dev(args=["--tls-certificate", certificate, "--tls-key", key]) as dev:
            arn = make_key(dev, certificate)
            endpoint = dev.settings()["AWS_ENDPOINT_URL"].removeprefix("https://")
            done = subprocess.run([sys.executable, os.path.join(HERE, "data_keys.py"), arn, endpoint],
                                  env=dict(os.environ, **dev.settings(), PYTHONPATH=folder, CLAVIGER_CA=certificate),
                                  timeout=120, check=False)
            assert done.returncode == 0, "data_keys.py failed"
    return 0


if __name__ == "__main__":
    sys.exit(main())
