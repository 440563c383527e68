#include "src/kms/operations/operations.hpp"

namespace claviger::kms {
namespace {

// Everything is left out for a key that was never used.
struct LastUsage {
    std::optional<std::string_view> operation;
    std::optional<WallTime> time;
    std::optional<std::string_view> event_id;
    std::optional<std::string_view> request_id;

    static constexpr auto fields() {
        return std::tuple(field("Operation", &LastUsage::operation), field("Timestamp", &LastUsage::time),
                          field("CloudTrailEventId", &LastUsage::event_id),
                          field("KmsRequestId", &LastUsage::request_id));
    }
};

struct LastUsageResponse {
    std::shared_ptr<const store::KeyUsageRecord> record;  // what the usage is a view of
    std::string_view key;
    LastUsage usage;
    WallTime tracked_since;
    WallTime created;

    static constexpr auto fields() {
        return std::tuple(field("KeyId", &LastUsageResponse::key),
                          field("KeyLastUsage", &LastUsageResponse::usage),
                          field("TrackingStartDate", &LastUsageResponse::tracked_since),
                          field("KeyCreationDate", &LastUsageResponse::created));
    }
};

Outcome<LastUsageResponse> handle_get_key_last_usage(Call& call, const NoMembers&) {
    const Key& key = call.key();
    LastUsageResponse response;
    response.key = key.record.id.value();
    response.tracked_since = key.record.created;  // from its first day
    response.created = key.record.created;
    if (auto use = call.parts.catalogue.uses().of(key)) {
        response.record = std::make_shared<const store::KeyUsageRecord>(*std::move(use));
        const store::KeyUsageRecord& record = *response.record;
        response.usage = {record.operation, record.time, record.event_id, record.request_id};
    }
    return response;
}

}  // namespace

asio::awaitable<Outcome<std::string>> get_key_last_usage(Call& call) {
    return run(call, handle_get_key_last_usage);
}

}  // namespace claviger::kms
