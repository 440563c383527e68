// How many keys an account has in a region and a key store holds, how many aliases and grants a key has, with
// undo. Kept in memory, because counting rows would walk the table at every CreateKey.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <claviger/base/id.hpp>

namespace claviger::store::sqlite {

class Counts {
public:
    std::uint64_t get(const std::string& what) const {
        const auto found = counts_.find(what);
        return found == counts_.end() ? 0 : found->second;
    }
    void raise(const std::string& what) {
        ++counts_[what];
        journal_.push_back({what, Undo::lower});
    }
    void lower(const std::string& what) {
        decrement(what);
        journal_.push_back({what, Undo::raise});
    }
    std::size_t mark() const noexcept { return journal_.size(); }
    void undo_to(std::size_t mark) {
        for (; journal_.size() > mark; journal_.pop_back()) {
            switch (journal_.back().undo) {
                case Undo::raise: ++counts_[journal_.back().what]; break;
                case Undo::lower: decrement(journal_.back().what); break;
            }
        }
    }
    void commit() noexcept { journal_.clear(); }

private:
    enum class Undo { raise, lower };
    struct Entry {
        std::string what;
        Undo undo;
    };
    void decrement(const std::string& what) {
        const auto found = counts_.find(what);
        if (found != counts_.end() && --found->second == 0) {
            counts_.erase(found);
        }
    }

    std::unordered_map<std::string, std::uint64_t> counts_;
    std::vector<Entry> journal_;
};

std::string keys_of(const std::string& account, std::string_view region);
std::string keys_in(const KeyStoreId& store);
std::string aliases_of(const std::string& account, std::string_view region, const std::string& key);
std::string grants_of(const std::string& account, std::string_view region, const std::string& key);

}  // namespace claviger::store::sqlite
