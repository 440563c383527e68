#!/usr/bin/env python3
"""The arrows between the parts, checked over every #include line (docs/architecture.md).

A part may include what its row in PARTS lists, and the base library. A third party may be included only by the
paths in THIRD_PARTIES. Headers of ours are named from the root ("src/store/store.hpp") or, the public ones, as
<claviger/...>. Usage: check_layers.py [--self-test] [ROOT]. Exit 1 and one line for each wrong include.
"""

import pathlib
import re
import sys
import tempfile

# Part -> (its folders, the parts it may include besides base and itself). The longest folder wins.
PARTS = {
    "base": (["include/claviger/base", "src/base"], []),
    "link": (["hsm/link"], []),
    "hsm": (["include/claviger/hsm", "hsm"], ["link", "softhsm"]),
    "softhsm": (["hsm/softhsm"], ["hsm"]),
    "host": (["hsm/host"], ["hsm", "softhsm", "link"]),
    "cluster": (["include/claviger/cluster", "cluster"], ["link"]),
    "observe": (["src/observe"], []),
    "policy": (["src/policy"], []),
    "attestation": (["src/attestation"], []),
    "model": (["src/model"], []),
    "config": (["src/config"], ["observe"]),
    "store": (["src/store"], ["observe"]),
    "audit": (["src/audit"], ["policy", "observe"]),
    "auth": (["src/auth"], ["policy", "observe"]),
    "api": (["src/api"], ["policy", "model", "store", "observe"]),
    "kms": (["src/kms"], ["api", "attestation", "cloudhsm", "cluster", "policy", "model", "store", "audit", "observe"]),
    "cloudhsm": (["src/cloudhsm"], ["api", "cluster", "policy", "model", "store", "audit", "observe"]),
    "http": (["src/http"], ["auth", "policy", "audit", "observe"]),
    "dev": (["src/dev"], ["cluster", "config", "policy"]),
    "app": (["src/app"], ["dev", "attestation", "cluster", "observe", "policy", "model", "config", "store", "audit", "auth", "api", "kms", "cloudhsm", "http"]),
    "faulty-pkcs11": (["tools/faulty-pkcs11"], []),
    "bench": (["tools/claviger-bench"], ["link", "cluster", "audit"]),
    "tests": (["tests"], "all"),
}

# (part that includes, header it may include although its row does not say so): why
SEAMS = {
    ("api", "src/http/api.hpp"): "what a service is to the HTTP front, plain values",
    ("cloudhsm", "src/http/api.hpp"): "what a service is to the HTTP front, plain values",
    ("dev", "src/http/api.hpp"): "what a service is to the HTTP front, plain values",
    ("kms", "src/http/api.hpp"): "what a service is to the HTTP front, plain values",
    ("kms", "hsm/link/blob.hpp"): "reads the name of the key out of a ciphertext",
    ("kms", "hsm/link/key_token.hpp"): "reads the header of a key token",
    ("app", "hsm/link/peer.hpp"): "who speaks on the admin socket",
}

# What is included -> prefixes of the files that may.
THIRD_PARTIES = [
    ("PKCS#11", r"(pkcs11|p11-kit|cryptoki)", ["hsm/", "tests/", "tools/faulty-pkcs11/", "tools/claviger-bench/raw_token.cpp"]),
    ("Beast", r"boost/beast", ["src/http/", "tests/", "tools/claviger-bench/noop_server.cpp"]),
    ("SQLite", r"sqlite3", ["src/store/", "tests/"]),
    ("libpq", r"(postgresql|libpq)", ["src/store/", "tests/"]),
    ("JSON", r"boost/json", ["src/http/", "src/model/", "src/api/", "src/kms/", "src/cloudhsm/", "src/policy/", "src/audit/", "src/app/", "src/dev/",
                             "tests/", "tools/claviger-bench/"]),
    ("OpenSSL", r"openssl/", ["src/base/", "src/auth/", "src/http/", "src/store/", "src/kms/", "src/attestation/", "src/dev/", "src/cloudhsm/password.cpp", "hsm/", "cluster/", "tests/"]),
    ("TOML", r"toml", ["src/config/", "tests/"]),
    ("Asio", r"boost/asio", ["include/claviger/cluster/", "cluster/", "src/", "tests/", "tools/claviger-bench/"]),
]
# Where a third party is refused although its row above allows the folder.
REFUSED = [
    ("PKCS#11 behind the link", r"(pkcs11|p11-kit)", ["hsm/link/"]),
    ("Asio in a pure part", r"boost/asio", ["src/policy/", "src/model/", "src/config/", "src/base/"]),
    ("text formatting in a public header", r"(fmt|spdlog)/", ["include/claviger/"]),
]

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
SOURCES = {".cpp", ".hpp", ".h", ".cc", ".c", ".inc"}
# Precompiled headers (tools/cmake) are given to whole libraries and give them nothing they may not name.
SKIPPED = (".git/", "build/", "tools/cmake/")


