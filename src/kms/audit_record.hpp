// Audit records in CloudTrail's form (eventVersion 1.11), written by hand: one JSON object, no newline.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include <claviger/base/clock.hpp>

namespace claviger {
class Random;
}
namespace claviger::store {
struct KeyRecord;
}
namespace claviger::http {
struct Call;
}  // namespace claviger::http

namespace claviger::store {
struct KeyStoreRecord;
}

namespace claviger::kms {

struct Call;
struct Failure;

// How a request member gets into requestParameters. What no row names is never recorded: plaintexts,
// ciphertexts and grant tokens cannot slip in.
enum class Fill : std::uint8_t {
    as_given,
    symmetric_default,  // SYMMETRIC_DEFAULT if left out
    resolved_key,       // the ARN of the first key, whatever was given
};

inline constexpr std::string_view kAuditSource = "kms.amazonaws.com";

struct AuditField {
    std::string_view member;
    Fill fill = Fill::as_given;
};

// What a request contributes beyond its parameters while it runs.
struct AuditDraft {
    void note_key_store(const store::KeyStoreRecord& record);

    std::string alias_arn;          // of the alias that AliasName names
    std::string response_elements;  // a JSON object; empty: null
    std::string created_arn;        // of a key that this request makes
    std::string_view material_id;   // 64 hex digits
    std::string grant_id;           // of a grant that was retired
    std::string event_id;           // of the record, once it is made
    std::string key_store_name;     // of the store that the request is about, and its cluster
    std::string cluster;
    bool committed = false;  // the record went into a store transaction
};

// `failure` nullptr: the request succeeded. `sequence` is the store's, at the time of writing. Sets the
// draft's event_id.
std::string audit_record(Call& call, const Failure* failure, std::uint64_t sequence);
// What the service itself did to a key: "DeleteKey" when its waiting period ended, "RotateKey".
// `backing_status` is SUCCESS or FAILURE of what was done in the HSMs of the key's own key store.
std::string service_event_record(std::string_view event, const store::KeyRecord& key, std::string_view arn,
                                 WallTime wall, Random& random, std::uint64_t sequence,
                                 std::string_view backing_status = {});

// The service event for a connect or disconnect that has come to an end; `record` says how.
std::string connection_record(const store::KeyStoreRecord& record, WallTime wall, Random& random,
                              std::uint64_t sequence);

}  // namespace claviger::kms
