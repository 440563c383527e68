"""docs/errors.md as data: the names that begin the rows of its tables, by heading."""

import json
import os
import re

ROOT = os.path.join(os.path.dirname(__file__), "..", "..", "..")


def names(heading):
    """The first name in code type of each row of the first table below a heading."""
    with open(os.path.join(ROOT, "docs", "errors.md"), encoding="utf-8") as page:
        below = re.split(rf"^#+ {re.escape(heading)}\n", page.read(), maxsplit=1, flags=re.MULTILINE)[1]
    table = re.search(r"^\|.*\n\|[-|]+\n((?:\|.*\n)+)", below, flags=re.MULTILINE).group(1)
    return {re.match(r"\| `([^`]+)`", line).group(1) for line in table.splitlines()}


def model(service):
    """The service model that the API was generated from."""
    file = {"kms": "kms-2014-11-01.json", "cloudhsm": "cloudhsmv2-2017-04-28.json"}[service]
    with open(os.path.join(ROOT, "tests", "data", "models", file), encoding="utf-8") as text:
        return json.load(text)


def errors_of(service, operations=None):
    """Every error that the model lists for these operations."""
    table = model(service)["operations"]
    return {error["shape"] for name in operations or table for error in table[name].get("errors", [])}


def compare(heading, caused):
    """What the page lists is what clients have seen, no less and no more."""
    listed = names(heading)
    if listed != caused:
        raise AssertionError(f"docs/errors.md, {heading}: listed but not caused {sorted(listed - caused)}, "
                             f"caused but not listed {sorted(caused - listed)}")
