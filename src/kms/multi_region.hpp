// Multi-Region keys: related keys have one id and the same material, each in a Region of its own. One of them
// is the primary key, the others are its replicas. What they share changes in all of them in one transaction;
// policy, tags, aliases, grants, description and state belong to each.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <claviger/base/clock.hpp>

#include "src/kms/catalogue.hpp"
#include "src/kms/error.hpp"
#include "src/kms/wire.hpp"
#include "src/store/store.hpp"

namespace claviger::kms {

// "mrk-" and 32 hexadecimal digits in lower case.
bool is_multi_region_id(std::string_view text) noexcept;
std::string new_multi_region_id(Random& random);

bool is_replica(const store::KeyRecord& key) noexcept;

// "… is not a multi-region primary key."
Failure not_primary(std::string_view arn, std::source_location w = std::source_location::current());
// Empty unless the key is a replica: its primary key decides what they share.
std::optional<Failure> check_not_replica(const Key& key);

struct MultiRegionKey {
    std::string arn;
    std::string region;

    static constexpr auto fields() {
        return std::tuple(field("Arn", &MultiRegionKey::arn), field("Region", &MultiRegionKey::region));
    }
};

// Member of KeyMetadata.
struct MultiRegionConfiguration {
    std::string_view type;
    MultiRegionKey primary;
    std::vector<MultiRegionKey> replicas;  // in order of Region

    static constexpr auto fields() {
        return std::tuple(field("MultiRegionKeyType", &MultiRegionConfiguration::type),
                          field("PrimaryKey", &MultiRegionConfiguration::primary),
                          field("ReplicaKeys", &MultiRegionConfiguration::replicas));
    }
};

// `key` counts as related to itself even if no catalogue knows it yet. nullopt: it has no related keys.
std::optional<MultiRegionConfiguration> multi_region_configuration(const Catalogue& catalogue,
                                                                   const store::KeyRecord& key);

// The rows of all related keys as this transaction sees them, that of `key` among them; it alone, if the key
// is of one Region.
Result<std::vector<store::KeyRecord>> related_rows(store::Txn& txn, const store::KeyRecord& key);

// Makes `change` to each of them and writes it back, which also brings other rows about the key that the
// change wrote before everybody's eyes.
using ChangeRow = std::function<Status<>(store::KeyRecord&)>;
Status<> change_related(store::Txn& txn, const store::KeyRecord& key, const ChangeRow& change);

// After `gone` was erased: its primary key, if that only waited for its last replica to go, begins its own
// waiting period at `now`.
Status<> release_primary(store::Txn& txn, const store::KeyRecord& gone, WallTime now);

}  // namespace claviger::kms
