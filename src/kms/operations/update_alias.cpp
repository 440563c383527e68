#include "src/kms/commit.hpp"
#include "src/kms/operations/operations.hpp"

namespace claviger::kms {
namespace {

constexpr std::uint64_t kAliasesPerKey = 50;  // quota of AWS KMS

struct UpdateAliasRequest {
    std::string_view name;

    static constexpr auto fields() { return std::tuple(field("AliasName", &UpdateAliasRequest::name)); }
};

std::optional<Failure> check_same_kind(const store::KeyRecord& from, const store::KeyRecord& to,
                                       std::string_view name) {
    if (from.usage != to.usage) {
        return validation("Alias " + std::string(name) + " cannot be changed from a CMK with key usage " +
                          from.usage + " to a CMK with key usage " + to.usage +
                          ". The key usage of the current CMK and the new CMK must be the same.");
    }
    const bool was_symmetric = from.spec == "SYMMETRIC_DEFAULT";
    const bool is_symmetric = to.spec == "SYMMETRIC_DEFAULT";
    if (was_symmetric != is_symmetric) {
        return validation("Alias " + std::string(name) +
                          " cannot be changed between symmetric and asymmetric CMKs.");
    }
    return std::nullopt;
}

asio::awaitable<Outcome<Empty>> handle_update_alias(Call& call, const UpdateAliasRequest& request) {
    const store::KeyRecord& target = call.keys[1]->record;
    if (auto refused = check_same_kind(call.keys[0]->record, target, request.name)) {
        co_return *std::move(refused);
    }
    const WallTime now = call.parts.life.now();
    Decide decide = [&](store::Txn& txn) -> Outcome<Done> {
        const Outcome<store::KeyRecord> row =
            current_row(call, txn, *call.keys[1], States::not_pending_deletion);
        if (!row) {
            return row.error();
        }
        auto alias = txn.alias(target.account, target.region, request.name);
        if (!alias) {
            return store_failed(call, alias.error());
        }
        if (!*alias) {
            return not_found("Alias " + call.audit.alias_arn + " is not found.");
        }
        if ((**alias).target != target.id) {
            auto count = txn.count_aliases(target.account, target.region, target.id);
            if (!count) {
                return store_failed(call, count.error());
            }
            if (*count >= kAliasesPerKey) {
                return Failure(ErrorType::limit_exceeded, "The KMS key " + call.keys[1]->arn +
                                                              " already has " +
                                                              std::to_string(kAliasesPerKey) + " aliases.");
            }
        }
        (**alias).target = target.id;
        (**alias).updated = now;
        if (auto put = txn.put(**std::move(alias)); !put) {
            return store_failed(call, put.error());
        }
        return done;
    };
    Outcome<Done> committed = co_await commit(call, std::move(decide));
    if (!committed) {
        co_return std::move(committed).error();
    }
    co_return Empty{};
}

}  // namespace

asio::awaitable<Outcome<std::string>> update_alias(Call& call) {
    return run(call, handle_update_alias);
}

}  // namespace claviger::kms
