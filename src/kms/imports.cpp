#include "src/kms/imports.hpp"

#include <algorithm>

#include <claviger/cluster/cluster.hpp>

#include "src/kms/audit_record.hpp"
#include "src/kms/commit.hpp"
#include "src/kms/shared_imports.hpp"

namespace claviger::kms {
namespace {

using store::ImportStatus;

bool is_expired(const store::ImportRecord& import, WallTime now) {
    return import.valid_to && *import.valid_to <= now;
}

// Each of them that is still there and expired as this transaction sees it, with a record of it.
bool drop_expired(const ServiceParts& parts, store::Txn& txn, const Key& known, WallTime wall) {
    const store::KeyRecord& old = known.record;
    const WallTime now = parts.life.now();
    auto row = txn.key(old.account, old.region, old.id);
    const auto imports = txn.imports(old.account, old.region, old.id);
    if (!row || !*row || !imports) {
        return false;
    }
    for (const store::ImportRecord& import : *imports) {
        if (!is_expired(import, now)) {
            continue;
        }
        const bool dropped = drop_material(txn, **row, import) &&
                             txn.audit(service_event_record("DeleteExpiredKeyMaterial", old, known.arn, wall,
                                                            parts.random, parts.store.sequence()));
        if (!dropped) {
            return false;
        }
    }
    return txn.put(**std::move(row)).has_value() && settle_pending(txn, old).has_value();
}

}  // namespace

std::optional<Failure> check_imported(const Key& key) {
    return key.record.origin == "EXTERNAL" ? std::nullopt
                                           : std::optional(wrong_origin(key.arn, key.record.origin));
}

const store::ImportRecord* find_import(const Key& key, std::string_view material) noexcept {
    if (key.imports == nullptr) {
        return nullptr;
    }
    const auto found = std::ranges::find(*key.imports, material, &store::ImportRecord::material);
    return found == key.imports->end() ? nullptr : &*found;
}

const store::ImportRecord* pending_import(const Key& key) noexcept {
    if (key.imports == nullptr) {
        return nullptr;
    }
    const auto found = std::ranges::find_if(*key.imports, [&](const store::ImportRecord& import) {
        return import.status != ImportStatus::associated && key.holds(import.material);
    });
    return found == key.imports->end() ? nullptr : &*found;
}

Result<bool> is_complete(store::Txn& txn, const store::KeyRecord& key, std::string_view coming) {
    const auto imports = txn.imports(key.account, key.region, key.id);
    if (!imports) {
        return imports.error();
    }
    for (const store::ImportRecord& import : *imports) {
        if (import.status != ImportStatus::associated || import.material == coming) {
            continue;
        }
        const auto material = txn.material(key.account, key.region, key.id, import.material);
        if (!material) {
            return material.error();
        }
        if (!*material) {
            return false;
        }
    }
    return !key.current_material.empty();
}

Status<> drop_material(store::Txn& txn, store::KeyRecord& key, store::ImportRecord import) {
    Status<> gone = txn.erase_material(key.account, key.region, key.id, import.material);
    if (!gone && gone.error().code != Errc::not_found) {
        return gone;
    }
    if (import.status == ImportStatus::associated) {
        key.state = state_without_material(key.state);
    }
    import.valid_to.reset();
    return txn.put(std::move(import));
}

asio::awaitable<void> forget_material(http::IoContext& io, const Key& key, std::string_view material,
                                      MonoTime deadline) {
    const auto held = std::ranges::find(key.generations, material, &Generation::id);
    if (held != key.generations.end()) {
        Status<> gone = co_await io.cluster.destroy_key(*held->material, deadline);
        static_cast<void>(gone);  // without its key token the object is of no use to anybody
    }
}

asio::awaitable<std::size_t> Expirer::run_due(http::IoContext& io, MonoTime deadline, WallTime wall) {
    std::size_t gone = 0;
    const WallTime now = parts_.life.now();
    for (const KeyPtr& key : parts_.catalogue.due_for_expiry(now)) {
        bool dropped = false;
        store::Store::Work work = [&](store::Txn& txn) {
            return dropped = drop_expired(parts_, txn, *key, wall);
        };
        const Result<std::uint64_t> committed = co_await submit(parts_.store, std::move(work));
        if (!committed || !dropped) {
            continue;
        }
        for (const store::ImportRecord& import : *key->imports) {
            if (is_expired(import, now)) {
                co_await forget_material(io, *key, import.material, deadline);
                ++gone;
            }
        }
    }
    co_return gone;
}

}  // namespace claviger::kms
