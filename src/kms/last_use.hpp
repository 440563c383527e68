// The newest cryptographic use of each key, for GetKeyLastUsage. Kept in memory and written to the store now
// and then: a crash loses what was not written yet.
//
// Threads: every function may be called from any thread. note() is on the path of every request: a look-up
// and a copy of a hundred bytes under the lock of one of many shards.
#pragma once

#include <array>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/static_string/static_string.hpp>
#include <boost/unordered/unordered_flat_map.hpp>

#include "src/store/store.hpp"

namespace claviger::kms {

struct Key;
using KeyTag = std::array<std::byte, 16>;

struct Use {
    std::string_view operation;  // of the operation table
    WallTime time;
    std::string_view event_id;
    std::string_view request_id;
};

class LastUses {
public:
    static constexpr std::size_t kLongestOperation = 40;  // longer names are cut off

    void load(const store::Contents& contents);
    void forget(const store::KeyRecord& key);
    void note(const Key& key, const Use& use);
    // Empty if the key was never used.
    std::optional<store::KeyUsageRecord> of(const Key& key) const;

    // The newest uses that the store does not have yet, at most `limit`; they count as written.
    std::vector<store::KeyUsageRecord> take_unwritten(std::size_t limit);
    // For a transaction that failed: they are taken again.
    void give_back(const std::vector<store::KeyUsageRecord>& uses);

private:
    enum class Written : bool { no, yes };
    using Id = boost::static_strings::static_string<36>;  // a UUID's text
    // Side by side what every use writes: with many keys in use each line of memory is a wait.
    struct Entry {
        Written written = Written::no;
        WallTime time;
        boost::static_strings::static_string<kLongestOperation> operation;
        Id event_id;
        Id request_id;
        AccountId account;
        std::string region;
        KeyId key;
    };
    // Related multi-Region keys have one tag.
    struct Place {
        KeyTag tag;
        std::string region;
        friend bool operator==(const Place&, const Place&) = default;
    };
    struct PlaceHash {
        using is_avalanching = void;  // a tag is half a SHA-256
        std::size_t operator()(const Place& place) const noexcept;
    };
    struct Shard {
        mutable std::mutex mutex;
        boost::unordered_flat_map<Place, std::unique_ptr<Entry>, PlaceHash> entries;
        std::vector<Place> unwritten;
    };
    static constexpr std::size_t kShards = 32;

    static void fill(Entry& entry, const Use& use);
    static store::KeyUsageRecord record_of(const Entry& entry);
    static Place place_of(const AccountId& account, std::string_view region, const KeyId& key);
    Shard& shard(const Place& place) { return shards_[static_cast<std::size_t>(place.tag[0]) % kShards]; }
    const Shard& shard(const Place& place) const {
        return shards_[static_cast<std::size_t>(place.tag[0]) % kShards];
    }

    std::array<Shard, kShards> shards_;
};

// Writes what is unwritten, one transaction for many keys, on the store's own time. Returns at once.
void write_last_uses(LastUses& uses, store::Store& store);

}  // namespace claviger::kms