def part_of(path):
    best, name = "", None
    for part, (folders, _) in PARTS.items():
        for folder in folders:
            if (path + "/").startswith(folder + "/") and len(folder) > len(best):
                best, name = folder, part
    return name


def header_path(form, header):
    """The path from the root of one of our headers; None for a foreign one."""
    if header.startswith("claviger/"):
        return "include/" + header
    return header if form == '"' else None


def complaints_about(root, path, form, header):
    ours = header_path(form, header)
    if ours is None:
        for name, pattern, allowed in THIRD_PARTIES:
            if re.match(pattern, header) and not path.startswith(tuple(allowed)):
                yield f"{name} does not belong here"
        for name, pattern, places in REFUSED:
            if re.match(pattern, header) and path.startswith(tuple(places)):
                yield f"{name} is refused"
        return
    if not (root / ours).exists():
        yield "no such header: name it from the root"
        return
    source, target = part_of(path), part_of(ours)
    if source is None or target is None:
        yield "this folder has no row in tools/check_layers.py"
        return
    allowed = PARTS[source][1]
    if allowed == "all" or target in (source, "base") or target in allowed or (source, ours) in SEAMS:
        return
    yield f"{source} may not know {target}"


def check(root):
    found, lines = [], 0
    for file in sorted(root.rglob("*")):
        path = file.relative_to(root).as_posix()
        if file.suffix not in SOURCES or not file.is_file() or path.startswith(SKIPPED):
            continue
        for number, line in enumerate(file.read_text(errors="replace").splitlines(), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            lines += 1
            for complaint in complaints_about(root, path, match[1], match[2]):
                found.append(f"{path}:{number}: {match[2]}: {complaint}")
    return found, lines


# (file, its include line, whether it is wrong): one tree with all of them must give exactly the wrong ones.
PLANTED = [
    ("src/kms/a.cpp", '#include "src/store/b.hpp"', False),
    ("src/kms/c.cpp", '#include "src/http/api.hpp"', False),
    ("src/kms/d.cpp", '#include "src/http/server.hpp"', True),
    ("src/store/b.hpp", "#include <claviger/base/result.hpp>", False),
    ("src/store/e.cpp", '#include "src/policy/principal.hpp"', True),
    ("src/store/sqlite/f.cpp", "#include <sqlite3.h>", False),
    ("src/app/g.cpp", "  #  include <sqlite3.h>", True),
    ("src/app/h.cpp", '#include "hsm/cryptoki.hpp"', True),
    ("src/app/i.cpp", "#include <claviger/hsm/token.hpp>", True),
    ("src/http/server.hpp", "#include <boost/beast/http.hpp>", False),
    ("src/http/api.hpp", "#include <string>", False),
    ("src/auth/j.cpp", "#include <boost/beast/http.hpp>", True),
    ("src/policy/principal.hpp", "#include <boost/asio/awaitable.hpp>", True),
    ("cluster/k.cpp", '#include "hsm/link/frame.hpp"', False),
    ("cluster/l.cpp", '#include "hsm/cryptoki.hpp"', True),
    ("hsm/cryptoki.hpp", "#include <pkcs11-helper-1.0/pkcs11.h>", False),
    ("hsm/link/frame.hpp", "#include <pkcs11.h>", True),
    ("hsm/m.cpp", "#include <boost/asio/io_context.hpp>", True),
    ("hsm/n.cpp", "#include <claviger/cluster/cluster.hpp>", True),
    ("hsm/o.cpp", "#include <boost/json.hpp>", True),
    ("cluster/p.cpp", '#include "frame.hpp"', True),
    ("include/claviger/cluster/cluster.hpp", "#include <fmt/format.h>", True),
    ("include/claviger/base/result.hpp", "// #include <sqlite3.h>", False),
    ("include/claviger/hsm/token.hpp", "#include <vector>", False),
    ("tests/unit/q.cpp", '#include "src/app/g.cpp"', False),
    ("tools/claviger-bench/r.cpp", "#include <pkcs11-helper-1.0/pkcs11.h>", True),
    ("tools/cmake/pch.hpp", "#include <boost/json.hpp>", False),
    ("newpart/s.cpp", "#include <claviger/base/result.hpp>", True),
]


def self_test():
    with tempfile.TemporaryDirectory() as name:
        root = pathlib.Path(name)
        for path, line, _ in PLANTED:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text("#pragma once\n" + line + "\n")
        found, _ = check(root)
    wrong = {line.split(":")[0] for line in found}
    expected = {path for path, _, bad in PLANTED if bad}
    for path in sorted(wrong ^ expected):
        print(f"self-test: {path}: {'not found' if path in expected else 'wrongly refused'}")
    return wrong == expected and len(found) == len(expected)


def main(arguments):
    if "--self-test" in arguments:
        return 0 if self_test() else 1
    root = pathlib.Path(arguments[0]) if arguments else pathlib.Path(__file__).resolve().parent.parent
    found, lines = check(root)
    for line in found:
        print(line)
    print(f"{lines} include lines, {len(found)} wrong")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
