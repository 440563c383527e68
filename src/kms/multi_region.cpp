#include "src/kms/multi_region.hpp"

#include <algorithm>
#include <array>
#include <set>

#include <claviger/base/encoding.hpp>

namespace claviger::kms {
namespace {

constexpr std::string_view kIdPrefix = "mrk-";
constexpr std::size_t kIdDigits = 32;

}  // namespace

bool is_multi_region_id(std::string_view text) noexcept {
    return text.starts_with(kIdPrefix) && text.size() == kIdPrefix.size() + kIdDigits &&
           text.find_first_not_of("0123456789abcdef", kIdPrefix.size()) == std::string_view::npos;
}

std::string new_multi_region_id(Random& random) {
    std::array<std::byte, kIdDigits / 2> bytes{};
    random.fill(bytes);
    return std::string(kIdPrefix) + to_hex(bytes);
}

bool is_replica(const store::KeyRecord& key) noexcept {
    return key.multi_region && key.primary_region != key.region;
}

Failure not_primary(std::string_view arn, std::source_location w) {
    return unsupported(std::string(arn) + " is not a multi-region primary key.", w);
}

std::optional<Failure> check_not_replica(const Key& key) {
    return is_replica(key.record) ? std::optional(not_primary(key.arn)) : std::nullopt;
}

std::optional<MultiRegionConfiguration> multi_region_configuration(const Catalogue& catalogue,
                                                                   const store::KeyRecord& key) {
    if (!key.multi_region) {
        return std::nullopt;
    }
    std::set<std::string> regions{key.region};
    for (const KeyPtr& related : catalogue.related(key.account.value(), key.id.value())) {
        regions.insert(related->record.region);
    }
    const auto in = [&](const std::string& region) {
        return MultiRegionKey{key_arn(catalogue.partition(), region, key.account.value(), key.id.value()),
                              region};
    };
    MultiRegionConfiguration out{is_replica(key) ? "REPLICA" : "PRIMARY", in(key.primary_region), {}};
    regions.erase(key.primary_region);
    std::ranges::transform(regions, std::back_inserter(out.replicas), in);
    return out;
}

Result<std::vector<store::KeyRecord>> related_rows(store::Txn& txn, const store::KeyRecord& key) {
    if (key.multi_region) {
        return txn.related_keys(key.account, key.id);
    }
    const auto row = txn.key(key.account, key.region, key.id);
    if (!row) {
        return row.error();
    }
    return *row ? std::vector<store::KeyRecord>{**row} : std::vector<store::KeyRecord>{};
}

Status<> change_related(store::Txn& txn, const store::KeyRecord& key, const ChangeRow& change) {
    Result<std::vector<store::KeyRecord>> rows = related_rows(txn, key);
    if (!rows) {
        return std::move(rows).error();
    }
    for (store::KeyRecord& row : *rows) {
        Status<> written = change(row);
        written = written ? txn.put(std::move(row)) : written;
        if (!written) {
            return written;
        }
    }
    return done;
}

Status<> release_primary(store::Txn& txn, const store::KeyRecord& gone, WallTime now) {
    if (!gone.multi_region) {
        return done;
    }
    Result<std::vector<store::KeyRecord>> left = txn.related_keys(gone.account, gone.id);
    if (!left) {
        return std::move(left).error();
    }
    if (left->size() != 1 || left->front().state != store::KeyState::pending_replica_deletion) {
        return done;
    }
    store::KeyRecord primary = std::move(left->front());
    primary.state = store::KeyState::pending_deletion;
    primary.deletion_date = now + std::chrono::days(primary.pending_window_days);
    return txn.put(std::move(primary));
}

}  // namespace claviger::kms
