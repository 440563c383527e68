// SoftHSM's object files, read well enough to tell a whole one from a torn one and a KMS key from the rest.
// Never decrypts: flags, numbers and mechanism lists stand in clear there.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include <claviger/base/bytes.hpp>

namespace claviger::softhsm {

struct ObjectFile {
    std::uint64_t generation = 0;
    std::map<std::uint64_t, Bytes> attributes;  // type → raw value
};

// nullopt: empty, cut inside an attribute, or with a kind of value SoftHSM 2.6 does not write.
std::optional<ObjectFile> parse_object_file(ByteView bytes);

// A key that a key token can bring back; everything else belongs into the shadow.
bool is_kms_key(const ObjectFile& file);

// SoftHSM writes attribute by attribute: a file cut between two of them parses, but lacks what `whole` has.
bool lacks_attributes_of(const ObjectFile& file, const ObjectFile& whole);

}  // namespace claviger::softhsm
