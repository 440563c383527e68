// Every grant in memory, by key and by retiring principal. Part of the Catalogue, which feeds it.
//
// Threads: as the Catalogue; entries are immutable and shared.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "src/store/store.hpp"

namespace claviger::kms {

using GrantPtr = std::shared_ptr<const store::GrantRecord>;

// What names a grant among all grants, in the order of lists.
std::string grant_name(const store::GrantRecord& grant);

class GrantIndex {
public:
    void load(const store::Contents& contents);
    void apply(const store::Change& change);

    // nullptr if there is no such grant.
    GrantPtr find(const store::KeyRecord& key, std::string_view id) const;

    // Empty members let every grant pass.
    struct Filter {
        std::string_view id;
        std::string_view grantee;
    };
    // In order of grant_name, beginning after `after`; at most `limit`.
    std::vector<GrantPtr> of_key(const store::KeyRecord& key, const Filter& filter, std::string_view after,
                                 std::size_t limit) const;
    std::vector<GrantPtr> retirable_by(std::string_view principal, std::string_view region,
                                       std::string_view after, std::size_t limit) const;

private:
    using Grants = std::map<std::string, GrantPtr, std::less<>>;
    void put(const store::GrantRecord& grant);
    void erase(const store::GrantRecord& grant);
    void erase_all_of(const store::KeyRecord& key);

    mutable std::shared_mutex mutex_;
    Grants all_;  // by grant_name, so those of one key stand together
    std::map<std::string, Grants, std::less<>> by_retiring_;  // by region and principal
};

}  // namespace claviger::kms
