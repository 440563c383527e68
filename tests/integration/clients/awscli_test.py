"""All operations through Debian's AWS CLI, unmodified, against a real claviger dev."""

import base64
import json
import os
import subprocess
import tempfile
import unittest

from claviger_dev import Dev

AWS = "/usr/bin/aws"


class AwsCli(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dev = Dev().__enter__()
        cls.folder = tempfile.TemporaryDirectory()

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()
        cls.dev.__exit__(None, None, None)

    def aws(self, *arguments):
        values = self.dev.settings()
        done = subprocess.run(
            [AWS, "--endpoint-url", values["AWS_ENDPOINT_URL"], "--output", "json", "kms", *arguments],
            env=dict(os.environ, **values, AWS_PAGER="", AWS_MAX_ATTEMPTS="1", AWS_EC2_METADATA_DISABLED="true"),
            capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, f"aws kms {' '.join(arguments)}\n{done.stderr}")
        return json.loads(done.stdout) if done.stdout.strip() else {}

    def blob(self, name, text):
        path = os.path.join(self.folder.name, name)
        with open(path, "wb") as file:
            file.write(base64.b64decode(text))
        return "fileb://" + path

    def test_the_life_of_a_key(self):
        key = self.aws("create-key", "--description", "cli", "--tags", "TagKey=a,TagValue=b")["KeyMetadata"]
        second = self.aws("create-key")["KeyMetadata"]
        self.assertEqual(self.aws("describe-key", "--key-id", key["KeyId"])["KeyMetadata"]["Arn"], key["Arn"])
        self.assertLessEqual({key["KeyId"], second["KeyId"]},
                             {k["KeyId"] for k in self.aws("list-keys", "--page-size", "1")["Keys"]})
        self.aws("update-key-description", "--key-id", key["KeyId"], "--description", "changed")
        self.aws("create-alias", "--alias-name", "alias/cli", "--target-key-id", key["KeyId"])
        self.assertIn("alias/cli", [a["AliasName"] for a in self.aws("list-aliases")["Aliases"]])

        with open(os.path.join(self.folder.name, "plain"), "wb") as file:
            file.write(bytes(range(256)))
        plain = "fileb://" + file.name
        sealed = self.aws("encrypt", "--key-id", "alias/cli", "--plaintext", plain, "--encryption-context", "k=v")
        moved = self.aws("re-encrypt", "--ciphertext-blob", self.blob("sealed", sealed["CiphertextBlob"]),
                         "--source-encryption-context", "k=v", "--destination-key-id", second["KeyId"])
        opened = self.aws("decrypt", "--ciphertext-blob", self.blob("moved", moved["CiphertextBlob"]))
        self.assertEqual(base64.b64decode(opened["Plaintext"]), bytes(range(256)))
        self.assertEqual(opened["KeyId"], second["Arn"])

        made = self.aws("generate-data-key", "--key-id", "alias/cli", "--key-spec", "AES_128")
        opened = self.aws("decrypt", "--ciphertext-blob", self.blob("data", made["CiphertextBlob"]))
        self.assertEqual(opened["Plaintext"], made["Plaintext"])
        self.assertEqual(len(base64.b64decode(made["Plaintext"])), 16)
        self.aws("generate-data-key-without-plaintext", "--key-id", "alias/cli", "--number-of-bytes", "64")
        self.assertEqual(len(base64.b64decode(self.aws("generate-random", "--number-of-bytes", "33")["Plaintext"])), 33)

        self.aws("update-alias", "--alias-name", "alias/cli", "--target-key-id", second["KeyId"])
        self.aws("delete-alias", "--alias-name", "alias/cli")
        self.aws("disable-key", "--key-id", key["KeyId"])
        self.aws("enable-key", "--key-id", key["KeyId"])
        due = self.aws("schedule-key-deletion", "--key-id", key["KeyId"], "--pending-window-in-days", "7")
        self.assertEqual(due["KeyState"], "PendingDeletion")
        self.aws("cancel-key-deletion", "--key-id", key["KeyId"])
        self.assertEqual(self.aws("describe-key", "--key-id", key["KeyId"])["KeyMetadata"]["KeyState"], "Disabled")


if __name__ == "__main__":
    unittest.main(verbosity=2)
