// Every key, alias, grant and key store in memory: what requests read instead of the store.
//
// Threads: all functions may be called from any thread; entries are immutable and shared. Built once from the
// store's contents, then kept current by apply(), which the store's observer calls before the submitter hears
// of a commit.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include <claviger/base/bytes.hpp>
#include <claviger/base/id.hpp>

#include "src/kms/grant_index.hpp"
#include "src/kms/key_store_index.hpp"
#include "src/kms/last_use.hpp"
#include "src/store/records.hpp"
#include "src/store/store.hpp"

namespace claviger::cluster {
class KeyMaterial;
}

namespace claviger::kms {

using Material = std::shared_ptr<const cluster::KeyMaterial>;

// One material of a key.
struct Generation {
    std::string id;  // 64 hex digits
    Material material;
};

// How a key's material changes; only keys that were ever rotated or scheduled have one.
struct Rotations {
    std::optional<store::RotationScheduleRecord> schedule;  // empty: no automatic rotation
    std::vector<store::RotationRecord> past;                // in order of date
};

// What is known of a key's imported materials, in order of creation.
using Imports = std::vector<store::ImportRecord>;

// A key as requests see it. Never changes; a change of its rows makes a new Key.
struct Key {
    store::KeyRecord record;
    std::string arn;
    KeyTag tag{};
    std::vector<Generation> generations;         // the current one last, unless it was imported and is gone
    std::shared_ptr<const Rotations> rotations;  // nullptr: none
    std::shared_ptr<const Imports> imports{};    // nullptr: none
    // From then on an imported material that the key needs is gone.
    std::optional<WallTime> expires{};

    // Of a key in a state that lets it be used.
    const Generation& current() const noexcept { return generations.back(); }
    // The state at `now`: material that has expired is gone, whether or not it was removed already.
    store::KeyState state_at(WallTime now) const noexcept;
    bool holds(std::string_view material) const noexcept;  // its bytes are here
    // The material that a blob names by the first 16 bytes of its id; nullptr if the key never had it.
    const Generation* generation(const std::array<std::byte, 16>& prefix) const noexcept;
};
using KeyPtr = std::shared_ptr<const Key>;
using AliasPtr = std::shared_ptr<const store::AliasRecord>;

std::string key_arn(std::string_view partition, std::string_view region, std::string_view account,
                    std::string_view id);
std::string alias_arn(std::string_view partition, std::string_view region, std::string_view account,
                      std::string_view name);

// What becomes of a key when a material that it needs is gone.
constexpr store::KeyState state_without_material(store::KeyState state) noexcept {
    return state == store::KeyState::enabled || state == store::KeyState::disabled
               ? store::KeyState::pending_import
               : state;
}

class Catalogue {
public:
    explicit Catalogue(std::string partition = "aws");

    // One sentence per key that was left out because its current material is missing or does not parse.
    std::vector<std::string> load(const store::Contents& contents);
    void apply(const store::Change& change);

    const std::string& partition() const noexcept { return partition_; }
    const GrantIndex& grants() const noexcept { return grants_; }
    LastUses& uses() noexcept { return uses_; }
    const KeyStoreIndex& key_stores() const noexcept { return key_stores_; }
    KeyPtr key(std::string_view account, std::string_view region, std::string_view id) const;
    KeyPtr key_by_tag(std::string_view region, const KeyTag& tag) const;  // whatever its account
    // Keys of this id, in order of Region.
    std::vector<KeyPtr> related(std::string_view account, std::string_view id) const;
    AliasPtr alias(std::string_view account, std::string_view region, std::string_view name) const;

    // In order of id or name, beginning after `after`; at most `limit`.
    std::vector<KeyPtr> keys_after(std::string_view account, std::string_view region, std::string_view after,
                                   std::size_t limit) const;
    // `target` empty: of all keys.
    std::vector<AliasPtr> aliases_after(std::string_view account, std::string_view region,
                                        std::string_view target, std::string_view after,
                                        std::size_t limit) const;
    // Keys whose waiting period has ended at `now`.
    std::vector<KeyPtr> due_for_deletion(WallTime now) const;
    // Enabled keys whose automatic rotation is due at `now`.
    std::vector<KeyPtr> due_for_rotation(WallTime now) const;
    // Keys that hold imported material which has expired at `now`.
    std::vector<KeyPtr> due_for_expiry(WallTime now) const;

private:
    struct Scope {
        std::string account;
        std::string region;
    };
    struct ScopeLess {
        using is_transparent = void;
        template <class A, class B>
        bool operator()(const A& a, const B& b) const noexcept {
            const std::string_view aa = a.account, ba = b.account;
            return aa != ba ? aa < ba : std::string_view(a.region) < std::string_view(b.region);
        }
    };
    struct TagHash {
        using is_avalanching = void;  // a tag is half a SHA-256
        std::size_t operator()(const KeyTag& tag) const noexcept;
    };
    struct TextHash {
        using is_avalanching = void;  // libstdc++'s is MurmurHash
        std::size_t operator()(std::string_view text) const noexcept {
            return std::hash<std::string_view>{}(text);
        }
    };
    struct Place {  // everything of one account in one region
        // By id, which is the end of the key's ARN: where many keys are in use, texts of its own would be
        // waited for.
        boost::unordered_flat_map<std::string_view, KeyPtr, TextHash> keys;
        std::set<std::string, std::less<>> key_ids;
        std::map<std::string, AliasPtr, std::less<>> aliases;
        std::map<std::string, std::set<std::string, std::less<>>, std::less<>> aliases_of;
    };
    struct Region {
        boost::unordered_flat_map<KeyTag, KeyPtr, TagHash> by_tag;
    };

    const Place* place(std::string_view account, std::string_view region) const;
    KeyPtr find(std::string_view account, std::string_view region, std::string_view id) const;
    void put_alias(const store::AliasRecord& alias);
    void erase_alias(const store::AliasRecord& alias);
    void put_key(KeyPtr key);
    void erase_key(const store::KeyRecord& record);
    void erase_aliases_of(const store::KeyRecord& record);
    // Rows about keys that come with them. Those of other keys are passed over.
    struct Related {
        std::span<const store::MaterialRecord> materials;
        std::span<const store::RotationScheduleRecord> schedules;
        std::span<const store::RotationScheduleRecord> erased_schedules;
        std::span<const store::RotationRecord> rotations;
        std::span<const store::MaterialRecord> erased_materials{};
        std::span<const store::ImportRecord> imports{};
        std::span<const store::ImportRecord> erased_imports{};
    };
    // Empty if the key is now visible, else why not.
    std::string put_key(const store::KeyRecord& record, const Related& related);
    static std::string add_materials(Key& key, const Related& related);
    static void update_rotations(Key& key, const Related& related);
    static void update_imports(Key& key, const Related& related);

    const std::string partition_;
    GrantIndex grants_;  // has a lock of its own, as the next two
    LastUses uses_;
    KeyStoreIndex key_stores_;
    mutable std::shared_mutex mutex_;  // guards everything below; sections are a few look-ups long
    std::map<Scope, Place, ScopeLess> places_;
    std::map<std::string, Region, std::less<>> regions_;
    using Calendar = std::map<std::pair<WallTime, std::string>, KeyPtr>;  // by date and ARN
    static std::vector<KeyPtr> due(const Calendar& calendar, WallTime now);
    Calendar deletions_;
    Calendar rotations_;
    Calendar expiries_;
};

}  // namespace claviger::kms
