#include "src/kms/commit.hpp"
#include "src/kms/operations/operations.hpp"

namespace claviger::kms {
namespace {

struct DeleteAliasRequest {
    std::string_view name;

    static constexpr auto fields() { return std::tuple(field("AliasName", &DeleteAliasRequest::name)); }
};

asio::awaitable<Outcome<Empty>> handle_delete_alias(Call& call, const DeleteAliasRequest& request) {
    const store::KeyRecord& key = call.key().record;
    Decide decide = [&](store::Txn& txn) -> Outcome<Done> {
        auto alias = txn.alias(key.account, key.region, request.name);
        if (!alias) {
            return store_failed(call, alias.error());
        }
        if (!*alias) {
            return not_found("Alias " + call.audit.alias_arn + " is not found.");
        }
        if (auto erased = txn.erase_alias(key.account, key.region, request.name); !erased) {
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

}  // namespace

asio::awaitable<Outcome<std::string>> delete_alias(Call& call) {
    return run(call, handle_delete_alias);
}

}  // namespace claviger::kms
