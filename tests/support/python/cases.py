"""Cases out of the model: for each operation and each member, at any depth, what a caller can get wrong or only just
right. A case knows what the model says about it: Violation, Serialization, or Good (constraints hold)."""

import base64
import copy

GOOD, SERIALIZATION = "good", "serialization"

# What a member gets where the model alone would not say something useful.
SAMPLES = ["a", "alias/a", "us-west-2", "https://example.com", "arn:aws:iam::111122223333:root", "0" * 12, "f" * 64,
           "AAAAAAAAAAAAAAAAAAAA", "cluster-2222222222a", "logs.amazonaws.com", "/kms/xks/v1",
           "com.amazonaws.vpce.us-east-1.vpce-svc-1", "A" * 43,
           "arn:aws:s3:us-east-1:111122223333:bucket", "backup-22222222222", "hsm-22222222222", "subnet-00000001",
           "us-east-1a", "10.0.1.10", "eni-00000001", "hsm2m.medium", "us-east-1", "90",
           "arn:aws:cloudhsm:us-east-1:000000000000:backup/backup-22222222222"]
BAD_TEXTS = ["*", "a b", "\u00fc", "{}", "a\n", "\u20ac", "\u0007", "$"]
WRONG_TYPES = {"string": [7, True, ["a"], {"a": "b"}], "blob": [7, True, ["YQ=="], {}, "*", "YQ", "Y Q=="],
               "boolean": ["true", 0, [], {}], "integer": ["7", True, 1.5, [], {}],
               "timestamp": ["now", True, [], {}], "list": ["a", 7, {}], "map": ["a", 7, []],
               "structure": ["a", 7, []]}


class Violation:
    """One constraint that does not hold. `value` None: the member is missing."""

    def __init__(self, path, rule, value=None, echoed=True):
        self.path, self.rule, self.value, self.echoed = path, rule, value, echoed

    def text(self):
        if self.value is None:
            return f"Value null at '{self.path}' failed to satisfy constraint: Member must {self.rule}"
        echo = f"'{self.value}' " if self.echoed else ""
        return f"Value {echo}at '{self.path}' failed to satisfy constraint: Member must {self.rule}"


class Case:
    def __init__(self, operation, name, body, expected):
        self.operation, self.name, self.body, self.expected = operation, name, body, expected


def lower(name):
    return name[0].lower() + name[1:]


