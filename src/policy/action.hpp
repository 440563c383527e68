// The IAM actions of this service, closed: authorization never sees a free string.
#pragma once

#include <cstdint>
#include <string_view>

namespace claviger::policy {

enum class Action : std::uint8_t {
    cancel_key_deletion,
    connect_custom_key_store,
    create_alias,
    create_custom_key_store,
    create_grant,
    create_key,
    decrypt,
    delete_alias,
    delete_custom_key_store,
    derive_shared_secret,
    describe_custom_key_stores,
    describe_key,
    disable_key,
    disable_key_rotation,
    disconnect_custom_key_store,
    enable_key,
    enable_key_rotation,
    encrypt,
    generate_data_key,
    generate_data_key_pair,
    generate_data_key_pair_without_plaintext,
    generate_data_key_without_plaintext,
    generate_mac,
    generate_random,
    get_key_last_usage,
    get_key_policy,
    get_key_rotation_status,
    get_public_key,
    list_aliases,
    list_grants,
    list_key_policies,
    list_key_rotations,
    list_keys,
    list_resource_tags,
    list_retirable_grants,
    put_key_policy,
    re_encrypt_from,
    re_encrypt_to,
    retire_grant,
    revoke_grant,
    rotate_key_on_demand,
    schedule_key_deletion,
    sign,
    tag_resource,
    untag_resource,
    update_alias,
    update_custom_key_store,
    update_key_description,
    verify,
    verify_mac,
    // CloudHSM v2
    cloudhsm_copy_backup_to_region,
    cloudhsm_create_cluster,
    cloudhsm_create_hsm,
    cloudhsm_delete_backup,
    cloudhsm_delete_cluster,
    cloudhsm_delete_hsm,
    cloudhsm_delete_resource_policy,
    cloudhsm_describe_backups,
    cloudhsm_describe_clusters,
    cloudhsm_get_resource_policy,
    cloudhsm_initialize_cluster,
    cloudhsm_list_tags,
    cloudhsm_modify_backup_attributes,
    cloudhsm_modify_cluster,
    cloudhsm_put_resource_policy,
    cloudhsm_restore_backup,
    cloudhsm_tag_resource,
    cloudhsm_untag_resource,
};

// "kms:Encrypt", "cloudhsm:CreateCluster"
std::string_view to_string(Action action) noexcept;

}  // namespace claviger::policy
