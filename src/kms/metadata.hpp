// KeyMetadata, as CreateKey and DescribeKey answer it.
#pragma once

#include <string>
#include <vector>

#include "src/kms/catalogue.hpp"
#include "src/kms/multi_region.hpp"
#include "src/kms/wire.hpp"
#include "src/store/records.hpp"

namespace claviger::kms {

class Catalogue;

struct KeyMetadata {
    std::string_view account;
    std::string_view id;
    std::string arn;
    WallTime created;
    bool enabled = false;
    std::string_view description;
    std::string_view usage;
    std::string_view state;
    std::optional<WallTime> deletion_date;
    std::optional<std::int64_t> pending_window;
    std::string_view origin;
    std::optional<WallTime> valid_to;
    std::optional<std::string_view> expiration;  // of imported material that is here
    std::string_view manager;
    std::string_view spec;
    std::string_view old_spec;
    std::optional<std::vector<std::string_view>> encryption_algorithms;  // one of the four, by usage
    std::optional<std::vector<std::string_view>> signing_algorithms;
    std::optional<std::vector<std::string_view>> mac_algorithms;
    std::optional<std::vector<std::string_view>> agreement_algorithms;
    bool multi_region = false;
    std::optional<MultiRegionConfiguration> related;
    std::optional<std::string_view> material_id;
    std::optional<std::string> key_store;
    std::optional<std::string> cluster;

    static constexpr auto fields() {
        return std::tuple(
            field("AWSAccountId", &KeyMetadata::account), field("KeyId", &KeyMetadata::id),
            field("Arn", &KeyMetadata::arn), field("CreationDate", &KeyMetadata::created),
            field("Enabled", &KeyMetadata::enabled), field("Description", &KeyMetadata::description),
            field("KeyUsage", &KeyMetadata::usage), field("KeyState", &KeyMetadata::state),
            field("DeletionDate", &KeyMetadata::deletion_date), field("Origin", &KeyMetadata::origin),
            field("ValidTo", &KeyMetadata::valid_to), field("ExpirationModel", &KeyMetadata::expiration),
            field("KeyManager", &KeyMetadata::manager),
            field("CustomerMasterKeySpec", &KeyMetadata::old_spec), field("KeySpec", &KeyMetadata::spec),
            field("EncryptionAlgorithms", &KeyMetadata::encryption_algorithms),
            field("SigningAlgorithms", &KeyMetadata::signing_algorithms),
            field("MacAlgorithms", &KeyMetadata::mac_algorithms),
            field("KeyAgreementAlgorithms", &KeyMetadata::agreement_algorithms),
            field("MultiRegion", &KeyMetadata::multi_region),
            field("MultiRegionConfiguration", &KeyMetadata::related),
            field("PendingDeletionWindowInDays", &KeyMetadata::pending_window),
            field("CurrentKeyMaterialId", &KeyMetadata::material_id),
            field("CustomKeyStoreId", &KeyMetadata::key_store),
            field("CloudHsmClusterId", &KeyMetadata::cluster));
    }
};

// A view of `record`, which must outlive it; nothing about imported material.
KeyMetadata metadata_of(const Catalogue& catalogue, const store::KeyRecord& record, std::string arn);
// A view of `key`, as it is at `now`.
KeyMetadata metadata_of(const Catalogue& catalogue, const Key& key, WallTime now);

std::string_view expiration_model(const std::optional<WallTime>& valid_to) noexcept;

}  // namespace claviger::kms