class Maker:
    """Makes the cases of one operation around a request that breaks no constraint."""

    def __init__(self, model, operation, base):
        self.model, self.operation, self.base = model, operation, base

    def cases(self):
        yield Case(self.operation, "as it should be", self.base, GOOD)
        yield Case(self.operation, "unknown members", dict(self.base, Action="x", Unknown={"a": [1]}), GOOD)
        for body, name in ((b"[]", "a list"), (b"7", "a number"), (b"{", "cut off"), (b"{} x", "something behind"),
                           (b'"a"', "a text"), (b"\xff", "no UTF-8")):
            yield Case(self.operation, "the body is " + name, body, SERIALIZATION)
        shape = self.model.shapes[self.model.input_of(self.operation)]
        for name, member in shape["members"].items():
            required = name in shape.get("required", [])
            yield from self.of_member(member["shape"], (name,), lower(name), required)

    def with_value(self, keys, value):
        """The base request with `value` at `keys`; lists and structures on the way are made if they are missing."""
        body = copy.deepcopy(self.base)
        at, shape = body, self.model.shapes[self.model.input_of(self.operation)]
        for depth, key in enumerate(keys):
            last = depth + 1 == len(keys)
            if isinstance(at, list):
                inner = shape["member"]["shape"]
                if not at:
                    at.append(None)
            elif shape["type"] == "map":
                inner = shape["value"]["shape"]
            else:
                inner = shape["members"][key]["shape"]
            if last:
                at[key] = value
            elif isinstance(at, dict) and key not in at or isinstance(at, list) and at[key] is None:
                at[key] = self.sample(inner)
            at, shape = at[key], self.model.shapes[inner]
        return body

    def without(self, keys):
        body = self.with_value(keys, None)
        at = body
        for key in keys[:-1]:
            at = at[key]
        del at[keys[-1]]
        return body

    def sample(self, shape_name):
        shape = self.model.shapes[shape_name]
        kind = shape["type"]
        if kind == "structure":
            return {name: self.sample(shape["members"][name]["shape"]) for name in shape.get("required", [])}
        if kind == "list":
            return [self.sample(shape["member"]["shape"])]
        if kind == "map":
            return {"a": self.sample(shape["value"]["shape"])}
        if kind == "blob":
            return base64.b64encode(b"x" * max(1, shape.get("min", 1))).decode()
        if kind == "string":
            return shape["enum"][0] if "enum" in shape else self.text_of(
                shape, shape.get("min") or (None if "pattern" in shape else 1))
        return {"boolean": True, "integer": shape.get("min", 1), "timestamp": 1.8e9}[kind]

    def text_of(self, shape, length=None):
        """A text of this shape, of this length if there is one; None if none is found."""
        for sample in SAMPLES:
            for filler in "a0A2/=":
                text = sample if length is None or len(sample) >= length else sample + filler * (length - len(sample))
                text = text if length is None else text[:length]
                if "pattern" not in shape or self.model.matches(shape, text):
                    if shape.get("min", 0) <= len(text) <= shape.get("max", len(text)) or length is not None:
                        return text
        return None

    def of_member(self, shape_name, keys, path, required):
        shape = self.model.shapes[shape_name]
        case = lambda name, value, expected: Case(self.operation, f"{path}: {name}", self.with_value(keys, value),
                                                  expected)
        absent = Violation(path, "not be null") if required else GOOD
        yield Case(self.operation, f"{path}: missing", self.without(keys) if not isinstance(keys[-1], int) else
                   self.with_value(keys, None), absent)
        yield case("null", None, absent)
        for wrong in WRONG_TYPES[shape["type"]]:
            yield case(f"wrong type {wrong!r}", wrong, SERIALIZATION)
        make = {"string": self.of_text, "blob": self.of_blob, "integer": self.of_integer, "list": self.of_list,
                "map": self.of_map, "structure": self.of_structure}.get(shape["type"])
        if make is not None:
            yield from make(shape, keys, path, case)

    def of_text(self, shape, keys, path, case):
        echoed = not shape.get("sensitive")
        if "enum" in shape:
            for value in shape["enum"]:
                yield case("enumerated " + value, value, GOOD)
            for value in ("NOPE", shape["enum"][0].lower(), ""):
                yield case("not enumerated", value, Violation(
                    path, "satisfy enum value set: [" + ", ".join(shape["enum"]) + "]", value, echoed))
            return
        for length in {shape.get("min", 0), shape.get("max", 256)}:
            text = self.text_of(shape, length)
            if text is not None:
                yield case(f"length {length}", text, GOOD)
        if shape.get("min", 0) > 0:
            text = (self.text_of(shape, shape["min"] - 1) or "") if shape["min"] > 1 else ""
            if len(text) == shape["min"] - 1 and ("pattern" not in shape or self.model.matches(shape, text)):
                yield case("too short", text, Violation(
                    path, f"have length greater than or equal to {shape['min']}", text, echoed))
        if "max" in shape:
            text = self.text_of(shape, shape["max"] + 1)
            if text is not None:
                yield case("too long", text, Violation(
                    path, f"have length less than or equal to {shape['max']}", text, echoed))
        if "pattern" in shape:
            wanted = max(1, shape.get("min", 1))
            for bad in BAD_TEXTS:
                text = (bad * wanted)[:wanted] if len(bad) < wanted else bad
                if not self.model.matches(shape, text) and len(text) <= shape.get("max", len(text)):
                    yield case(f"bad text {text[:8]!r}", text, Violation(
                        path, "satisfy regular expression pattern: " + shape["pattern"], text, echoed))

    def of_blob(self, shape, keys, path, case):
        blob = lambda size: base64.b64encode(b"x" * size).decode()
        for size in {shape.get("min", 0), shape.get("max", 64)}:
            yield case(f"{size} bytes", blob(size), GOOD)
        if shape.get("min", 0) > 0:
            yield case("too short", blob(shape["min"] - 1), Violation(
                path, f"have length greater than or equal to {shape['min']}", "", False))
        if "max" in shape:
            yield case("too long", blob(shape["max"] + 1), Violation(
                path, f"have length less than or equal to {shape['max']}", "", False))

    def of_integer(self, shape, keys, path, case):
        for value in {shape.get("min", 1), shape.get("max", 1)}:
            yield case(f"value {value}", value, GOOD)
            yield case(f"value {value}.0", float(value), GOOD)
        if "min" in shape:
            for value in (shape["min"] - 1, -2**40):
                yield case("too small", value, Violation(
                    path, f"have value greater than or equal to {shape['min']}", value))
        if "max" in shape:
            for value in (shape["max"] + 1, 2**40):
                yield case("too big", value, Violation(
                    path, f"have value less than or equal to {shape['max']}", value))

    def of_list(self, shape, keys, path, case):
        element = shape["member"]["shape"]
        one = self.sample(element)
        yield case("empty", [], GOOD if not shape.get("min") else Violation(
            path, f"have length greater than or equal to {shape['min']}", "[]"))
        if "max" in shape:
            yield case("as many as may be", [one] * shape["max"], GOOD)
            yield case("one too many", [one] * (shape["max"] + 1), Violation(
                path, f"have length less than or equal to {shape['max']}",
                "[" + ", ".join([str(one)] * (shape["max"] + 1)) + "]"))
        yield from self.of_member(element, keys + (0,), f"{path}.1.member", True)

    def of_map(self, shape, keys, path, case):
        yield case("empty", {}, GOOD)
        for wrong in WRONG_TYPES[self.model.shapes[shape["value"]["shape"]]["type"]]:
            yield case(f"a value of wrong type {wrong!r}", {"k": wrong}, SERIALIZATION)

    def of_structure(self, shape, keys, path, case):
        yield case("with an unknown member", dict(self.sample_of(keys), Unknown=1), GOOD)
        for name, member in shape["members"].items():
            yield from self.of_member(member["shape"], keys + (name,), f"{path}.{lower(name)}",
                                      name in shape.get("required", []))

    def sample_of(self, keys):
        at = self.with_value(keys, None)
        at = self.base
        for key in keys:
            at = at.get(key) if isinstance(at, dict) else (at[0] if at else None)
            if at is None:
                break
        shape = self.model.shapes[self.model.input_of(self.operation)]
        for key in keys:
            shape = self.model.shapes[(shape["member"] if isinstance(key, int) else shape["members"][key])["shape"]]
        return at if isinstance(at, dict) else {
            name: self.sample(shape["members"][name]["shape"]) for name in shape.get("required", [])}
