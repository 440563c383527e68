"""Tags, policies, grants and rotation through Debian's boto3, unmodified, against a real claviger dev."""

import json
import unittest

import botocore.exceptions

from claviger_dev import Dev


def policy_for(*principals):
    return json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": list(principals)}, "Action": "kms:*", "Resource": "*"}]})


class Metadata(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dev = Dev().__enter__()
        cls.kms = cls.dev.boto3()

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
        self.dev.restart()
        type(self).kms = self.dev.boto3()
        self.assertEqual(len(self.kms.list_grants(KeyId=key)["Grants"]), 2)


if __name__ == "__main__":
    unittest.main(verbosity=2)
