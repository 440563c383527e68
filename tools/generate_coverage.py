#!/usr/bin/env python3
"""Writes docs/api-coverage.md: which operations of the model the operation table implements, and which tests call them.

    generate_coverage.py MODEL.json operation_table.cpp OUT.md
    generate_coverage.py --check MODEL.json operation_table.cpp OUT.md   fails if OUT.md differs
"""
import json
import pathlib
import re
import sys

TESTS = pathlib.Path(__file__).resolve().parent.parent / "tests"
CALLERS = ("unit/kms/*_test.cpp", "integration/clients/*_test.py", "conformance/kms/*_test.py")


def callers(operation):
    """The tests that name the operation: in quotes, as a method of boto3, or as a command of the AWS CLI."""
    words = re.sub(r"(?<!^)(?=[A-Z])", "_", operation).lower()
    said = re.compile(r'"%s"|\.%s\(|"%s"' % (operation, words, words.replace("_", "-")))
    files = sorted((path for pattern in CALLERS for path in TESTS.glob(pattern)), key=lambda path: path.stem)
    return [path.stem.removesuffix("_test") for path in files if said.search(path.read_text(encoding="utf-8"))]


def row(name, built):
    if name not in built:
        return "| %s | not yet | |" % name
    tests = callers(name)
    if not tests:
        sys.exit("no test calls " + name)
    return "| %s | yes | %s |" % (name, ", ".join(tests))


def page(model, table):
    operations = sorted(model["operations"])
    built = re.findall(r'^\s*\{"([A-Za-z]+)",\s*Action::', table, re.M)
    unknown = sorted(set(built) - set(operations))
    if unknown:
        sys.exit("rows that the model does not know: " + ", ".join(unknown))
    lines = ["# API coverage", "",
             "Made by `tools/generate_coverage.py` from the API model and `src/kms/operation_table.cpp`.", "",
             "AWS KMS %s: %d of %d operations." % (model["metadata"]["apiVersion"], len(built), len(operations)), "",
             "The last column names the tests under `tests/` that call the operation. Besides, `conformance/kms/model_test.py`",
             "sends every built operation with every member wrong and only just right, and `unit/kms/operation_states_test.cpp`",
             "runs each through every key state.", "", "| Operation | Built | Tests |", "|---|---|---|"]
    lines += [row(name, built) for name in operations]
    lines += ["", "## Limits inside implemented operations", "",
              "- CreateKey refuses the key specs that the cluster's HSMs cannot make.",
              "- CreateCustomKeyStore refuses `EXTERNAL_KEY_STORE`.",
              "- `Recipient` is refused with `UnsupportedOperationException` unless roots of trust are configured.",
              "- Grants are kept and listed; they do not yet allow anything. A grant token must be one that CreateGrant",
              "  answered, and adds nothing. Service principals (`GranteeServicePrincipal`, `SourceArn`) are refused.", ""]
    return "\n".join(lines)


def main(arguments):
    check = "--check" in arguments
    paths = [a for a in arguments if a != "--check"]
    if len(paths) != 3:
        sys.exit(__doc__)
    with open(paths[0], encoding="utf-8") as model, open(paths[1], encoding="utf-8") as table:
        made = page(json.load(model), table.read())
    if check:
        with open(paths[2], encoding="utf-8") as f:
            if f.read() != made:
                sys.exit("%s is out of date: run %s again" % (paths[2], sys.argv[0]))
        return
    with open(paths[2], "w", encoding="utf-8") as f:
        f.write(made)


if __name__ == "__main__":
    main(sys.argv[1:])
