"""Every operation and every member of the service model, wrong and only just right, sent by a client of our own and
judged against the model: status, error name, message, shape, no extra members. Prints the number of cases."""

import collections
import json
import pathlib
import random
import sys
import unittest

import api_model
import cases
import kms_wire
from claviger_dev import LONG, Dev

PARAMETERS_NOT_BUILT = {"Claviger does not implement the CustomKeyStoreType EXTERNAL_KEY_STORE yet."}
ECHO = 2048  # bytes of a value that a message repeats

OTHER_REGION = "us-west-2"
# What the model alone does not say about a request that is as it should be: a key of ours, an alias with its prefix.
OVERRIDES = {
    "CreateAlias": {"AliasName": "alias/conformance"}, "UpdateAlias": {"AliasName": "alias/conformance"},
    "DeleteAlias": {"AliasName": "alias/conformance"}, "GenerateDataKey": {"NumberOfBytes": 32},
    "GenerateDataKeyWithoutPlaintext": {"NumberOfBytes": 32}, "GenerateRandom": {"NumberOfBytes": 32},
    "ReplicateKey": {"ReplicaRegion": OTHER_REGION}, "UpdatePrimaryRegion": {"PrimaryRegion": OTHER_REGION},
}
MULTI_REGION = ("ReplicateKey", "UpdatePrimaryRegion")
KEY_MEMBERS = ("KeyId", "TargetKeyId", "DestinationKeyId", "SourceKeyId")


def violated(messages):
    count = len(messages)
    return f"{count} validation error{'s' if count > 1 else ''} detected: " + "; ".join(messages)


def comparable(message):
    """The order of an enumeration is not promised, and long values are cut."""
    if "enum value set: [" in message:
        head, _, rest = message.partition("enum value set: [")
        return head + str(sorted(rest.rstrip("]").split(", ")))
    return message


