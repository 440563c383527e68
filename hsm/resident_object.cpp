// What the token objects of KMS keys are called.
#include <algorithm>

#include <claviger/base/encoding.hpp>

#include "hsm/state.hpp"

namespace claviger::hsm {
namespace {

constexpr std::size_t kUuidBytes = 16;

// The 16 bytes of a UUID in its canonical form; empty: it is none.
Bytes uuid_bytes(std::string_view uuid) {
    std::string digits(uuid);
    std::erase(digits, '-');
    const auto bytes = from_hex(digits);
    return bytes && bytes->size() == kUuidBytes ? *bytes : Bytes{};
}

// The material is not in the name: a key of a key store has one, and its object says only whose it is.
KeyNameBytes name_of(std::string_view account, std::string_view key_id) {
    link::KeyTokenHeader header;
    header.account = account;
    header.key_id = key_id;
    link::KeyName name = link::key_name(header);
    name.material = {};
    return flat_name(name);
}

}  // namespace

bool is_key_label(const TokenOptions& options, std::string_view label) noexcept {
    return label == kKeyLabel || (!options.key_arn.empty() && label.starts_with(options.key_arn) &&
                                  label.substr(options.key_arn.size()).starts_with(":"));
}

bool is_our_label(const TokenOptions& options, std::string_view label) noexcept {
    return label.starts_with(kLabelPrefix) || is_key_label(options, label);
}

ResidentObject resident_object(const TokenOptions& options, const link::KeyTokenHeader& header) {
    if (!options.key_arn.empty()) {
        Bytes id = uuid_bytes(header.key_id);
        if (!id.empty()) {
            std::string label = options.key_arn;
            label.append(":").append(header.account).append(":key/").append(header.key_id);
            return {std::move(label), std::move(id), name_of(header.account, header.key_id)};
        }
    }
    const KeyNameBytes name = flat_name(link::key_name(header));
    return {std::string(kKeyLabel), to_bytes(name), name};
}

std::optional<KeyNameBytes> resident_name(const TokenOptions& options, std::string_view label, ByteView id) {
    KeyNameBytes name{};
    if (label == kKeyLabel) {
        if (id.size() != name.size()) {
            return std::nullopt;
        }
        std::ranges::copy(id, name.begin());
        return name;
    }
    if (!is_key_label(options, label)) {
        return std::nullopt;
    }
    constexpr std::string_view kKey = ":key/";
    const std::string_view rest = label.substr(options.key_arn.size() + 1);  // "111122223333:key/UUID"
    const std::size_t key = rest.find(kKey);
    if (key == std::string_view::npos) {
        return std::nullopt;
    }
    const std::string_view key_id = rest.substr(key + kKey.size());
    const Bytes uuid = uuid_bytes(key_id);
    if (uuid.empty() || !std::ranges::equal(uuid, id)) {
        return std::nullopt;
    }
    return name_of(rest.substr(0, key), key_id);
}

}  // namespace claviger::hsm
