// The IAM actions of this service, closed: authorization never sees a free string.
#pragma once

#include <cstdint>
#include <string_view>

namespace claviger::policy {

enum class Action : std::uint8_t {
    cancel_key_deletion,
    create_alias,
    create_key,
    decrypt,
    delete_alias,
    describe_key,
    disable_key,
    enable_key,
    encrypt,
    generate_data_key,
    generate_data_key_without_plaintext,
    generate_random,
    list_aliases,
    list_keys,
    re_encrypt_from,
    re_encrypt_to,
    schedule_key_deletion,
    tag_resource,
    update_alias,
    update_key_description,
};

// "kms:Encrypt"
std::string_view to_string(Action action) noexcept;

}  // namespace claviger::policy