class Conformance(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        roots = pathlib.Path(__file__).parents[2] / "data" / "attestation" / "root.pem"
        cls.dev = Dev(args=["--attestation-roots", str(roots), "--region", "us-east-1", "--region", OTHER_REGION]).__enter__()
        cls.client = kms_wire.Client(cls.dev.settings())
        cls.model = api_model.Model()
        cls.count, cls.kinds = 0, collections.Counter()
        cls.operations = sorted(cls.model.operations)

    @classmethod
    def tearDownClass(cls):
        print(f"{cls.count} cases over {len(cls.operations)} operations: {dict(cls.kinds)}", file=sys.stderr)
        cls.dev.__exit__(None, None, None)

    def base_of(self, operation):
        shape = self.model.shapes[self.model.input_of(operation)]
        maker = cases.Maker(self.model, operation, {})
        base = {name: maker.sample(shape["members"][name]["shape"]) for name in shape.get("required", [])}
        base.update(OVERRIDES.get(operation, {}))
        for name in KEY_MEMBERS:
            if name in base:
                base[name] = self.key_for(operation)
        return base

    def key_for(self, operation):
        if operation not in MULTI_REGION:
            return self.client.must("CreateKey")["KeyMetadata"]["KeyId"]
        key = self.client.must("CreateKey", MultiRegion=True)["KeyMetadata"]["KeyId"]
        if operation == "UpdatePrimaryRegion":
            self.client.must("ReplicateKey", KeyId=key, ReplicaRegion=OTHER_REGION)
        return key

    def check(self, case):
        body = case.body if isinstance(case.body, bytes) else json.dumps(case.body).encode()
        answer = self.client.send(case.operation, body)
        type(self).count += 1
        name = (case.operation, case.name, body[:300])
        if answer.message in PARAMETERS_NOT_BUILT:
            self.kinds["parameter not built"] += 1
            return None
        faults = self.model.faults_of_answer(case.operation, answer)
        if faults:
            return f"{name}: {faults} in {answer.body[:300]!r}"
        if case.expected == cases.SERIALIZATION:
            self.kinds["serialization"] += 1
            return None if answer.type == "SerializationException" else f"{name}: {answer.body[:300]!r}"
        if case.expected == cases.GOOD:
            self.kinds["good"] += 1
            wrong = answer.type == "SerializationException" or answer.status == 500 or (
                answer.type == "ValidationException" and " detected: Value" in answer.message and
                "Value null" not in answer.message)
            return f"{name}: {answer.body[:300]!r}" if wrong else None
        self.kinds["constraint"] += 1
        return self.wrong_text(name, case.expected if isinstance(case.expected, list) else [case.expected], answer)

    @staticmethod
    def wrong_text(name, violations, answer):
        if answer.type != "ValidationException":
            return f"{name}: {answer.status} {answer.body[:300]!r}"
        wanted = [comparable(violation.text()) for violation in violations]
        told = answer.message
        if any(v.value is not None and v.echoed and len(str(v.value).encode()) > ECHO for v in violations):
            return None if told.startswith(f"{len(wanted)} validation error") else f"{name}: {told!r}"
        if len(wanted) == 1:
            return None if comparable(told) == violated(wanted) else f"{name}: {told!r} instead of {violated(wanted)!r}"
        head, _, rest = told.partition(" detected: ")
        same = head == f"{len(wanted)} validation errors" and sorted(map(comparable, rest.split("; "))) == sorted(wanted)
        return None if same else f"{name}: {told!r} instead of {wanted}"

    def run_all(self, made):
        faults = [fault for fault in map(self.check, made) if fault]
        self.assertEqual(faults, [], "\n".join([f"{len(faults)} faults"] + faults[:20]))

    def test_every_member_of_every_operation(self):
        for operation in self.operations:
            with self.subTest(operation):
                self.run_all(cases.Maker(self.model, operation, self.base_of(operation)).cases())

    def test_several_violations_are_told_together(self):
        chance = random.Random(4)
        for operation in self.operations:
            with self.subTest(operation):
                self.run_all(self.pairs(operation, chance, 200 if LONG else 12))

    def pairs(self, operation, chance, count):
        """Two members wrong at once."""
        maker = cases.Maker(self.model, operation, self.base_of(operation))
        wrong = [case for case in maker.cases() if isinstance(case.expected, cases.Violation) and
                 len(json.dumps(case.body)) < ECHO]
        for _ in range(count if len(wrong) > 1 else 0):
            one, two = chance.sample(wrong, 2)
            member = lambda case: case.expected.path.split(".")[0]
            if member(one) == member(two) or ";" in one.expected.text() + two.expected.text():
                continue
            body = dict(one.body)
            name = next(n for n in self.model.shapes[self.model.input_of(operation)]["members"]
                        if cases.lower(n) == member(two))
            if name in two.body:
                body[name] = two.body[name]
            else:
                body.pop(name, None)
            yield cases.Case(operation, f"{one.name} and {two.name}", body, [one.expected, two.expected])

    def test_the_judge_finds_planted_faults(self):
        answer = self.client.call("ListKeys")
        for body in (b'{"Keys":[],"Truncated":"no"}', b'{"Keys":[],"Extra":1}', b'{"Keys":[{"KeyId":""}]}', b"[]"):
            self.assertTrue(self.model.faults_of_answer("ListKeys", kms_wire.Answer(200, answer.headers, body)))
        for status, body in ((400, b'{"__type":"KMSInternalException"}'), (400, b'{"__type":"TagException"}'),
                             (400, b'{"__type":"ValidationException","Code":"x"}'), (500, b'{"__type":"InvalidMarkerException"}')):
            self.assertTrue(self.model.faults_of_answer("ListKeys", kms_wire.Answer(status, answer.headers, body)))
        lie = cases.Case("ListKeys", "planted", {"Limit": 5}, cases.Violation("limit", "be another", 5))
        self.assertTrue(self.check(lie))


if __name__ == "__main__":
    unittest.main(verbosity=2)
