#include <algorithm>

#include "src/kms/operations/operations.hpp"

namespace claviger::kms {
namespace {

using policy::Action;

constexpr AuditField kKeyId[] = {{"KeyId"}};
constexpr AuditField kAliasAndTarget[] = {{"AliasName"}, {"TargetKeyId"}};
constexpr AuditField kAliasName[] = {{"AliasName"}};
constexpr AuditField kCreateKey[] = {
    {"Description"}, {"KeyUsage"},        {"KeySpec"}, {"CustomerMasterKeySpec"},
    {"Origin"},      {"MultiRegion"},     {"Tags"},    {"BypassPolicyLockoutSafetyCheck"},
    {"Policy"},      {"CustomKeyStoreId"}};
constexpr AuditField kEncrypt[] = {
    {"KeyId"}, {"EncryptionAlgorithm", Fill::symmetric_default}, {"EncryptionContext"}, {"DryRun"}};
constexpr AuditField kDecrypt[] = {{"KeyId", Fill::resolved_key},
                                   {"EncryptionAlgorithm", Fill::symmetric_default},
                                   {"EncryptionContext"},
                                   {"DryRun"}};
constexpr AuditField kDataKey[] = {
    {"KeyId"}, {"KeySpec"}, {"NumberOfBytes"}, {"EncryptionContext"}, {"DryRun"}};
constexpr AuditField kReEncrypt[] = {{"SourceKeyId"},
                                     {"SourceEncryptionAlgorithm", Fill::symmetric_default},
                                     {"SourceEncryptionContext"},
                                     {"DestinationKeyId"},
                                     {"DestinationEncryptionAlgorithm", Fill::symmetric_default},
                                     {"DestinationEncryptionContext"},
                                     {"DryRun"}};
constexpr AuditField kMac[] = {{"KeyId"}, {"MacAlgorithm"}, {"DryRun"}};
constexpr AuditField kSign[] = {{"KeyId"}, {"MessageType"}, {"SigningAlgorithm"}, {"DryRun"}};
constexpr AuditField kDerive[] = {{"KeyId"}, {"KeyAgreementAlgorithm"}, {"DryRun"}};
constexpr AuditField kKeyPair[] = {{"KeyId"}, {"KeyPairSpec"}, {"EncryptionContext"}, {"DryRun"}};
constexpr AuditField kTags[] = {{"KeyId"}, {"Tags"}};
constexpr AuditField kTagKeys[] = {{"KeyId"}, {"TagKeys"}};
constexpr AuditField kPolicyOf[] = {{"KeyId"}, {"PolicyName"}};
constexpr AuditField kPutPolicy[] = {
    {"KeyId"}, {"PolicyName"}, {"Policy"}, {"BypassPolicyLockoutSafetyCheck"}};
constexpr AuditField kCreateGrant[] = {
    {"KeyId"}, {"Constraints"}, {"Operations"}, {"GranteePrincipal"}, {"RetiringPrincipal"},
    {"Name"},  {"DryRun"}};
constexpr AuditField kRevokeGrant[] = {{"KeyId"}, {"GrantId"}, {"DryRun"}};
constexpr AuditField kRetirable[] = {{"RetiringPrincipal"}, {"Limit"}, {"Marker"}};
constexpr AuditField kEnableRotation[] = {{"KeyId"}, {"RotationPeriodInDays"}};
constexpr AuditField kKeyStoreId[] = {{"CustomKeyStoreId"}};
constexpr AuditField kCreateKeyStore[] = {
    {"CustomKeyStoreName"}, {"CustomKeyStoreType"}, {"CloudHsmClusterId"}, {"TrustAnchorCertificate"}};
constexpr AuditField kDescribeKeyStores[] = {
    {"CustomKeyStoreId"}, {"CustomKeyStoreName"}, {"Limit"}, {"Marker"}};
constexpr AuditField kUpdateKeyStore[] = {
    {"CustomKeyStoreId"}, {"NewCustomKeyStoreName"}, {"CloudHsmClusterId"}};
constexpr AuditField kPage[] = {{"Limit"}, {"Marker"}};
constexpr AuditField kKeyAndPage[] = {{"KeyId"}, {"Limit"}, {"Marker"}};
constexpr AuditField kSchedule[] = {{"KeyId"}, {"PendingWindowInDays"}};
constexpr AuditField kImportParameters[] = {{"KeyId"}, {"WrappingAlgorithm"}, {"WrappingKeySpec"}};
constexpr AuditField kImport[] = {{"KeyId"},      {"ExpirationModel"}, {"ValidTo"},
                                  {"ImportType"}, {"KeyMaterialId"},   {"KeyMaterialDescription"}};
constexpr AuditField kDeleteImported[] = {{"KeyId"}, {"KeyMaterialId"}};
constexpr AuditField kReplicate[] = {
    {"KeyId"}, {"ReplicaRegion"}, {"Description"}, {"BypassPolicyLockoutSafetyCheck"}};
constexpr AuditField kPrimaryRegion[] = {{"KeyId"}, {"PrimaryRegion"}};
constexpr AuditField kDescription[] = {{"KeyId"}, {"Description"}};

constexpr KeyParameter the_key(std::string_view member, Action action, KeyForms forms, States states) {
    return {member, forms, Need::required, action, states, {}, {}};
}
constexpr KeyParameter own_key(Action action, States states) {
    return the_key("KeyId", action, KeyForms::id_or_arn, states);
}
constexpr KeyParameter used_key(Action action) {
    return the_key("KeyId", action, KeyForms::any, States::usable);
}
constexpr KeyParameter ciphertext_key(std::string_view member, Action action, std::string_view algorithm) {
    return {member, KeyForms::any, Need::optional, action, States::usable, "CiphertextBlob", algorithm};
}
constexpr KeyParameter aliased_key(Action action) {
    return the_key("AliasName", action, KeyForms::existing_alias, States::any);
}
constexpr KeyParameter target_key(Action action) {
    return the_key("TargetKeyId", action, KeyForms::alias_target, States::not_pending_deletion);
}
constexpr KeyParameter listed_key() {
    return {"KeyId", KeyForms::id_or_arn, Need::optional, Action::list_aliases, States::any, {}, {}};
}
constexpr KeyParameter kNone{};

// name, IAM action, subject, keys, access, what is audited, handler. Sorted by name.
constexpr Operation kOperations[] = {
    {"CancelKeyDeletion",
     Action::cancel_key_deletion,
     Subject::keys,
     {own_key(Action::cancel_key_deletion, States::pending_deletion), kNone},
     Access::write,
     kKeyId,
     cancel_key_deletion},
    {"ConnectCustomKeyStore",
     Action::connect_custom_key_store,
     Subject::account,
     {kNone, kNone},
     Access::write,
     kKeyStoreId,
     connect_custom_key_store},
    {"CreateAlias",
     Action::create_alias,
     Subject::alias,
     {target_key(Action::create_alias), kNone},
     Access::write,
     kAliasAndTarget,
     create_alias},
    {"CreateCustomKeyStore",
     Action::create_custom_key_store,
     Subject::account,
     {kNone, kNone},
     Access::write,
     kCreateKeyStore,
     create_custom_key_store},
    {"CreateGrant",
     Action::create_grant,
     Subject::keys,
     {own_key(Action::create_grant, States::active), kNone},
     Access::write,
     kCreateGrant,
     create_grant},
    {"CreateKey",
     Action::create_key,
     Subject::account,
     {kNone, kNone},
     Access::write,
     kCreateKey,
     create_key},
    {"Decrypt",
     Action::decrypt,
     Subject::keys,
     {ciphertext_key("KeyId", Action::decrypt, "EncryptionAlgorithm"), kNone},
     Access::use,
     kDecrypt,
     decrypt},
    {"DeleteAlias",
     Action::delete_alias,
     Subject::alias,
     {aliased_key(Action::delete_alias), kNone},
     Access::write,
     kAliasName,
     delete_alias},
    {"DeleteCustomKeyStore",
     Action::delete_custom_key_store,
     Subject::account,
     {kNone, kNone},
     Access::write,
     kKeyStoreId,
     delete_custom_key_store},
    {"DeleteImportedKeyMaterial",
     Action::delete_imported_key_material,
     Subject::keys,
     {own_key(Action::delete_imported_key_material, States::settled), kNone},
     Access::write,
     kDeleteImported,
     delete_imported_key_material},
    {"DeriveSharedSecret",
     Action::derive_shared_secret,
     Subject::keys,
     {used_key(Action::derive_shared_secret), kNone},
     Access::use,
     kDerive,
     derive_shared_secret},
    {"DescribeCustomKeyStores",
     Action::describe_custom_key_stores,
     Subject::account,
     {kNone, kNone},
     Access::read,
     kDescribeKeyStores,
     describe_custom_key_stores},
    {"DescribeKey",
     Action::describe_key,
     Subject::keys,
     {the_key("KeyId", Action::describe_key, KeyForms::any, States::any), kNone},
     Access::read,
     kKeyId,
     describe_key},
    {"DisableKey",
     Action::disable_key,
     Subject::keys,
     {own_key(Action::disable_key, States::switchable), kNone},
     Access::write,
     kKeyId,
     disable_key},
    {"DisableKeyRotation",
     Action::disable_key_rotation,
     Subject::keys,
     {own_key(Action::disable_key_rotation, States::rotating), kNone},
     Access::write,
     kKeyId,
     disable_key_rotation},
    {"DisconnectCustomKeyStore",
     Action::disconnect_custom_key_store,
     Subject::account,
     {kNone, kNone},
     Access::write,
     kKeyStoreId,
     disconnect_custom_key_store},
    {"EnableKey",
     Action::enable_key,
     Subject::keys,
     {own_key(Action::enable_key, States::switchable), kNone},
     Access::write,
     kKeyId,
     enable_key},
    {"EnableKeyRotation",
     Action::enable_key_rotation,
     Subject::keys,
     {own_key(Action::enable_key_rotation, States::rotating), kNone},
     Access::write,
     kEnableRotation,
     enable_key_rotation},
    {"Encrypt",
     Action::encrypt,
     Subject::keys,
     {used_key(Action::encrypt), kNone},
     Access::use,
     kEncrypt,
     encrypt},
    {"GenerateDataKey",
     Action::generate_data_key,
     Subject::keys,
     {used_key(Action::generate_data_key), kNone},
     Access::use,
     kDataKey,
     generate_data_key},
    {"GenerateDataKeyPair",
     Action::generate_data_key_pair,
     Subject::keys,
     {the_key("KeyId", Action::generate_data_key_pair, KeyForms::any, States::active), kNone},
     Access::use,
     kKeyPair,
     generate_data_key_pair},
    {"GenerateDataKeyPairWithoutPlaintext",
     Action::generate_data_key_pair_without_plaintext,
     Subject::keys,
     {the_key("KeyId", Action::generate_data_key_pair_without_plaintext, KeyForms::any, States::active),
      kNone},
     Access::use,
     kKeyPair,
     generate_data_key_pair_without_plaintext},
    {"GenerateDataKeyWithoutPlaintext",
     Action::generate_data_key_without_plaintext,
     Subject::keys,
     {used_key(Action::generate_data_key_without_plaintext), kNone},
     Access::use,
     kDataKey,
     generate_data_key_without_plaintext},
    {"GenerateMac",
     Action::generate_mac,
     Subject::keys,
     {used_key(Action::generate_mac), kNone},
     Access::use,
     kMac,
     generate_mac},
    {"GenerateRandom",
     Action::generate_random,
     Subject::account,
     {kNone, kNone},
     Access::read,
     {},
     generate_random},
    {"GetKeyLastUsage",
     Action::get_key_last_usage,
     Subject::keys,
     {own_key(Action::get_key_last_usage, States::any), kNone},
     Access::read,
     kKeyId,
     get_key_last_usage},
    {"GetKeyPolicy",
     Action::get_key_policy,
     Subject::keys,
     {own_key(Action::get_key_policy, States::any), kNone},
     Access::read,
     kPolicyOf,
     get_key_policy},
    {"GetKeyRotationStatus",
     Action::get_key_rotation_status,
     Subject::keys,
     {own_key(Action::get_key_rotation_status, States::any), kNone},
     Access::read,
     kKeyId,
     get_key_rotation_status},
    {"GetParametersForImport",
     Action::get_parameters_for_import,
     Subject::keys,
     {own_key(Action::get_parameters_for_import, States::settled), kNone},
     Access::read,
     kImportParameters,
     get_parameters_for_import},
    {"GetPublicKey",
     Action::get_public_key,
     Subject::keys,
     {the_key("KeyId", Action::get_public_key, KeyForms::any, States::readable), kNone},
     Access::read,
     kKeyId,
     get_public_key},
    {"ImportKeyMaterial",
     Action::import_key_material,
     Subject::keys,
     {own_key(Action::import_key_material, States::created), kNone},
     Access::write,
     kImport,
     import_key_material},
    {"ListAliases",
     Action::list_aliases,
     Subject::account,
     {listed_key(), kNone},
     Access::read,
     kKeyAndPage,
     list_aliases},
    {"ListGrants",
     Action::list_grants,
     Subject::keys,
     {own_key(Action::list_grants, States::any), kNone},
     Access::read,
     kKeyAndPage,
     list_grants},
    {"ListKeyPolicies",
     Action::list_key_policies,
     Subject::keys,
     {own_key(Action::list_key_policies, States::any), kNone},
     Access::read,
     kKeyAndPage,
     list_key_policies},
    {"ListKeyRotations",
     Action::list_key_rotations,
     Subject::keys,
     {own_key(Action::list_key_rotations, States::any), kNone},
     Access::read,
     kKeyAndPage,
     list_key_rotations},
    {"ListKeys", Action::list_keys, Subject::account, {kNone, kNone}, Access::read, kPage, list_keys},
    {"ListResourceTags",
     Action::list_resource_tags,
     Subject::keys,
     {own_key(Action::list_resource_tags, States::any), kNone},
     Access::read,
     kKeyAndPage,
     list_resource_tags},
    {"ListRetirableGrants",
     Action::list_retirable_grants,
     Subject::account,
     {kNone, kNone},
     Access::read,
     kRetirable,
     list_retirable_grants},
    {"PutKeyPolicy",
     Action::put_key_policy,
     Subject::keys,
     {own_key(Action::put_key_policy, States::any), kNone},
     Access::write,
     kPutPolicy,
     put_key_policy},
    {"ReEncrypt",
     Action::re_encrypt_from,
     Subject::keys,
     {ciphertext_key("SourceKeyId", Action::re_encrypt_from, "SourceEncryptionAlgorithm"),
      the_key("DestinationKeyId", Action::re_encrypt_to, KeyForms::any, States::usable)},
     Access::use,
     kReEncrypt,
     re_encrypt},
    {"ReplicateKey",
     Action::replicate_key,
     Subject::keys,
     {own_key(Action::replicate_key, States::replicable), kNone},
     Access::write,
     kReplicate,
     replicate_key},
    {"RetireGrant",
     Action::retire_grant,
     Subject::account,
     {kNone, kNone},  // the handler finds the key: the grant says who may end it
     Access::write,
     {},
     retire_grant},
    {"RevokeGrant",
     Action::revoke_grant,
     Subject::keys,
     {own_key(Action::revoke_grant, States::any), kNone},
     Access::write,
     kRevokeGrant,
     revoke_grant},
    {"RotateKeyOnDemand",
     Action::rotate_key_on_demand,
     Subject::keys,
     {own_key(Action::rotate_key_on_demand, States::active), kNone},
     Access::write,
     kKeyId,
     rotate_key_on_demand},
    {"ScheduleKeyDeletion",
     Action::schedule_key_deletion,
     Subject::keys,
     {own_key(Action::schedule_key_deletion, States::deletable), kNone},
     Access::write,
     kSchedule,
     schedule_key_deletion},
    {"Sign", Action::sign, Subject::keys, {used_key(Action::sign), kNone}, Access::use, kSign, sign},
    {"TagResource",
     Action::tag_resource,
     Subject::keys,
     {own_key(Action::tag_resource, States::not_pending_deletion), kNone},
     Access::write,
     kTags,
     tag_resource},
    {"UntagResource",
     Action::untag_resource,
     Subject::keys,
     {own_key(Action::untag_resource, States::not_pending_deletion), kNone},
     Access::write,
     kTagKeys,
     untag_resource},
    {"UpdateAlias",
     Action::update_alias,
     Subject::alias,
     {aliased_key(Action::update_alias), target_key(Action::update_alias)},
     Access::write,
     kAliasAndTarget,
     update_alias},
    {"UpdateCustomKeyStore",
     Action::update_custom_key_store,
     Subject::account,
     {kNone, kNone},
     Access::write,
     kUpdateKeyStore,
     update_custom_key_store},
    {"UpdateKeyDescription",
     Action::update_key_description,
     Subject::keys,
     {own_key(Action::update_key_description, States::not_pending_deletion), kNone},
     Access::write,
     kDescription,
     update_key_description},
    {"UpdatePrimaryRegion",
     Action::update_primary_region,
     Subject::keys,
     {own_key(Action::update_primary_region, States::usable), kNone},
     Access::write,
     kPrimaryRegion,
     update_primary_region},
    {"Verify", Action::verify, Subject::keys, {used_key(Action::verify), kNone}, Access::use, kSign, verify},
    {"VerifyMac",
     Action::verify_mac,
     Subject::keys,
     {used_key(Action::verify_mac), kNone},
     Access::use,
     kMac,
     verify_mac},
};
static_assert(std::ranges::is_sorted(kOperations, {}, &Operation::name));

}  // namespace

std::span<const Operation> operation_table() noexcept {
    return kOperations;
}

const Operation* find_operation(std::string_view name) noexcept {
    const auto found = std::ranges::lower_bound(kOperations, name, {}, &Operation::name);
    return found != std::end(kOperations) && found->name == name ? found : nullptr;
}

}  // namespace claviger::kms
