"""Each error of CloudHSM v2 that a caller can cause, caused by boto3: code, status and a part of the text (docs/errors.md)."""

import resource
import unittest

import error_page
import newest_models  # noqa: F401
from botocore.exceptions import ClientError
from claviger_dev import Dev, until

INVALID, NOT_FOUND = "CloudHsmInvalidRequestException", "CloudHsmResourceNotFoundException"
TAG, LIMIT, INTERNAL = "CloudHsmTagException", "CloudHsmResourceLimitExceededException", "CloudHsmInternalFailureException"
NO_CLUSTER, NO_BACKUP = "cluster-aaaaaaaaaaa", "backup-aaaaaaaaaaa"
ARN = "arn:aws:cloudhsm:us-east-1:000000000000:"
SUBNETS = ["subnet-00000001"]
MAKE = {"HsmType": "hsm2m.medium", "SubnetIds": SUBNETS}
PEM = "-----BEGIN CERTIFICATE-----"


class Errors(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dev = Dev().__enter__()
        cls.api = cls.dev.boto3("cloudhsmv2")
        cls.cluster = cls.new_cluster()
        cls.caused = set()
        cls.addClassCleanup(lambda: error_page.compare("Errors of the CloudHSM v2 API", cls.caused))

    @classmethod
    def tearDownClass(cls):
        cls.dev.__exit__(None, None, None)

    @classmethod
    def state(cls, identity):
        return cls.api.describe_clusters(Filters={"clusterIds": [identity]})["Clusters"][0]["State"]

    @classmethod
    def new_cluster(cls):
        identity = cls.api.create_cluster(**MAKE)["Cluster"]["ClusterId"]
        until(lambda: cls.state(identity) == "UNINITIALIZED", 30, "a cluster")
        return identity

    def check(self, code, part, operation, **request):
        with self.subTest(operation, code=code, part=part):
            with self.assertRaises(ClientError) as caught:
                getattr(self.api, operation)(**request)
            answer = caught.exception.response
            self.assertEqual(answer["Error"]["Code"], code)
            self.assertEqual(answer["ResponseMetadata"]["HTTPStatusCode"], 500 if code == INTERNAL else 400)
            self.assertIn(part, answer["Error"]["Message"])
            self.caused.add(code)

    def test_what_does_not_exist(self):
        for operation, request in (
                ("create_hsm", {"ClusterId": NO_CLUSTER, "AvailabilityZone": "us-east-1a"}),
                ("delete_hsm", {"ClusterId": NO_CLUSTER, "HsmId": "hsm-aaaaaaaaaaa"}),
                ("delete_hsm", {"ClusterId": self.cluster, "HsmId": "hsm-aaaaaaaaaaa"}),
                ("delete_cluster", {"ClusterId": NO_CLUSTER}), ("modify_cluster", {"ClusterId": NO_CLUSTER}),
                ("initialize_cluster", {"ClusterId": NO_CLUSTER, "SignedCert": PEM, "TrustAnchor": PEM}),
                ("create_cluster", dict(MAKE, SourceBackupId=NO_BACKUP)),
                ("create_cluster", dict(MAKE, SourceBackupId=ARN + "backup/" + NO_BACKUP)),
                ("delete_backup", {"BackupId": NO_BACKUP}), ("restore_backup", {"BackupId": NO_BACKUP}),
                ("modify_backup_attributes", {"BackupId": NO_BACKUP, "NeverExpires": True}),
                ("copy_backup_to_region", {"BackupId": NO_BACKUP, "DestinationRegion": "us-east-1"}),
                ("put_resource_policy", {"ResourceArn": ARN + "backup/" + NO_BACKUP, "Policy": "{}"}),
                ("get_resource_policy", {"ResourceArn": ARN + "backup/" + NO_BACKUP}),
                ("delete_resource_policy", {"ResourceArn": ARN + "backup/" + NO_BACKUP}),
                ("get_resource_policy", {"ResourceArn": ARN.replace("000000000000", "111122223333") + "backup/" + NO_BACKUP}),
                ("list_tags", {"ResourceId": NO_CLUSTER}), ("list_tags", {"ResourceId": NO_BACKUP}),
                ("tag_resource", {"ResourceId": NO_BACKUP, "TagList": [{"Key": "a", "Value": "b"}]}),
                ("untag_resource", {"ResourceId": NO_CLUSTER, "TagKeyList": ["a"]})):
            self.check(NOT_FOUND, "HSM" if request.get("HsmId") and request["ClusterId"] == self.cluster else "not found",
                       operation, **request)

    def test_wrong_parameters_and_states(self):
        for part, operation, request in (
                ("does not exist", "create_cluster", dict(MAKE, SubnetIds=["subnet-0badbad0"])),
                ("At most one subnet", "create_cluster", dict(MAKE, SubnetIds=SUBNETS * 2)),
                ("7 and 379", "create_cluster", dict(MAKE, BackupRetentionPolicy={"Type": "DAYS", "Value": "6"})),
                ("7 and 379", "create_cluster", dict(MAKE, BackupRetentionPolicy={"Type": "DAYS", "Value": "380"})),
                ("FIPS only", "create_cluster", dict(MAKE, HsmType="hsm1.medium", Mode="NON_FIPS")),
                ("validation error", "create_cluster", dict(MAKE, HsmType="*")),
                ("has no subnet", "create_hsm", {"ClusterId": self.cluster, "AvailabilityZone": "us-east-1f"}),
                ("not one of subnet", "create_hsm", {"ClusterId": self.cluster, "AvailabilityZone": "us-east-1a",
                                                     "IpAddress": "192.168.0.1"}),
                ("One of HsmId", "delete_hsm", {"ClusterId": self.cluster}),
                ("no certificate signing request", "initialize_cluster",
                 {"ClusterId": self.cluster, "SignedCert": PEM, "TrustAnchor": PEM}),
                ("Nothing to modify", "modify_cluster", {"ClusterId": self.cluster}),
                ("the HSM type of an ACTIVE", "modify_cluster", {"ClusterId": self.cluster, "HsmType": "hsm1.medium"}),
                ("not a filter of clusters", "describe_clusters", {"Filters": {"nonsense": ["x"]}}),
                ("not a filter of backups", "describe_backups", {"Filters": {"nonsense": ["x"]}}),
                ("NextToken", "describe_backups", {"NextToken": "nonsense"}),
                ("ResourceArn must be given", "get_resource_policy", {}),
                ("Only backups", "get_resource_policy", {"ResourceArn": ARN + "cluster/" + self.cluster})):
            self.check(INVALID, part, operation, **request)

    def test_tags(self):
        tag = lambda *names: [{"Key": name, "Value": "v"} for name in names]
        self.check(TAG, "aws:", "create_cluster", **MAKE, TagList=tag("aws:x"))
        self.check(TAG, "more than once", "create_cluster", **MAKE, TagList=tag("a", "a"))
        self.check(TAG, "aws:", "tag_resource", ResourceId=self.cluster, TagList=tag("aws:x"))
        self.check(TAG, "more than once", "tag_resource", ResourceId=self.cluster, TagList=tag("a", "a"))
        self.api.tag_resource(ResourceId=self.cluster, TagList=tag(*(f"t{i}" for i in range(50))))
        self.check(LIMIT, "50", "tag_resource", ResourceId=self.cluster, TagList=tag("one more"))

    def test_a_deleted_cluster(self):
        gone = self.new_cluster()
        self.api.delete_cluster(ClusterId=gone)
        until(lambda: self.state(gone) == "DELETED", 30, "DELETED")
        self.check(NOT_FOUND, "not found", "delete_cluster", ClusterId=gone)
        self.check(NOT_FOUND, "not found", "modify_cluster", ClusterId=gone, HsmType="hsm1.medium")
        self.check(INVALID, "DELETED", "create_hsm", ClusterId=gone, AvailabilityZone="us-east-1a")

    def test_the_store_cannot_be_written(self):
        service = self.dev.process.pid
        before = resource.prlimit(service, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
        try:
            self.check(INTERNAL, "", "create_cluster", **MAKE)
        finally:
            resource.prlimit(service, resource.RLIMIT_FSIZE, before)

        def works_again():
            try:
                return self.new_cluster()
            except self.api.exceptions.CloudHsmInternalFailureException:
                return None
        until(works_again, 20, "clusters are made again")

    def test_the_page_knows_every_error_of_the_model(self):
        never = {"CloudHsmServiceException", "CloudHsmAccessDeniedException"}
        self.assertEqual(error_page.errors_of("cloudhsm") - error_page.names("Errors of the CloudHSM v2 API"), never)


if __name__ == "__main__":
    unittest.main(verbosity=2)
