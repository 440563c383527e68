"""What lies on a soft token, read by the program `token-objects`, held against the table of docs/token-objects.md."""

import json
import os
import pathlib
import re
import subprocess
import tempfile

from claviger_dev import BIN

MODULE = "/usr/lib/softhsm/libsofthsm2.so"
PAGE = pathlib.Path(__file__).resolve().parents[3] / "docs" / "token-objects.md"
CLASSES = {1: "certificate", 2: "public key", 3: "private key", 4: "secret key"}
# Where an object came from, not what may be done with it: different on the HSM where it was made.
PROVENANCE = {"LOCAL", "ALWAYS_SENSITIVE", "NEVER_EXTRACTABLE"}


def module_environment(tokens):
    """The environment in which SoftHSM shows the tokens of that directory."""
    conf = tempfile.NamedTemporaryFile("w", suffix=".conf", delete=False)
    with conf:
        conf.write(f"directories.tokendir = {tokens}\n")
    return dict(os.environ, SOFTHSM2_CONF=conf.name)


def read_objects(tokens, pin):
    environment = module_environment(tokens)
    try:
        ran = subprocess.run([os.path.join(BIN, "token-objects"), MODULE, "--user-pin-from-stdin"], input=pin + "\n",
                             env=environment, capture_output=True, text=True, timeout=60, check=False)
    finally:
        os.unlink(environment["SOFTHSM2_CONF"])
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


def pkcs11_tool(tokens, pin, *words):
    environment = module_environment(tokens)
    try:
        return subprocess.run(["pkcs11-tool", "--module", MODULE, "--login", "--pin", pin, *words], env=environment,
                              capture_output=True, text=True, timeout=60, check=True).stdout
    finally:
        os.unlink(environment["SOFTHSM2_CONF"])


def documented(membership, keys):
    """label -> (class, the boolean attributes that are true, the mechanisms), with a label for each key's ARN."""
    rows = {}
    for line in PAGE.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) != 5 or not cells[1].startswith("`"):
            continue
        name, label, kind, flags, mechanisms = cells
        if name.endswith("(open)") and membership != "open" or name.endswith("(sealed)") and membership != "sealed":
            continue
        row = (kind, set(re.findall("[A-Z_]+", flags)), sorted(re.findall("0x[0-9a-f]+", mechanisms)))
        for one in keys if label == "`ARN`" else [label.strip("`")]:
            assert one not in rows, one
            rows[one] = row
    return rows


def summary(found):
    """The same of what was read."""
    rows = {}
    for one in found:
        flags = {name for name, value in one.items() if value is True} - PROVENANCE
        row = (CLASSES.get(one["CLASS"], one["CLASS"]), flags, sorted(one.get("ALLOWED_MECHANISMS", [])))
        label = one["LABEL"]
        rows[label if label not in rows else f"a second {label}"] = row
    return rows


def differences(found, membership, keys):
    """Sentences, one for each object that is not as documented; none is what it should be."""
    want, have = documented(membership, keys), summary(found)
    texts = [f"{label} is missing" for label in sorted(want.keys() - have.keys())]
    texts += [f"{label} is not documented: {have[label]}" for label in sorted(have.keys() - want.keys())]
    for label in sorted(want.keys() & have.keys()):
        if want[label] != have[label]:
            texts.append(f"{label} is {have[label]}, documented {want[label]}")
    return texts
