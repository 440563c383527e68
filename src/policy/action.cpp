#include "src/policy/action.hpp"

namespace claviger::policy {

std::string_view to_string(Action action) noexcept {
    switch (action) {
        case Action::cancel_key_deletion: return "kms:CancelKeyDeletion";
        case Action::connect_custom_key_store: return "kms:ConnectCustomKeyStore";
        case Action::create_alias: return "kms:CreateAlias";
        case Action::create_custom_key_store: return "kms:CreateCustomKeyStore";
        case Action::create_grant: return "kms:CreateGrant";
        case Action::create_key: return "kms:CreateKey";
        case Action::decrypt: return "kms:Decrypt";
        case Action::delete_alias: return "kms:DeleteAlias";
        case Action::delete_custom_key_store: return "kms:DeleteCustomKeyStore";
        case Action::delete_imported_key_material: return "kms:DeleteImportedKeyMaterial";
        case Action::derive_shared_secret: return "kms:DeriveSharedSecret";
        case Action::describe_custom_key_stores: return "kms:DescribeCustomKeyStores";
        case Action::describe_key: return "kms:DescribeKey";
        case Action::disable_key: return "kms:DisableKey";
        case Action::disable_key_rotation: return "kms:DisableKeyRotation";
        case Action::disconnect_custom_key_store: return "kms:DisconnectCustomKeyStore";
        case Action::enable_key: return "kms:EnableKey";
        case Action::enable_key_rotation: return "kms:EnableKeyRotation";
        case Action::encrypt: return "kms:Encrypt";
        case Action::generate_data_key: return "kms:GenerateDataKey";
        case Action::generate_data_key_pair: return "kms:GenerateDataKeyPair";
        case Action::generate_data_key_pair_without_plaintext:
            return "kms:GenerateDataKeyPairWithoutPlaintext";
        case Action::generate_data_key_without_plaintext: return "kms:GenerateDataKeyWithoutPlaintext";
        case Action::generate_mac: return "kms:GenerateMac";
        case Action::generate_random: return "kms:GenerateRandom";
        case Action::get_key_last_usage: return "kms:GetKeyLastUsage";
        case Action::get_key_policy: return "kms:GetKeyPolicy";
        case Action::get_key_rotation_status: return "kms:GetKeyRotationStatus";
        case Action::get_parameters_for_import: return "kms:GetParametersForImport";
        case Action::get_public_key: return "kms:GetPublicKey";
        case Action::import_key_material: return "kms:ImportKeyMaterial";
        case Action::list_aliases: return "kms:ListAliases";
        case Action::list_grants: return "kms:ListGrants";
        case Action::list_key_policies: return "kms:ListKeyPolicies";
        case Action::list_key_rotations: return "kms:ListKeyRotations";
        case Action::list_keys: return "kms:ListKeys";
        case Action::list_resource_tags: return "kms:ListResourceTags";
        case Action::list_retirable_grants: return "kms:ListRetirableGrants";
        case Action::put_key_policy: return "kms:PutKeyPolicy";
        case Action::re_encrypt_from: return "kms:ReEncryptFrom";
        case Action::re_encrypt_to: return "kms:ReEncryptTo";
        case Action::replicate_key: return "kms:ReplicateKey";
        case Action::retire_grant: return "kms:RetireGrant";
        case Action::revoke_grant: return "kms:RevokeGrant";
        case Action::rotate_key_on_demand: return "kms:RotateKeyOnDemand";
        case Action::schedule_key_deletion: return "kms:ScheduleKeyDeletion";
        case Action::sign: return "kms:Sign";
        case Action::tag_resource: return "kms:TagResource";
        case Action::untag_resource: return "kms:UntagResource";
        case Action::update_alias: return "kms:UpdateAlias";
        case Action::update_custom_key_store: return "kms:UpdateCustomKeyStore";
        case Action::update_key_description: return "kms:UpdateKeyDescription";
        case Action::update_primary_region: return "kms:UpdatePrimaryRegion";
        case Action::verify: return "kms:Verify";
        case Action::verify_mac: return "kms:VerifyMac";
        case Action::cloudhsm_copy_backup_to_region: return "cloudhsm:CopyBackupToRegion";
        case Action::cloudhsm_create_cluster: return "cloudhsm:CreateCluster";
        case Action::cloudhsm_create_hsm: return "cloudhsm:CreateHsm";
        case Action::cloudhsm_delete_backup: return "cloudhsm:DeleteBackup";
        case Action::cloudhsm_delete_cluster: return "cloudhsm:DeleteCluster";
        case Action::cloudhsm_delete_hsm: return "cloudhsm:DeleteHsm";
        case Action::cloudhsm_delete_resource_policy: return "cloudhsm:DeleteResourcePolicy";
        case Action::cloudhsm_describe_backups: return "cloudhsm:DescribeBackups";
        case Action::cloudhsm_describe_clusters: return "cloudhsm:DescribeClusters";
        case Action::cloudhsm_get_resource_policy: return "cloudhsm:GetResourcePolicy";
        case Action::cloudhsm_initialize_cluster: return "cloudhsm:InitializeCluster";
        case Action::cloudhsm_list_tags: return "cloudhsm:ListTags";
        case Action::cloudhsm_modify_backup_attributes: return "cloudhsm:ModifyBackupAttributes";
        case Action::cloudhsm_modify_cluster: return "cloudhsm:ModifyCluster";
        case Action::cloudhsm_put_resource_policy: return "cloudhsm:PutResourcePolicy";
        case Action::cloudhsm_restore_backup: return "cloudhsm:RestoreBackup";
        case Action::cloudhsm_tag_resource: return "cloudhsm:TagResource";
        case Action::cloudhsm_untag_resource: return "cloudhsm:UntagResource";
    }
    return {};
}

}  // namespace claviger::policy
