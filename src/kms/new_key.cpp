#include "src/kms/new_key.hpp"

#include "src/kms/authorise.hpp"
#include "src/kms/commit.hpp"

namespace claviger::kms {
namespace {

constexpr std::uint64_t kKeysPerAccount = 100'000;  // quota of AWS KMS, every state counts

}  // namespace

// Tags need a permission of their own.
std::optional<Failure> check_tagging(const Call& call, const std::vector<TagArgument>& tags) {
    if (tags.empty()) {
        return std::nullopt;
    }
    if (auto refused = authorise(call, policy::Action::tag_resource, call.principal().account, "*")) {
        return refused;
    }
    return check_tags(tags);
}

Outcome<Done> insert_key(const Call& call, store::Txn& txn, const store::KeyRecord& record) {
    auto count = txn.count_keys(record.account, record.region);
    if (!count) {
        return store_failed(call, std::move(count).error());
    }
    if (*count >= kKeysPerAccount) {
        return Failure(
            ErrorType::limit_exceeded,
            "The account already has " + std::to_string(kKeysPerAccount) + " KMS keys in this Region.");
    }
    return put(call, txn, record);
}

}  // namespace claviger::kms
