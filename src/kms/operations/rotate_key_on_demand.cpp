#include <algorithm>

#include "src/kms/commit.hpp"
#include "src/kms/context.hpp"
#include "src/kms/multi_region.hpp"
#include "src/kms/operations/operations.hpp"
#include "src/kms/rotation.hpp"
#include "src/kms/shared_imports.hpp"

namespace claviger::kms {
namespace {

constexpr std::ptrdiff_t kMostOnDemand = 25;   // rotations of one key, for its whole life
constexpr std::chrono::minutes kTooClose{20};  // to an automatic rotation

struct RotateResponse {
    std::string_view key;

    static constexpr auto fields() { return std::tuple(field("KeyId", &RotateResponse::key)); }
};

bool is_imported(const Key& key) {
    return key.record.origin == "EXTERNAL" && key.record.spec == kSymmetricDefault;
}

Failure nothing_pending(const Key& key) {
    return {ErrorType::invalid_state,
            "No available key material pending rotation for the key: " + key.arn + "."};
}

std::optional<Failure> check_calendar(const Key& key, WallTime now) {
    if (key.rotations != nullptr && key.rotations->schedule &&
        key.rotations->schedule->next - now < kTooClose) {
        return Failure(ErrorType::conflict, "The automatic rotation of " + key.arn +
                                                " is due within 20 minutes. Try again after it.");
    }
    return std::nullopt;
}

Failure too_many(const Key& key) {
    return {
        ErrorType::limit_exceeded,
        "The on-demand rotations limit has been reached for the given keyId. No more on-demand rotations can "
        "be performed for this key: " +
            key.arn};
}

template <class Rotations>
bool is_exhausted(const Rotations& past) {
    return std::ranges::count(past, store::RotationType::on_demand, &store::RotationRecord::type) >=
           kMostOnDemand;
}

// The key's row, which may be rotated once more.
Outcome<store::KeyRecord> rotatable_row(const Call& call, store::Txn& txn) {
    Outcome<store::KeyRecord> row = current_row(call, txn, call.key(), States::active);
    if (!row) {
        return row;
    }
    const auto past = txn.rotations(row->account, row->region, row->id);
    if (!past) {
        return store_failed(call, past.error());
    }
    return is_exhausted(*past) ? too_many(call.key()) : std::move(row);
}

// The pending material becomes the current one.
Outcome<Done> adopt_imported(const Call& call, store::Txn& txn) {
    Outcome<store::KeyRecord> row = rotatable_row(call, txn);
    if (!row) {
        return std::move(row).error();
    }
    auto imports = txn.imports(row->account, row->region, row->id);
    if (!imports) {
        return store_failed(call, imports.error());
    }
    for (const store::ImportRecord& import : *imports) {
        if (import.status != store::ImportStatus::pending_rotation) {
            continue;
        }
        const auto material = txn.material(row->account, row->region, row->id, import.material);
        if (!material || !*material) {
            return material ? nothing_pending(call.key()) : store_failed(call, material.error());
        }
        const std::string id = import.material;
        Status<> written = associate(txn, *row, id);
        if (written) {
            written = make_current(call.parts, txn, *std::move(row), call.key().arn, id,
                                   store::RotationType::on_demand, call.http.time);
        }
        return written ? Outcome<Done>(done) : store_failed(call, written.error());
    }
    return nothing_pending(call.key());
}

Outcome<Done> adopt(const Call& call, store::Txn& txn, const NewMaterial& made) {
    Outcome<store::KeyRecord> row = rotatable_row(call, txn);
    if (!row) {
        return std::move(row).error();
    }
    if (auto adopted = made.adopt(call.parts, txn, *std::move(row), call.key().arn,
                                  store::RotationType::on_demand, call.http.time);
        !adopted) {
        return store_failed(call, adopted.error());
    }
    return done;
}

asio::awaitable<Outcome<RotateResponse>> rotate_imported(Call& call) {
    if (call.key().rotations != nullptr && is_exhausted(call.key().rotations->past)) {
        co_return too_many(call.key());
    }
    RotateResponse response{call.key().arn};
    append_for_audit(call.audit.response_elements, response);
    Decide decide = [&](store::Txn& txn) { return adopt_imported(call, txn); };
    Outcome<Done> committed = co_await commit(call, std::move(decide));
    if (!committed) {
        co_return std::move(committed).error();
    }
    co_return response;
}

asio::awaitable<Outcome<RotateResponse>> handle_rotate_key_on_demand(Call& call, const NoMembers&) {
    const Key& key = call.key();
    if (auto refused = check_not_replica(key); refused && key.record.spec == kSymmetricDefault) {
        co_return *std::move(refused);
    }
    if (is_imported(key)) {
        co_return co_await rotate_imported(call);
    }
    if (auto refused = check_rotatable(key)) {
        co_return *std::move(refused);
    }
    if (auto refused = check_calendar(key, call.parts.life.now())) {
        co_return *std::move(refused);
    }
    if (key.rotations != nullptr && is_exhausted(key.rotations->past)) {
        co_return too_many(key);
    }
    Result<NewMaterial> made =
        co_await NewMaterial::make(call.io, key.record, call.parts.random, call.http.deadline);
    if (!made) {
        co_return call.failed(made.error());
    }
    RotateResponse response{key.arn};
    append_for_audit(call.audit.response_elements, response);
    Decide decide = [&](store::Txn& txn) { return adopt(call, txn, *made); };
    Outcome<Done> committed = co_await commit(call, std::move(decide));
    if (!committed) {
        co_await made->discard(call.io, call.http.deadline);
        co_return std::move(committed).error();
    }
    co_return response;
}

}  // namespace

asio::awaitable<Outcome<std::string>> rotate_key_on_demand(Call& call) {
    return run(call, handle_rotate_key_on_demand);
}

}  // namespace claviger::kms
