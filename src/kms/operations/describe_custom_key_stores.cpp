#include "src/kms/key_store.hpp"
#include "src/kms/marker.hpp"
#include "src/kms/operations/operations.hpp"

namespace claviger::kms {
namespace {

constexpr std::string_view kList = "DescribeCustomKeyStores";

struct DescribeRequest {
    std::optional<std::string_view> id;
    std::optional<std::string_view> name;
    std::int64_t limit = 1000;  // 1..1000 by the model; there are ten at most
    std::optional<std::string_view> marker;

    static constexpr auto fields() {
        return std::tuple(field("CustomKeyStoreId", &DescribeRequest::id),
                          field("CustomKeyStoreName", &DescribeRequest::name),
                          field("Limit", &DescribeRequest::limit), field("Marker", &DescribeRequest::marker));
    }
};

struct Entry {
    std::string_view id;
    std::string_view name;
    std::string_view cluster;
    std::string_view trust_anchor;
    std::string_view state;
    std::optional<std::string_view> error_code;
    WallTime created;
    std::string_view type = "AWS_CLOUDHSM";

    static constexpr auto fields() {
        return std::tuple(field("CustomKeyStoreId", &Entry::id), field("CustomKeyStoreName", &Entry::name),
                          field("CloudHsmClusterId", &Entry::cluster),
                          field("TrustAnchorCertificate", &Entry::trust_anchor),
                          field("ConnectionState", &Entry::state),
                          field("ConnectionErrorCode", &Entry::error_code),
                          field("CreationDate", &Entry::created), field("CustomKeyStoreType", &Entry::type));
    }
};

struct DescribeResponse {
    std::vector<KeyStorePtr> rows;  // what the entries are views of
    std::vector<Entry> entries;
    bool truncated = false;
    std::optional<std::string> marker;

    static constexpr auto fields() {
        return std::tuple(field("CustomKeyStores", &DescribeResponse::entries),
                          field("Truncated", &DescribeResponse::truncated),
                          field("NextMarker", &DescribeResponse::marker));
    }
};

Entry entry_of(const store::KeyStoreRecord& record) {
    Entry entry;
    entry.id = record.id.value();
    entry.name = record.name;
    entry.cluster = record.cluster.value();
    entry.trust_anchor = record.trust_anchor_pem;
    entry.state = to_string(record.state);
    if (record.state == store::ConnectionState::failed) {
        entry.error_code = record.error_code;
    }
    entry.created = record.created;
    return entry;
}

Outcome<std::vector<KeyStorePtr>> filtered(const Call& call, const DescribeRequest& request) {
    if (request.id) {
        Outcome<KeyStorePtr> found = find_key_store(call, *request.id);
        if (!found) {
            return std::move(found).error();
        }
        return std::vector<KeyStorePtr>{*std::move(found)};
    }
    KeyStorePtr named =
        call.parts.catalogue.key_stores().named(call.account(), call.http.region, *request.name);
    if (named == nullptr) {
        return Failure(ErrorType::custom_key_store_not_found,
                       "No custom key store has the name '" + std::string(*request.name) + "'.");
    }
    return std::vector<KeyStorePtr>{std::move(named)};
}

Outcome<DescribeResponse> handle_describe_custom_key_stores(Call& call, const DescribeRequest& request) {
    if (request.id && request.name) {
        return validation("You can specify either CustomKeyStoreId or CustomKeyStoreName, but not both.");
    }
    const Outcome<std::string> after = read_marker(call, kList, request.marker);
    if (!after) {
        return after.error();
    }
    DescribeResponse response;
    if (request.id || request.name) {
        Outcome<std::vector<KeyStorePtr>> found = filtered(call, request);
        if (!found) {
            return std::move(found).error();
        }
        response.rows = *std::move(found);
    } else {
        const auto limit = static_cast<std::size_t>(request.limit);
        response.rows =
            call.parts.catalogue.key_stores().after(call.account(), call.http.region, *after, limit + 1);
        PageEnd end = end_page(call, kList, response.rows, limit,
                               [](const KeyStorePtr& row) -> std::string_view { return row->id.value(); });
        response.truncated = end.truncated;
        response.marker = std::move(end.marker);
    }
    for (const KeyStorePtr& row : response.rows) {
        response.entries.push_back(entry_of(*row));
    }
    return response;
}

}  // namespace

asio::awaitable<Outcome<std::string>> describe_custom_key_stores(Call& call) {
    return run(call, handle_describe_custom_key_stores);
}

}  // namespace claviger::kms
