#include "src/kms/grant_index.hpp"

#include <mutex>

namespace claviger::kms {
namespace {

std::string prefix_of(const AccountId& account, std::string_view region, const KeyId& key) {
    return account.value() + '/' + std::string(region) + '/' + key.value() + '/';
}

std::string retiring_name(std::string_view region, std::string_view principal) {
    return std::string(region).append(" ").append(principal);
}

}  // namespace

std::string grant_name(const store::GrantRecord& grant) {
    return prefix_of(grant.account, grant.region, grant.key) + grant.id;
}

void GrantIndex::load(const store::Contents& contents) {
    const std::unique_lock lock(mutex_);
    for (const store::GrantRecord& grant : contents.grants) {
        put(grant);
    }
}

void GrantIndex::apply(const store::Change& change) {
    if (change.grants.empty() && change.erased_grants.empty() && change.erased_keys.empty()) {
        return;
    }
    const std::unique_lock lock(mutex_);
    for (const store::GrantRecord& grant : change.erased_grants) {
        erase(grant);
    }
    for (const store::KeyRecord& key : change.erased_keys) {
        erase_all_of(key);
    }
    for (const store::GrantRecord& grant : change.grants) {
        put(grant);
    }
}

void GrantIndex::put(const store::GrantRecord& grant) {
    erase(grant);
    auto entry = std::make_shared<const store::GrantRecord>(grant);
    const std::string name = grant_name(grant);
    if (!grant.retiring.empty()) {
        by_retiring_[retiring_name(grant.region, grant.retiring)][name] = entry;
    }
    all_[name] = std::move(entry);
}

void GrantIndex::erase(const store::GrantRecord& grant) {
    const auto found = all_.find(grant_name(grant));
    if (found == all_.end()) {
        return;
    }
    const store::GrantRecord& old = *found->second;
    if (const auto at = by_retiring_.find(retiring_name(old.region, old.retiring));
        at != by_retiring_.end()) {
        at->second.erase(found->first);
        if (at->second.empty()) {
            by_retiring_.erase(at);
        }
    }
    all_.erase(found);
}

void GrantIndex::erase_all_of(const store::KeyRecord& key) {
    const std::string prefix = prefix_of(key.account, key.region, key.id);
    for (auto at = all_.lower_bound(prefix); at != all_.end() && at->first.starts_with(prefix);) {
        const GrantPtr gone = at->second;
        ++at;
        erase(*gone);
    }
}

GrantPtr GrantIndex::find(const store::KeyRecord& key, std::string_view id) const {
    const std::shared_lock lock(mutex_);
    const auto found = all_.find(prefix_of(key.account, key.region, key.id).append(id));
    return found == all_.end() ? nullptr : found->second;
}

std::vector<GrantPtr> GrantIndex::of_key(const store::KeyRecord& key, const Filter& filter,
                                         std::string_view after, std::size_t limit) const {
    const std::string prefix = prefix_of(key.account, key.region, key.id);
    const std::shared_lock lock(mutex_);
    std::vector<GrantPtr> out;
    auto at = after.empty() ? all_.lower_bound(prefix) : all_.upper_bound(after);
    for (; at != all_.end() && at->first.starts_with(prefix) && out.size() < limit; ++at) {
        const store::GrantRecord& grant = *at->second;
        if ((filter.id.empty() || grant.id == filter.id) &&
            (filter.grantee.empty() || grant.grantee == filter.grantee)) {
            out.push_back(at->second);
        }
    }
    return out;
}

std::vector<GrantPtr> GrantIndex::retirable_by(std::string_view principal, std::string_view region,
                                               std::string_view after, std::size_t limit) const {
    const std::shared_lock lock(mutex_);
    std::vector<GrantPtr> out;
    const auto grants = by_retiring_.find(retiring_name(region, principal));
    if (grants == by_retiring_.end()) {
        return out;
    }
    for (auto at = grants->second.upper_bound(after); at != grants->second.end() && out.size() < limit;
         ++at) {
        out.push_back(at->second);
    }
    return out;
}

}  // namespace claviger::kms
