"""Tags, policies, grants and rotation through Debian's boto3, unmodified, against a real claviger dev."""

import json
import os
import subprocess
import unittest

import botocore.exceptions

import kms_wire
from claviger_dev import BIN, LONG, Dev, until


def policy_for(*principals):
    return json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": list(principals)}, "Action": "kms:*", "Resource": "*"}]})


class Metadata(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dev = Dev().__enter__()
        cls.connect()

    @classmethod
    def connect(cls):
        cls.kms = cls.dev.boto3()
        cls.wire = kms_wire.Client(cls.dev.settings())  # for operations that Debian's boto3 does not know

    def restart(self):
        self.dev.restart()
        self.connect()

    @classmethod
    def tearDownClass(cls):
        cls.dev.__exit__(None, None, None)

    def new_key(self, **arguments):
        return self.kms.create_key(**arguments)["KeyMetadata"]

    def refused(self, name, call, **arguments):
        with self.assertRaises(botocore.exceptions.ClientError) as caught:
            call(**arguments)
        self.assertEqual(caught.exception.response["Error"]["Code"], name)
        return caught.exception.response["Error"]["Message"]

    def all_tags(self, key):
        pages = self.kms.get_paginator("list_resource_tags").paginate(KeyId=key, PaginationConfig={"PageSize": 7})
        return {tag["TagKey"]: tag["TagValue"] for page in pages for tag in page["Tags"]}

    def test_tags(self):
        key = self.new_key(Tags=[{"TagKey": "made", "TagValue": "with it"}])["KeyId"]
        self.kms.tag_resource(KeyId=key, Tags=[{"TagKey": f"k{i}", "TagValue": "ü"} for i in range(20)])
        self.assertEqual(len(self.all_tags(key)), 21)
        self.kms.untag_resource(KeyId=key, TagKeys=[f"k{i}" for i in range(19)])
        self.assertEqual(self.all_tags(key), {"made": "with it", "k19": "ü"})
        self.assertEqual(self.refused("TagException", self.kms.tag_resource, KeyId=key,
                                      Tags=[{"TagKey": "aws:x", "TagValue": ""}]),
                         "Tags beginning with aws: are reserved")

    def test_key_policy(self):
        key = self.new_key()
        account = key["AWSAccountId"]
        self.assertEqual(self.kms.list_key_policies(KeyId=key["KeyId"])["PolicyNames"], ["default"])
        default = json.loads(self.kms.get_key_policy(KeyId=key["KeyId"], PolicyName="default")["Policy"])
        self.assertEqual(default["Statement"][0]["Principal"]["AWS"], f"arn:aws:iam::{account}:root")
        wanted = policy_for(f"arn:aws:iam::{account}:root", f"arn:aws:iam::{account}:role/x")
        self.kms.put_key_policy(KeyId=key["KeyId"], PolicyName="default", Policy=wanted)
        self.assertEqual(self.kms.get_key_policy(KeyId=key["KeyId"])["Policy"], wanted)
        self.assertEqual(
            self.refused("MalformedPolicyDocumentException", self.kms.put_key_policy, KeyId=key["KeyId"],
                         Policy=policy_for(f"arn:aws:iam::{account}:user/somebody-else")),
            "The new key policy will not allow you to update the key policy in the future.")

    def test_grants(self):
        key = self.new_key()
        account, key = key["AWSAccountId"], key["Arn"]
        role = f"arn:aws:iam::{account}:role/app"
        made = [self.kms.create_grant(KeyId=key, GranteePrincipal=role, RetiringPrincipal=role,
                                      Operations=["Encrypt", "Decrypt"], Name=f"n{i}",
                                      Constraints={"EncryptionContextSubset": {"app": "ü"}}) for i in range(5)]
        pages = self.kms.get_paginator("list_grants").paginate(KeyId=key, PaginationConfig={"PageSize": 2})
        listed = {grant["GrantId"]: grant for page in pages for grant in page["Grants"]}
        self.assertEqual(set(listed), {grant["GrantId"] for grant in made})
        self.assertEqual(listed[made[0]["GrantId"]]["Constraints"], {"EncryptionContextSubset": {"app": "ü"}})
        self.assertEqual(self.kms.encrypt(KeyId=key, Plaintext=b"x", GrantTokens=[made[0]["GrantToken"]])["KeyId"], key)
        self.refused("InvalidGrantTokenException", self.kms.encrypt, KeyId=key, Plaintext=b"x", GrantTokens=["no"])
        self.kms.revoke_grant(KeyId=key, GrantId=made[0]["GrantId"])
        self.kms.retire_grant(GrantToken=made[1]["GrantToken"])
        self.kms.retire_grant(KeyId=key, GrantId=made[2]["GrantId"])
        retirable = self.kms.get_paginator("list_retirable_grants").paginate(RetiringPrincipal=role)
        self.assertEqual({grant["GrantId"] for page in retirable for grant in page["Grants"]},
                         {made[3]["GrantId"], made[4]["GrantId"]})
        self.refused("NotFoundException", self.kms.revoke_grant, KeyId=key, GrantId=made[0]["GrantId"])
        self.restart()
        self.assertEqual(len(self.kms.list_grants(KeyId=key)["Grants"]), 2)

    def advance(self, days):
        subprocess.run([os.path.join(BIN, "claviger"), "dev", "clock", "advance", f"{days}d", "--data", self.dev.data],
                       check=True, stdout=subprocess.DEVNULL)

    def test_rotation_on_schedule_and_on_demand(self):
        key = self.new_key()["KeyId"]
        blobs = [self.kms.encrypt(KeyId=key, Plaintext=b"first")["CiphertextBlob"]]
        self.kms.enable_key_rotation(KeyId=key)
        self.assertTrue(self.kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"])
        on_demand = 25 if LONG else 3
        for _ in range(on_demand):
            self.wire.must("RotateKeyOnDemand", KeyId=key)
            blobs.append(self.kms.encrypt(KeyId=key, Plaintext=b"later")["CiphertextBlob"])
        automatic = 25 if LONG else 2
        for done in range(1, automatic + 1):
            self.advance(366)
            until(lambda: len(self.rotations(key)) == on_demand + done, 20, "the automatic rotation")
            blobs.append(self.kms.encrypt(KeyId=key, Plaintext=b"later")["CiphertextBlob"])
        self.assertEqual([r["RotationType"] for r in self.rotations(key)],
                         ["ON_DEMAND"] * on_demand + ["AUTOMATIC"] * automatic)
        self.restart()
        opened = [self.kms.decrypt(CiphertextBlob=blob)["Plaintext"] for blob in blobs]
        self.assertEqual(opened, [b"first"] + [b"later"] * (on_demand + automatic))
        if LONG:
            self.assertEqual(self.wire.call("RotateKeyOnDemand", KeyId=key).type, "LimitExceededException")

    def rotations(self, key):
        page = self.wire.must("ListKeyRotations", KeyId=key, Limit=4)
        found = page["Rotations"]
        while page["Truncated"]:
            page = self.wire.must("ListKeyRotations", KeyId=key, Limit=4, Marker=page["NextMarker"])
            found += page["Rotations"]
        return found

    def test_last_usage(self):
        key = self.new_key()["KeyId"]
        self.assertEqual(self.wire.must("GetKeyLastUsage", KeyId=key)["KeyLastUsage"], {})
        self.kms.encrypt(KeyId=key, Plaintext=b"x")
        self.kms.generate_data_key(KeyId=key, KeySpec="AES_256")
        before = self.wire.must("GetKeyLastUsage", KeyId=key)
        self.assertEqual(before["KeyLastUsage"]["Operation"], "GenerateDataKey")
        self.assertIn(before["KeyLastUsage"]["CloudTrailEventId"],
                      [record["eventID"] for record in self.dev.audit_records()])
        self.restart()
        self.assertEqual(self.wire.must("GetKeyLastUsage", KeyId=key), before)


if __name__ == "__main__":
    unittest.main(verbosity=2)
