"""Every operation of CloudHSM v2 and every member of its model, wrong and only just right, sent by a client of our own and
judged against the model: status, error name, message, shape. Prints the number of cases."""

import collections
import json
import sys
import unittest

import api_model
import cases
import kms_wire
from claviger_dev import Dev

REFUSED = "CloudHsmInvalidRequestException"  # this service has no ValidationException
ECHO = 2048  # bytes of a value that a message repeats; structures are not repeated


class Conformance(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dev = Dev().__enter__()
        cls.client = kms_wire.CloudHsmClient(cls.dev.settings())
        cls.model = api_model.Model("cloudhsmv2-2017-04-28", {"SerializationException"}, "Message")
        del cls.model.shapes["VpcId"]["pattern"]  # one digit long: no real id matches it as a whole
        cls.count, cls.kinds = 0, collections.Counter()

    @classmethod
    def tearDownClass(cls):
        print(f"{cls.count} cases over {len(cls.model.operations)} operations: {dict(cls.kinds)}", file=sys.stderr)
        cls.dev.__exit__(None, None, None)

    def fault_of(self, case):
        body = case.body if isinstance(case.body, bytes) else json.dumps(case.body).encode()
        answer = self.client.send(case.operation, body)
        type(self).count += 1
        told = f"{case.operation}, {case.name}: {answer.status} {answer.body[:300]!r}"
        faults = self.model.faults_of_answer(case.operation, answer)
        if faults:
            return f"{told}: {faults}"
        if case.expected == cases.SERIALIZATION:
            self.kinds["serialization"] += 1
            return None if answer.type == "SerializationException" else told
        if case.expected == cases.GOOD:
            self.kinds["good"] += 1
            wrong = answer.type == "SerializationException" or answer.status == 500 or " detected: Value" in (
                answer.message or "")
            return told if wrong else None
        self.kinds["constraint"] += 1
        wanted = "1 validation error detected: " + case.expected.text()
        if len(str(case.expected.value).encode()) > ECHO or str(case.expected.value).startswith("[{"):
            return None if (answer.message or "").startswith("1 validation error detected") else told
        return None if (answer.type, answer.message) == (REFUSED, wanted) else f"{told} instead of {wanted!r}"

    def cases_of(self, operation):
        shape = self.model.shapes[self.model.input_of(operation)]
        maker = cases.Maker(self.model, operation, {})
        base = {name: maker.sample(shape["members"][name]["shape"]) for name in shape.get("required", [])}
        return cases.Maker(self.model, operation, base).cases()

    def test_every_member_of_every_operation(self):
        self.assertEqual(len(self.model.operations), 18)
        for operation in sorted(self.model.operations):
            with self.subTest(operation):
                faults = [fault for fault in map(self.fault_of, self.cases_of(operation)) if fault]
                self.assertEqual(faults, [], "\n".join([f"{len(faults)} faults"] + faults[:10]))

    def test_an_unknown_operation(self):
        answer = self.client.call("NoSuchOperation")
        self.assertEqual((answer.status, answer.type), (400, "UnknownOperationException"))

    def test_the_judge_finds_planted_faults(self):
        good = self.client.call("DescribeBackups")
        self.assertEqual(self.model.faults_of_answer("DescribeBackups", good), [])
        for status, body in ((200, b'{"Backups":[{}]}'), (200, b'{"Extra":1}'), (400, b'{"__type":"TagException"}'),
                             (400, b'{"__type":"CloudHsmInvalidRequestException","message":"x"}'),
                             (500, b'{"__type":"CloudHsmInvalidRequestException","Message":"x"}')):
            self.assertTrue(self.model.faults_of_answer("DescribeBackups", kms_wire.Answer(status, good.headers, body)))
        lie = cases.Case("ListTags", "planted", {}, cases.Violation("resourceId", "be another"))
        self.assertTrue(self.fault_of(lie))


if __name__ == "__main__":
    unittest.main(verbosity=2)
