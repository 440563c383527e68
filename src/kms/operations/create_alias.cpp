#include "src/kms/commit.hpp"
#include "src/kms/operations/operations.hpp"

namespace claviger::kms {
namespace {

constexpr std::uint64_t kAliasesPerKey = 50;  // quota of AWS KMS

struct CreateAliasRequest {
    std::string_view name;

    static constexpr auto fields() { return std::tuple(field("AliasName", &CreateAliasRequest::name)); }
};

asio::awaitable<Outcome<Empty>> handle_create_alias(Call& call, const CreateAliasRequest& request) {
    // The model's pattern lets both through; AWS makes neither.
    if (request.name == "alias/" || request.name.find(':') != request.name.npos) {
        co_return validation(std::string(request.name) + " contains invalid characters for an alias");
    }
    const store::KeyRecord& key = call.key().record;
    const WallTime now = call.parts.life.now();
    Decide decide = [&](store::Txn& txn) -> Outcome<Done> {
        const Outcome<store::KeyRecord> row =
            current_row(call, txn, call.key(), States::not_pending_deletion);
        if (!row) {
            return row.error();
        }
        auto taken = txn.alias(key.account, key.region, request.name);
        if (!taken) {
            return store_failed(call, taken.error());
        }
        if (*taken) {
            return Failure(ErrorType::already_exists,
                           "An alias with the name " + call.audit.alias_arn + " already exists");
        }
        auto count = txn.count_aliases(key.account, key.region, key.id);
        if (!count) {
            return store_failed(call, count.error());
        }
        if (*count >= kAliasesPerKey) {
            return Failure(ErrorType::limit_exceeded, "The KMS key " + call.key().arn + " already has " +
                                                          std::to_string(kAliasesPerKey) + " aliases.");
        }
        store::AliasRecord alias{.account = key.account,
                                 .region = key.region,
                                 .name = std::string(request.name),
                                 .target = key.id,
                                 .created = now,
                                 .updated = now};
        if (auto put = txn.put(std::move(alias)); !put) {
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

asio::awaitable<Outcome<std::string>> create_alias(Call& call) {
    return run(call, handle_create_alias);
}

}  // namespace claviger::kms
