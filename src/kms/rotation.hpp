// Rotation: a key gets new material for what is encrypted from now on; its older materials go on decrypting.
#pragma once

#include <optional>

#include <boost/asio/awaitable.hpp>

#include "src/http/api.hpp"
#include "src/kms/error.hpp"
#include "src/kms/service.hpp"

namespace claviger::kms {

inline constexpr std::uint32_t kDefaultRotationPeriod = 365;  // days

// Empty: the key can be rotated by the service. Otherwise why not: its kind or its origin.
std::optional<Failure> check_rotatable(const Key& key);

// `material`, which has its row, becomes the current one of `key`, a row as this transaction sees it, and of
// its related keys; the events are recorded.
Status<> make_current(const ServiceParts& parts, store::Txn& txn, store::KeyRecord key, std::string_view arn,
                      const std::string& material, store::RotationType type, WallTime wall);

// From now on `key` and its related keys are rotated so; its own names in `schedule` do not matter.
Status<> put_schedule(store::Txn& txn, const store::KeyRecord& key,
                      const store::RotationScheduleRecord& schedule);

// Material that a cluster has made and no row names yet.
class NewMaterial {
public:
    static boost::asio::awaitable<Result<NewMaterial>> make(http::IoContext& io, const store::KeyRecord& key,
                                                            Random& random, MonoTime deadline);

    // Makes it the current material of `key`.
    Status<> adopt(const ServiceParts& parts, store::Txn& txn, store::KeyRecord key, std::string_view arn,
                   store::RotationType type, WallTime wall) const;
    // For a transaction that failed: what HSMs hold is destroyed, as far as they can be reached.
    boost::asio::awaitable<void> discard(http::IoContext& io, MonoTime deadline) const;

private:
    NewMaterial(std::string id, Bytes token) : id_(std::move(id)), token_(std::move(token)) {}

    std::string id_;
    Bytes token_;
};

// Rotates the keys whose automatic rotation is due. Called from a timer on one io thread, one run at a time;
// a key that cannot be rotated now is tried again in the next run. However long overdue, a key is rotated
// once.
class Rotator {
public:
    explicit Rotator(ServiceParts parts) : parts_(parts) {}
    // The number of keys that have new material.
    boost::asio::awaitable<std::size_t> run_due(http::IoContext& io, MonoTime deadline, WallTime wall);

private:
    const ServiceParts parts_;
};

}  // namespace claviger::kms
