#include "src/policy/action.hpp"

namespace claviger::policy {

std::string_view to_string(Action action) noexcept {
    switch (action) {
        case Action::cancel_key_deletion: return "kms:CancelKeyDeletion";
        case Action::create_alias: return "kms:CreateAlias";
        case Action::create_key: return "kms:CreateKey";
        case Action::decrypt: return "kms:Decrypt";
        case Action::delete_alias: return "kms:DeleteAlias";
        case Action::describe_key: return "kms:DescribeKey";
        case Action::disable_key: return "kms:DisableKey";
        case Action::enable_key: return "kms:EnableKey";
        case Action::encrypt: return "kms:Encrypt";
        case Action::generate_data_key: return "kms:GenerateDataKey";
        case Action::generate_data_key_without_plaintext: return "kms:GenerateDataKeyWithoutPlaintext";
        case Action::generate_random: return "kms:GenerateRandom";
        case Action::list_aliases: return "kms:ListAliases";
        case Action::list_keys: return "kms:ListKeys";
        case Action::re_encrypt_from: return "kms:ReEncryptFrom";
        case Action::re_encrypt_to: return "kms:ReEncryptTo";
        case Action::schedule_key_deletion: return "kms:ScheduleKeyDeletion";
        case Action::tag_resource: return "kms:TagResource";
        case Action::update_alias: return "kms:UpdateAlias";
        case Action::update_key_description: return "kms:UpdateKeyDescription";
    }
    return {};
}

}  // namespace claviger::policy
