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

// "arn:aws:kms:us-east-1:111122223333:key/UUID" in parts.
struct KeyArn {
    std::string_view prefix;  // with the Region
    std::string_view account;
    std::string_view key_id;
    Bytes uuid;
};

// In whatever Region: an object that was made under another one is a KMS key's, too.
std::optional<KeyArn> parse_key_arn(const TokenOptions& options, std::string_view label) {
    constexpr std::string_view kKey = ":key/";
    const std::string_view own = options.key_arn;
    const std::size_t region = own.rfind(':') + 1;
    if (own.empty() || label.substr(0, region) != own.substr(0, region)) {
        return std::nullopt;
    }
    const std::size_t account = label.find(':', region);
    const std::size_t key = account == std::string_view::npos ? account : label.find(kKey, account + 1);
    if (key == std::string_view::npos) {
        return std::nullopt;
    }
    KeyArn arn{label.substr(0, account),
               label.substr(account + 1, key - account - 1),
               label.substr(key + kKey.size()),
               {}};
    arn.uuid = uuid_bytes(arn.key_id);
    return arn.uuid.empty() ? std::nullopt : std::optional(std::move(arn));
}

}  // namespace

bool is_key_label(const TokenOptions& options, std::string_view label) {
    return label == kKeyLabel || parse_key_arn(options, label).has_value();
}

bool is_our_label(const TokenOptions& options, std::string_view label) {
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
    const std::optional<KeyArn> arn = parse_key_arn(options, label);
    if (!arn || arn->prefix != options.key_arn || !std::ranges::equal(arn->uuid, id)) {
        return std::nullopt;
    }
    return name_of(arn->account, arn->key_id);
}

}  // namespace claviger::hsm
