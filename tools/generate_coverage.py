#!/usr/bin/env python3
"""Writes docs/api-coverage.md: which operations of the model the operation table implements.

    generate_coverage.py MODEL.json operation_table.cpp OUT.md
    generate_coverage.py --check MODEL.json operation_table.cpp OUT.md   fails if OUT.md differs
"""
import json
import re
import sys


def page(model, table):
    operations = sorted(model["operations"])
    built = re.findall(r'^\s*\{"([A-Za-z]+)",\s*Action::', table, re.M)
    unknown = sorted(set(built) - set(operations))
    if unknown:
        sys.exit("rows that the model does not know: " + ", ".join(unknown))
    lines = ["# API coverage", "",
             "Made by `tools/generate_coverage.py` from the API model and `src/kms/operation_table.cpp`.", "",
             "AWS KMS %s: %d of %d operations. The others answer `UnsupportedOperationException` (400) with the text"
             % (model["metadata"]["apiVersion"], len(built), len(operations)),
             "`Claviger does not implement <operation> yet.`", "", "| Operation | |", "|---|---|"]
    lines += ["| %s | %s |" % (name, "yes" if name in built else "not yet") for name in operations]
    lines += ["", "## Limits inside implemented operations", "",
              "- CreateKey makes `SYMMETRIC_DEFAULT` keys of origin `AWS_KMS` in one Region; other specs and origins,",
              "  multi-Region keys and custom key stores are refused.",
              "- `Recipient` (attestation) is refused with `UnsupportedOperationException`.",
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
