"""A service model, read for judging: what a value may be, and what an answer must look like."""

import base64
import binascii
import json
import os
import re

MODELS = os.path.join(os.path.dirname(__file__), "..", "..", "data", "models")

# Errors that any operation may answer although the model does not list them (docs: common errors).
COMMON = {"ValidationException", "AccessDeniedException", "ThrottlingException", "SerializationException",
          "KMSInternalException", "NotAuthorizedException"}


CLASSES = r"\p{L}\p{Z}\p{N}"  # the one use of \p; beyond ASCII everything is taken for a letter (docs/limitations.md)


class Model:
    def __init__(self, name="kms-2014-11-01", common=frozenset(COMMON), message="message"):
        """`message`: the member of an error that holds its text."""
        with open(os.path.join(MODELS, name + ".json"), encoding="utf-8") as file:
            raw = json.load(file)
        self.common, self.error_members = common, {"__type", message}
        self.shapes, self.operations = raw["shapes"], raw["operations"]

    def input_of(self, operation):
        return self.operations[operation]["input"]["shape"]

    def errors_of(self, operation):
        return {error["shape"] for error in self.operations[operation].get("errors", [])} | self.common

    def is_server_fault(self, error):
        return bool(self.shapes.get(error, {}).get("fault"))

    def matches(self, shape, text):
        """Java's notation, which Python's is for these patterns but for \\p; classes are ASCII, as in Java."""
        pattern = shape["pattern"].replace(CLASSES, "\\w \u0080-\U0010ffff")
        return re.fullmatch(pattern, text, re.ASCII) is not None

    def faults_of_answer(self, operation, answer):
        """Why the answer cannot be one of this operation; empty if it can."""
        if answer.headers.get("x-amzn-RequestId") is None:
            return ["no x-amzn-RequestId"]
        if answer.status == 200:
            return self._faults_of_success(operation, answer)
        return self._faults_of_error(operation, answer)

    def _faults_of_success(self, operation, answer):
        output = self.operations[operation].get("output")
        if output is None:
            return [] if answer.body == b"" else ["a body where the operation has none"]
        return list(self.faults_of(output["shape"], answer.json(), operation))

    def _faults_of_error(self, operation, answer):
        body = answer.json()
        if not isinstance(body, dict) or set(body) - self.error_members or "__type" not in body:
            return [f"an error of the wrong form: {answer.body!r}"]
        name = body["__type"]
        if name not in self.errors_of(operation):
            return [f"{name} is not an error of {operation}"]
        wanted = 500 if self.is_server_fault(name) else 400
        return [] if answer.status == wanted else [f"{name} with status {answer.status}"]

    def faults_of(self, shape_name, value, path):
        """Why `value` is not of this shape."""
        shape = self.shapes[shape_name]
        kind = shape["type"]
        if kind == "structure":
            if not isinstance(value, dict):
                yield f"{path}: not an object"
                return
            for name in set(value) - set(shape["members"]):
                yield f"{path}.{name}: not in the model"
            for name in shape.get("required", []):
                if name not in value:
                    yield f"{path}.{name}: missing"
            for name, member in shape["members"].items():
                if name in value:
                    yield from self.faults_of(member["shape"], value[name], f"{path}.{name}")
        elif kind == "list":
            if not isinstance(value, list):
                yield f"{path}: not a list"
                return
            for i, element in enumerate(value):
                yield from self.faults_of(shape["member"]["shape"], element, f"{path}[{i}]")
        elif kind == "map":
            if not isinstance(value, dict):
                yield f"{path}: not an object"
                return
            for name, element in value.items():
                yield from self.faults_of(shape["value"]["shape"], element, f"{path}[{name}]")
        else:
            yield from self._faults_of_scalar(shape, value, path)

    def _faults_of_scalar(self, shape, value, path):
        kind = shape["type"]
        types = {"string": str, "blob": str, "boolean": bool, "integer": int, "timestamp": (int, float)}
        if not isinstance(value, types[kind]) or (kind != "boolean" and isinstance(value, bool)):
            yield f"{path}: not a {kind}"
            return
        size = value
        if kind == "string":
            size = len(value)
        elif kind == "blob":
            try:
                size = len(base64.b64decode(value, validate=True))
            except binascii.Error:
                yield f"{path}: not base64"
                return
        if kind in ("string", "blob", "integer"):
            if size < shape.get("min", size) or size > shape.get("max", size):
                yield f"{path}: out of {shape.get('min')}..{shape.get('max')}: {size}"
        if "enum" in shape and value not in shape["enum"]:
            yield f"{path}: {value} is not in the enumeration"
        if kind == "string" and "pattern" in shape and not self.matches(shape, value):
            yield f"{path}: does not match {shape['pattern']}"
