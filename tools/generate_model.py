#!/usr/bin/env python3
"""Writes the C++ tables of one service model: shapes, operations, exceptions.

    generate_model.py MODEL.json FUNCTION OUT.cpp           writes OUT.cpp
    generate_model.py --check MODEL.json FUNCTION OUT.cpp   fails if OUT.cpp differs from what it would write

FUNCTION is the accessor that src/model/shape.hpp declares, such as `kms`. The output depends on the model only.
"""
import json
import sys

TYPES = {"integer": "integer", "long": "integer", "boolean": "boolean", "string": "string", "blob": "blob",
         "timestamp": "timestamp", "structure": "structure", "list": "list", "map": "map"}


def text(value):
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"%s"' % escaped


def lower_camel(name):
    return name[:1].lower() + name[1:]


def regex(pattern):
    """Java's notation to that of boost::wregex; the model's classes \\p{..} are taken as any non-ASCII text."""
    out = ""
    i = 0
    while i < len(pattern):
        if pattern.startswith("\\u", i):
            out += "\\x{%s}" % pattern[i + 2:i + 6]
            i += 6
        elif pattern.startswith("\\p{L}\\p{Z}\\p{N}", i):
            out += "\\w \\x{0080}-\\x{10FFFF}"
            i += 15
        else:
            out += pattern[i]
            i += 1
    return out.replace("9-_.]", "9_.-]")


class Table:
    def __init__(self, model, function):
        self.model = model
        self.function = function
        self.shapes = model["shapes"]
        self.names = sorted(self.shapes)
        self.index = {name: i for i, name in enumerate(self.names)}

    def strings(self, symbol, values):
        lines = "".join("    %s,\n" % text(v) for v in values)
        return "constexpr std::string_view %s[] = {\n%s};\n" % (symbol, lines)

    def members(self, name, shape):
        required = set(shape.get("required", []))
        rows = "".join(
            "    {%s, %s, %d, Presence::%s},\n" % (text(m), text(lower_camel(m)), self.index[ref["shape"]],
                                                  "required" if m in required else "optional")
            for m, ref in sorted(shape["members"].items()))
        return "constexpr Member kMembersOf%s[] = {\n%s};\n" % (name, rows)

    def shape_row(self, name, shape):
        kind = TYPES[shape["type"]]
        element = shape.get("member") or shape.get("value")
        key = shape.get("key")
        return "    {%s, Type::%s, Sensitive::%s, %s, %s, %s, %s, %s, %s, %s, %s},  // %d\n" % (
            text(name), kind, "yes" if shape.get("sensitive") else "no", shape.get("min", "kUnbounded"),
            shape.get("max", "kUnbounded"), text(shape.get("pattern", "")), text(regex(shape.get("pattern", ""))),
            "kValuesOf%s" % name if "enum" in shape else "{}",
            "kMembersOf%s" % name if shape.get("members") else "{}",
            self.index[element["shape"]] if element else "kNoShape",
            self.index[key["shape"]] if key else "kNoShape", self.index[name])

    def write(self):
        meta = self.model["metadata"]
        out = ["// Made by tools/generate_model.py from the service model %s; not edited by hand.\n" % meta["uid"],
               "// clang-format off\n",
               '#include "src/model/shape.hpp"\n\n', "namespace claviger::model {\nnamespace {\n\n"]
        for name in self.names:
            shape = self.shapes[name]
            if "enum" in shape:
                out.append(self.strings("kValuesOf" + name, shape["enum"]))
            if shape.get("members"):
                out.append(self.members(name, shape))
        out.append("\nconstexpr Shape kShapes[] = {\n")
        out += [self.shape_row(name, self.shapes[name]) for name in self.names]
        out.append("};\n\n")
        operations = self.model["operations"]
        for name in sorted(operations):
            errors = sorted(e["shape"] for e in operations[name].get("errors", []))
            if errors:
                out.append(self.strings("kErrorsOf" + name, errors))
        out.append("\nconstexpr Operation kOperations[] = {\n")
        for name in sorted(operations):
            op = operations[name]
            out.append("    {%s, %s, %s, %s},\n" % (
                text(name), self.index[op["input"]["shape"]] if "input" in op else "kNoShape",
                self.index[op["output"]["shape"]] if "output" in op else "kNoShape",
                "kErrorsOf%s" % name if op.get("errors") else "{}"))
        out.append("};\n\nconstexpr Exception kExceptions[] = {\n")
        for name in self.names:
            if self.shapes[name].get("exception"):
                out.append("    {%s, Fault::%s},\n" % (
                    text(name), "server" if self.shapes[name].get("fault") else "client"))
        out.append("};\n\nconstexpr Service kService{%s, %s, kShapes, kOperations, kExceptions};\n\n"
                   % (text(meta["apiVersion"]), text(meta["targetPrefix"])))
        out.append("}  // namespace\n\nconst Service& %s() noexcept {\n    return kService;\n}\n\n" % self.function)
        out.append("}  // namespace claviger::model\n")
        return "".join(out)


def main(arguments):
    check = "--check" in arguments
    paths = [a for a in arguments if a != "--check"]
    if len(paths) != 3:
        sys.exit(__doc__)
    with open(paths[0], encoding="utf-8") as f:
        made = Table(json.load(f), paths[1]).write()
    if check:
        with open(paths[2], encoding="utf-8") as f:
            if f.read() != made:
                sys.exit("%s is not what %s makes of %s: run the generator again" % (paths[2], sys.argv[0], paths[0]))
        return
    with open(paths[2], "w", encoding="utf-8") as f:
        f.write(made)


if __name__ == "__main__":
    main(sys.argv[1:])
