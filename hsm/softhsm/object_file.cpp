#include "hsm/softhsm/object_file.hpp"

#include <algorithm>

#include "hsm/cryptoki.hpp"

namespace claviger::softhsm {
namespace {

// SoftHSM 2.6.1, src/lib/object_store/ObjectFile.cpp: big-endian 64-bit numbers throughout.
enum class Kind : std::uint64_t { boolean = 1, number = 2, bytes = 3, attributes = 4, mechanisms = 5 };

class Reader {
public:
    explicit Reader(ByteView in) : in_(in) {}
    bool at_end() const { return in_.empty(); }
    std::optional<ByteView> take(std::uint64_t size) {
        if (size > in_.size()) {
            return std::nullopt;
        }
        const ByteView out = in_.first(size);
        in_ = in_.subspan(size);
        return out;
    }
    std::optional<std::uint64_t> number() {
        const auto raw = take(8);
        if (!raw) {
            return std::nullopt;
        }
        std::uint64_t value = 0;
        for (const std::byte byte : *raw) {
            value = value << 8 | std::to_integer<std::uint64_t>(byte);
        }
        return value;
    }

private:
    ByteView in_;
};

std::optional<ByteView> take_value(Reader& in, std::uint64_t kind) {
    switch (static_cast<Kind>(kind)) {
        case Kind::boolean: return in.take(1);
        case Kind::number: return in.take(8);
        case Kind::bytes:
        case Kind::attributes: {
            const auto size = in.number();
            return size ? in.take(*size) : std::nullopt;
        }
        case Kind::mechanisms: {
            const auto count = in.number();
            return count && *count < 4096 ? in.take(*count * 8) : std::nullopt;
        }
    }
    return std::nullopt;
}

std::optional<std::uint64_t> number_of(const ObjectFile& file, CK_ATTRIBUTE_TYPE type) {
    const auto found = file.attributes.find(type);
    return found == file.attributes.end() ? std::nullopt : Reader(found->second).number();
}

bool is_set(const ObjectFile& file, CK_ATTRIBUTE_TYPE type) {
    const auto found = file.attributes.find(type);
    return found != file.attributes.end() && found->second.size() == 1 && found->second[0] != std::byte{0};
}

bool allows(const ObjectFile& file, CK_MECHANISM_TYPE mechanism) {
    const auto found = file.attributes.find(CKA_ALLOWED_MECHANISMS);
    if (found == file.attributes.end()) {
        return false;
    }
    Reader in(found->second);
    while (const auto value = in.number()) {
        if (*value == mechanism) {
            return true;
        }
    }
    return false;
}

}  // namespace

std::optional<ObjectFile> parse_object_file(ByteView bytes) {
    Reader in(bytes);
    const auto generation = in.number();
    if (!generation || in.at_end()) {
        return std::nullopt;
    }
    ObjectFile file{.generation = *generation, .attributes = {}};
    while (!in.at_end()) {
        const auto type = in.number();
        const auto kind = in.number();
        const auto value = type && kind ? take_value(in, *kind) : std::nullopt;
        if (!value) {
            return std::nullopt;
        }
        file.attributes.emplace(*type, to_bytes(*value));
    }
    return file;
}

bool is_kms_key(const ObjectFile& file) {
    const auto object_class = number_of(file, CKA_CLASS);
    const bool used = is_set(file, CKA_ENCRYPT) || is_set(file, CKA_DECRYPT) || is_set(file, CKA_SIGN);
    const bool key = object_class == CKO_SECRET_KEY || object_class == CKO_PRIVATE_KEY;
    const bool identity = allows(file, CKM_SHA256_RSA_PKCS);
    return key && used && !identity;
}

bool lacks_attributes_of(const ObjectFile& file, const ObjectFile& whole) {
    return std::ranges::any_of(whole.attributes,
                               [&](const auto& entry) { return !file.attributes.contains(entry.first); });
}

}  // namespace claviger::softhsm
