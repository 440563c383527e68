#include "src/kms/rotation.hpp"

#include <algorithm>

#include <claviger/base/encoding.hpp>
#include <claviger/cluster/cluster.hpp>

#include "src/kms/audit_record.hpp"
#include "src/kms/commit.hpp"
#include "src/kms/context.hpp"
#include "src/kms/multi_region.hpp"

namespace claviger::kms {
namespace {

// Later than every rotation before, so that their order is that of their dates.
WallTime date_of_next(const std::vector<store::RotationRecord>& past, WallTime now) {
    for (const store::RotationRecord& rotation : past) {
        now = std::max(now, rotation.date + std::chrono::milliseconds(1));
    }
    return now;
}

// Is the rotation still due, as this transaction sees it? Then it happens, and the next one is scheduled.
bool rotate_due(const ServiceParts& parts, store::Txn& txn, const Key& known, const NewMaterial& made,
                WallTime wall) {
    const store::KeyRecord& old = known.record;
    const WallTime now = parts.life.now();
    auto schedule = txn.rotation_schedule(old.account, old.region, old.id);
    auto row = txn.key(old.account, old.region, old.id);
    if (!schedule || !*schedule || !row || !*row || (**schedule).next > now ||
        (**row).state != store::KeyState::enabled) {
        return false;
    }
    while ((**schedule).next <= now) {
        (**schedule).next += std::chrono::days((**schedule).period_days);
    }
    return !is_replica(**row) && put_schedule(txn, **row, **schedule).has_value() &&
           made.adopt(parts, txn, **std::move(row), known.arn, store::RotationType::automatic, wall)
               .has_value();
}

}  // namespace

std::optional<Failure> check_rotatable(const Key& key) {
    if (key.record.spec != kSymmetricDefault) {
        return unsupported({});
    }
    return key.record.origin == "AWS_KMS" ? std::nullopt
                                          : std::optional(wrong_origin(key.arn, key.record.origin));
}

asio::awaitable<Result<NewMaterial>> NewMaterial::make(http::IoContext& io, const store::KeyRecord& key,
                                                       Random& random, MonoTime deadline) {
    cluster::NewKeyIdentity identity;
    identity.account = key.account.value();
    identity.key_id = key.id.value();
    identity.spec = key.spec;
    identity.usage = key.usage;
    identity.origin = key.origin;
    random.fill(identity.material_id);
    Result<cluster::NewKey> made = co_await io.cluster.create_key(identity, deadline);
    if (!made) {
        co_return std::move(made).error();
    }
    co_return NewMaterial(to_hex(identity.material_id), std::move(made->token));
}

Status<> NewMaterial::adopt(const ServiceParts& parts, store::Txn& txn, store::KeyRecord key,
                            std::string_view arn, store::RotationType type, WallTime wall) const {
    const auto rows = related_rows(txn, key);
    Status<> written = rows ? Status<>(done) : Status<>(rows.error());
    for (std::size_t i = 0; written && i < rows->size(); ++i) {
        const store::KeyRecord& row = (*rows)[i];
        written = txn.put(store::MaterialRecord{.account = row.account,
                                                .region = row.region,
                                                .key = row.id,
                                                .id = id_,
                                                .key_token = token_,
                                                .created = parts.life.now()});
    }
    return written ? make_current(parts, txn, std::move(key), arn, id_, type, wall) : written;
}

Status<> make_current(const ServiceParts& parts, store::Txn& txn, store::KeyRecord key, std::string_view arn,
                      const std::string& material, store::RotationType type, WallTime wall) {
    const auto past = txn.rotations(key.account, key.region, key.id);
    if (!past) {
        return past.error();
    }
    const WallTime date = date_of_next(*past, parts.life.now());
    return change_related(txn, key, [&](store::KeyRecord& row) {
        row.current_material = material;
        Status<> written = txn.put(store::RotationRecord{.account = row.account,
                                                         .region = row.region,
                                                         .key = row.id,
                                                         .material = material,
                                                         .type = type,
                                                         .date = date});
        const bool replica = row.region != key.region;
        const std::string its_arn =
            replica ? key_arn(parts.catalogue.partition(), row.region, row.account.value(), row.id.value())
                    : std::string(arn);
        return written
                   ? txn.audit(service_event_record(replica ? "SynchronizeMultiRegionKey" : "RotateKey", row,
                                                    its_arn, wall, parts.random, parts.store.sequence()))
                   : written;
    });
}

Status<> put_schedule(store::Txn& txn, const store::KeyRecord& key,
                      const store::RotationScheduleRecord& schedule) {
    return change_related(txn, key, [&](store::KeyRecord& row) -> Status<> {
        const auto known = txn.rotation_schedule(row.account, row.region, row.id);
        if (!known) {
            return known.error();
        }
        store::RotationScheduleRecord next = schedule;
        next.account = row.account;
        next.region = row.region;
        next.key = row.id;
        next.version = *known ? (**known).version : 0;
        return txn.put(std::move(next));
    });
}

asio::awaitable<void> NewMaterial::discard(http::IoContext& io, MonoTime deadline) const {
    if (const auto parsed = cluster::KeyMaterial::parse(token_)) {
        Status<> gone = co_await io.cluster.destroy_key(**parsed, deadline);
        static_cast<void>(gone);  // without its key token the object is of no use to anybody
    }
}

asio::awaitable<std::size_t> Rotator::run_due(http::IoContext& io, MonoTime deadline, WallTime wall) {
    std::size_t rotated = 0;
    for (const KeyPtr& key : parts_.catalogue.due_for_rotation(parts_.life.now())) {
        const Result<NewMaterial> made = co_await NewMaterial::make(io, key->record, parts_.random, deadline);
        if (!made) {
            continue;
        }
        bool done_so = false;
        store::Store::Work work = [&](store::Txn& txn) {
            return done_so = rotate_due(parts_, txn, *key, *made, wall);
        };
        const Result<std::uint64_t> committed = co_await submit(parts_.store, std::move(work));
        if (committed && done_so) {
            ++rotated;
        } else {
            co_await made->discard(io, deadline);
        }
    }
    co_return rotated;
}

}  // namespace claviger::kms
