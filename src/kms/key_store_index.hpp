// Every custom key store in memory. Part of the Catalogue, which feeds it.
//
// Threads: as the Catalogue; entries are immutable and shared.
#pragma once

#include <map>
#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "src/store/store.hpp"

namespace claviger::kms {

using KeyStorePtr = std::shared_ptr<const store::KeyStoreRecord>;

class KeyStoreIndex {
public:
    void load(const store::Contents& contents);
    void apply(const store::Change& change);

    // nullptr if there is no such store.
    KeyStorePtr find(std::string_view account, std::string_view region, std::string_view id) const;
    KeyStorePtr named(std::string_view account, std::string_view region, std::string_view name) const;
    // In order of id, beginning after `after`; at most `limit`.
    std::vector<KeyStorePtr> after(std::string_view account, std::string_view region, std::string_view after,
                                   std::size_t limit) const;
    std::vector<KeyStorePtr> all() const;

private:
    using Name = std::tuple<std::string, std::string, std::string>;  // account, region, id
    using NameView = std::tuple<std::string_view, std::string_view, std::string_view>;
    struct Less {
        using is_transparent = void;
        template <class A, class B>
        bool operator()(const A& a, const B& b) const noexcept {
            return NameView(a) < NameView(b);
        }
    };
    static Name name_of(const store::KeyStoreRecord& record);

    mutable std::shared_mutex mutex_;
    std::map<Name, KeyStorePtr, Less> stores_;
};

}  // namespace claviger::kms
