// What the grant operations share: which operations a key can grant, how a grant is listed, how it ends.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "src/kms/commit.hpp"
#include "src/kms/grant_index.hpp"
#include "src/kms/marker.hpp"
#include "src/kms/operation.hpp"

namespace claviger::kms {

// May a grant on this key contain `operation`, a wire value of GrantOperation?
bool can_grant(const store::KeyRecord& key, std::string_view operation) noexcept;

struct GrantConstraintsView {
    std::optional<TextMap> equals;
    std::optional<TextMap> subset;

    static constexpr auto fields() {
        return std::tuple(field("EncryptionContextSubset", &GrantConstraintsView::subset),
                          field("EncryptionContextEquals", &GrantConstraintsView::equals));
    }
};

struct GrantEntry {
    std::string key;  // ARN
    std::string_view id;
    std::optional<std::string_view> name;
    WallTime created;
    std::string_view grantee;
    std::optional<std::string_view> retiring;
    std::string issuer;
    std::vector<std::string_view> operations;
    std::optional<GrantConstraintsView> constraints;

    static constexpr auto fields() {
        return std::tuple(
            field("KeyId", &GrantEntry::key), field("GrantId", &GrantEntry::id),
            field("Name", &GrantEntry::name), field("CreationDate", &GrantEntry::created),
            field("GranteePrincipal", &GrantEntry::grantee),
            field("RetiringPrincipal", &GrantEntry::retiring), field("IssuingAccount", &GrantEntry::issuer),
            field("Operations", &GrantEntry::operations), field("Constraints", &GrantEntry::constraints));
    }
};

// The answer of ListGrants and ListRetirableGrants.
struct GrantsResponse {
    std::vector<GrantPtr> rows;  // what the entries are views of
    std::vector<GrantEntry> grants;
    bool truncated = false;
    std::optional<std::string> marker;

    static constexpr auto fields() {
        return std::tuple(field("Grants", &GrantsResponse::grants),
                          field("Truncated", &GrantsResponse::truncated),
                          field("NextMarker", &GrantsResponse::marker));
    }
};

inline constexpr std::int64_t kGrantPage =
    100;  // documented; the model allows 1000, so a larger Limit is cut

// Makes the page of `rows`, which holds up to limit + 1. `list` names the list in its marker.
GrantsResponse grants_page(const Call& call, std::string_view list, std::vector<GrantPtr> rows,
                           std::size_t limit);

// Empty: `id` has the form of our grant ids.
std::optional<Failure> check_grant_id(std::string_view id);
Failure grant_not_found(std::string_view id);

// Ends the grant, or says that it is gone already.
asio::awaitable<Outcome<Empty>> erase_grant(Call& call, const store::KeyRecord& key, std::string_view id);

}  // namespace claviger::kms
