"""Terraform with the AWS provider, unmodified, against a real claviger dev: apply, an empty plan, destroy.

Exit code 77 (skipped, by name) where Terraform is not installed or its provider cannot be had. TF_CLI_ARGS_init="-plugin-dir=DIR"
is Terraform's own way to take the provider from a directory.
"""

import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile

from claviger_dev import Dev

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "terraform")
SKIPPED = 77
CHANGES = 2  # of plan -detailed-exitcode


def main():
    if shutil.which("terraform") is None:
        print("SKIPPED: Terraform's AWS provider: terraform is not installed")
        return SKIPPED
    with Dev() as dev, tempfile.TemporaryDirectory() as folder:
        settings = dev.settings()
        shutil.copy(os.path.join(HERE, "main.tf"), folder)
        env = dict(os.environ, **settings, TF_VAR_endpoint=settings["AWS_ENDPOINT_URL"], TF_IN_AUTOMATION="1", CHECKPOINT_DISABLE="1",
                   AWS_EC2_METADATA_DISABLED="true")
        del env["AWS_ENDPOINT_URL"]

        def terraform(*words):
            return subprocess.run(["terraform", *words], cwd=folder, env=env, capture_output=True, text=True, timeout=180, check=False)

        ready = terraform("init", "-input=false", "-no-color")
        if ready.returncode != 0:
            assert any(words in ready.stderr for words in ("provider packages", "install provider", "registry")), ready.stderr
            print("SKIPPED: Terraform's AWS provider: terraform init cannot get it:", ready.stderr.strip()[-300:])
            return SKIPPED
        for words in (("apply", "-auto-approve"), ("plan", "-detailed-exitcode")):
            done = terraform(*words, "-no-color", "-input=false")
            assert done.returncode == 0, f"terraform {words[0]}: {done.stdout}{done.stderr}"
        kms = dev.boto3()
        told = terraform("output", "-json")
        assert told.returncode == 0 and told.stdout.startswith("{"), (told.stdout, told.stderr)
        told = json.loads(told.stdout)
        assert told["key"]["value"] == "11111111-2222-4333-8444-555555555555", told
        opened = kms.decrypt(CiphertextBlob=base64.b64decode(told["secret"]["value"]), EncryptionContext={"department": "sales"})
        assert opened["Plaintext"] == b"secret"
        # The plan is empty because it looks: what changed behind Terraform's back is seen.
        kms.update_key_description(KeyId=told["key"]["value"], Description="changed")
        assert terraform("plan", "-detailed-exitcode", "-no-color").returncode == CHANGES
        gone = terraform("destroy", "-auto-approve", "-no-color")
        assert gone.returncode == 0, gone.stdout + gone.stderr
        states = {kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"]
                  for page in kms.get_paginator("list_keys").paginate() for key in page["Keys"]
                  if kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyManager"] == "CUSTOMER"}
        assert states == {"PendingDeletion"}, states
        print("Terraform: apply, an empty plan, a plan that sees a change, destroy")
    return 0


if __name__ == "__main__":
    sys.exit(main())
