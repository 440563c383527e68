#include "src/kms/grants.hpp"

#include <algorithm>
#include <array>

#include "src/kms/context.hpp"

namespace claviger::kms {
namespace {

// What kind of key grants which operations; the developer guide's table "Grant operations".
struct GrantableRow {
    std::string_view spec;  // empty: any other
    std::string_view usage;
    std::array<std::string_view, 8> operations;
};

constexpr GrantableRow kGrantable[] = {
    {kSymmetricDefault,
     "ENCRYPT_DECRYPT",
     {"Encrypt", "Decrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "GenerateDataKeyPair",
      "GenerateDataKeyPairWithoutPlaintext", "ReEncryptFrom", "ReEncryptTo"}},
    {{}, "ENCRYPT_DECRYPT", {"Encrypt", "Decrypt", "ReEncryptFrom", "ReEncryptTo", "GetPublicKey"}},
    {{}, "SIGN_VERIFY", {"Sign", "Verify", "GetPublicKey"}},
    {{}, "KEY_AGREEMENT", {"DeriveSharedSecret", "GetPublicKey"}},
    {{}, "GENERATE_VERIFY_MAC", {"GenerateMac", "VerifyMac"}},
};

std::optional<TextMap> map_of(const std::vector<store::Tag>& pairs) {
    if (pairs.empty()) {
        return std::nullopt;
    }
    TextMap map;
    for (const store::Tag& pair : pairs) {
        map.pairs.emplace_back(pair.key, pair.value);
    }
    return map;
}

GrantEntry entry_of(const Call& call, const store::GrantRecord& grant) {
    const std::string& partition = call.parts.catalogue.partition();
    GrantEntry entry;
    entry.key = key_arn(partition, grant.region, grant.account.value(), grant.key.value());
    entry.id = grant.id;
    if (!grant.name.empty()) {
        entry.name = grant.name;
    }
    entry.created = grant.created;
    entry.grantee = grant.grantee;
    if (!grant.retiring.empty()) {
        entry.retiring = grant.retiring;
    }
    entry.issuer = "arn:" + partition + ":iam::" + grant.issuer.value() + ":root";
    entry.operations.assign(grant.operations.begin(), grant.operations.end());
    if (!grant.context_equals.empty() || !grant.context_subset.empty()) {
        entry.constraints = {map_of(grant.context_equals), map_of(grant.context_subset)};
    }
    return entry;
}

}  // namespace

bool can_grant(const store::KeyRecord& key, std::string_view operation) noexcept {
    if (operation == "CreateGrant" || operation == "RetireGrant" || operation == "DescribeKey") {
        return true;
    }
    const auto row = std::ranges::find_if(kGrantable, [&](const GrantableRow& each) {
        return each.usage == key.usage && (each.spec.empty() || each.spec == key.spec);
    });
    return row != std::end(kGrantable) &&
           std::ranges::find(row->operations, operation) != row->operations.end();
}

GrantsResponse grants_page(const Call& call, std::string_view list, std::vector<GrantPtr> rows,
                           std::size_t limit) {
    GrantsResponse response;
    response.rows = std::move(rows);
    PageEnd end =
        end_page(call, list, response.rows, limit, [](const GrantPtr& grant) { return grant_name(*grant); });
    response.truncated = end.truncated;
    response.marker = std::move(end.marker);
    for (const GrantPtr& grant : response.rows) {
        response.grants.push_back(entry_of(call, *grant));
    }
    return response;
}

std::optional<Failure> check_grant_id(std::string_view id) {
    const bool good = id.size() == 64 && std::ranges::all_of(id, [](char c) {
                          return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
                      });
    return good ? std::nullopt : std::optional(Failure(ErrorType::invalid_grant_id, {}));
}

Failure grant_not_found(std::string_view id) {
    return not_found("Grant ID " + std::string(id) + " not found");
}

asio::awaitable<Outcome<Empty>> erase_grant(Call& call, const store::KeyRecord& key, std::string_view id) {
    Decide decide = [&](store::Txn& txn) -> Outcome<Done> {
        auto found = txn.grant(key.account, key.region, key.id, id);
        if (!found) {
            return store_failed(call, found.error());
        }
        if (!*found) {
            return grant_not_found(id);
        }
        if (auto erased = txn.erase_grant(key.account, key.region, key.id, id); !erased) {
            return store_failed(call, erased.error());
        }
        return done;
    };
    Outcome<Done> committed = co_await commit(call, std::move(decide));
    if (!committed) {
        co_return std::move(committed).error();
    }
    co_return Empty{};
}

}  // namespace claviger::kms
