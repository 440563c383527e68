#include "src/kms/catalogue.hpp"

#include <algorithm>
#include <cstring>
#include <mutex>

#include <claviger/base/encoding.hpp>
#include <claviger/cluster/cluster.hpp>

#include "hsm/link/blob.hpp"
#include "src/kms/multi_region.hpp"
#include "src/observe/log.hpp"

namespace claviger::kms {
namespace {

std::string arn(std::string_view partition, std::string_view region, std::string_view account,
                std::string_view rest, std::string_view name) {
    std::string out = "arn:";
    out.append(partition).append(":kms:").append(region).append(":").append(account).append(":").append(rest);
    return out.append(name);
}

struct ScopeView {
    std::string_view account;
    std::string_view region;
};

template <class Row>
bool is_of(const Row& row, const store::KeyRecord& key) {
    return row.key == key.id && row.account == key.account && row.region == key.region;
}

// Imported material may be gone in these states.
bool needs_material(store::KeyState state) {
    switch (state) {
        case store::KeyState::enabled:
        case store::KeyState::disabled:
        case store::KeyState::unavailable:
        case store::KeyState::updating: return true;
        case store::KeyState::creating:
        case store::KeyState::pending_deletion:
        case store::KeyState::pending_replica_deletion:
        case store::KeyState::pending_import: break;
    }
    return false;
}

enum class Pending : bool { left_out, counted };  // material that waits to become the current one

std::optional<WallTime> first_expiry(const Imports& imports, Pending pending) {
    std::optional<WallTime> first;
    for (const store::ImportRecord& import : imports) {
        const bool counts = pending == Pending::counted || import.status == store::ImportStatus::associated;
        if (counts && import.valid_to && (!first || *import.valid_to < *first)) {
            first = import.valid_to;
        }
    }
    return first;
}

std::string_view id_in(const Key& key) {
    const std::string_view arn = key.arn;
    return arn.substr(arn.size() - key.record.id.value().size());
}

std::optional<WallTime> expiry_of(const Key& key) {
    return key.imports != nullptr ? first_expiry(*key.imports, Pending::counted) : std::nullopt;
}

}  // namespace

std::string key_arn(std::string_view partition, std::string_view region, std::string_view account,
                    std::string_view id) {
    return arn(partition, region, account, "key/", id);
}

std::string alias_arn(std::string_view partition, std::string_view region, std::string_view account,
                      std::string_view name) {
    return arn(partition, region, account, {}, name);
}

store::KeyState Key::state_at(WallTime now) const noexcept {
    return expires && *expires <= now ? state_without_material(record.state) : record.state;
}

bool Key::holds(std::string_view material) const noexcept {
    return std::ranges::find(generations, material, &Generation::id) != generations.end();
}

const Generation* Key::generation(const std::array<std::byte, 16>& prefix) const noexcept {
    for (auto it = generations.rbegin(); it != generations.rend(); ++it) {
        if (std::memcmp(it->material->material_id().data(), prefix.data(), prefix.size()) == 0) {
            return &*it;
        }
    }
    return nullptr;
}

std::size_t Catalogue::TagHash::operator()(const KeyTag& tag) const noexcept {
    std::size_t hash;  // a tag is half a SHA-256: any of its bytes will do
    std::memcpy(&hash, tag.data(), sizeof hash);
    return hash;
}

Catalogue::Catalogue(std::string partition) : partition_(std::move(partition)) {}

std::vector<std::string> Catalogue::load(const store::Contents& contents) {
    grants_.load(contents);
    uses_.load(contents);
    key_stores_.load(contents);
    const std::unique_lock lock(mutex_);
    struct Rows {
        std::vector<store::MaterialRecord> materials;
        std::vector<store::RotationScheduleRecord> schedules;
        std::vector<store::RotationRecord> rotations;
        std::vector<store::ImportRecord> imports;
    };
    std::map<std::string, Rows> by_key;
    for (const store::MaterialRecord& material : contents.materials) {
        by_key[material.key.value()].materials.push_back(material);
    }
    for (const store::RotationScheduleRecord& schedule : contents.rotation_schedules) {
        by_key[schedule.key.value()].schedules.push_back(schedule);
    }
    for (const store::RotationRecord& rotation : contents.rotations) {
        by_key[rotation.key.value()].rotations.push_back(rotation);
    }
    for (const store::ImportRecord& import : contents.imports) {
        by_key[import.key.value()].imports.push_back(import);
    }
    std::vector<std::string> refused;
    for (const store::KeyRecord& record : contents.keys) {
        const Rows& rows = by_key[record.id.value()];
        const Related related{rows.materials, rows.schedules, {}, rows.rotations, {}, rows.imports, {}};
        if (std::string why = put_key(record, related); !why.empty()) {
            refused.push_back(std::move(why));
        }
    }
    for (const store::AliasRecord& alias : contents.aliases) {
        put_alias(alias);
    }
    return refused;
}

void Catalogue::apply(const store::Change& change) {
    grants_.apply(change);
    key_stores_.apply(change);
    const std::unique_lock lock(mutex_);
    for (const store::AliasRecord& alias : change.erased_aliases) {
        erase_alias(alias);
    }
    for (const store::KeyRecord& record : change.erased_keys) {
        erase_key(record);
        erase_aliases_of(record);
        uses_.forget(record);
    }
    const Related related{change.materials,     change.rotation_schedules, change.erased_rotation_schedules,
                          change.rotations,     change.erased_materials,   change.imports,
                          change.erased_imports};
    for (const store::KeyRecord& record : change.keys) {
        if (const std::string why = put_key(record, related); !why.empty()) {
            observe::error("catalogue.key_left_out", {{"reason", why}});
        }
    }
    for (const store::AliasRecord& alias : change.aliases) {
        put_alias(alias);
    }
}

std::string Catalogue::put_key(const store::KeyRecord& record, const Related& related) {
    Key key{.record = record,
            .arn = key_arn(partition_, record.region, record.account.value(), record.id.value()),
            .tag = {},
            .generations = {},
            .rotations = {}};
    key.tag = link::key_tag(record.account.value(), record.id.value());
    if (const KeyPtr before = find(record.account.value(), record.region, record.id.value())) {
        key.generations = before->generations;
        key.rotations = before->rotations;
        key.imports = before->imports;
    }
    if (std::string why = add_materials(key, related); !why.empty()) {
        return why;
    }
    const auto current = std::ranges::find(key.generations, record.current_material, &Generation::id);
    if (current != key.generations.end()) {
        std::rotate(current, current + 1, key.generations.end());
    } else if (needs_material(record.state)) {
        return key.arn + ": its current key material " + record.current_material + " is missing";
    }
    update_rotations(key, related);
    update_imports(key, related);
    put_key(std::make_shared<const Key>(std::move(key)));
    return {};
}

std::string Catalogue::add_materials(Key& key, const Related& related) {
    for (const store::MaterialRecord& row : related.erased_materials) {
        if (is_of(row, key.record)) {
            std::erase_if(key.generations, [&](const Generation& g) { return g.id == row.id; });
        }
    }
    const std::span<const store::MaterialRecord> rows = related.materials;
    for (const store::MaterialRecord& row : rows) {
        if (!is_of(row, key.record)) {
            continue;
        }
        auto material = cluster::KeyMaterial::parse(row.key_token);
        if (!material) {
            return key.arn + ": key token " + row.id + " refused: " + material.error().describe();
        }
        if ((*material)->account() != key.record.account.value() ||
            (*material)->key_id() != key.record.id.value() || to_hex((*material)->material_id()) != row.id) {
            return key.arn + ": key token " + row.id + " belongs to another key";
        }
        std::erase_if(key.generations, [&](const Generation& g) { return g.id == row.id; });
        key.generations.push_back({row.id, *std::move(material)});
    }
    return {};
}

void Catalogue::update_rotations(Key& key, const Related& related) {
    const auto ours = [&](const auto& row) { return is_of(row, key.record); };
    const auto erased = std::ranges::find_if(related.erased_schedules, ours);
    const auto schedule = std::ranges::find_if(related.schedules, ours);
    const bool rotated = std::ranges::any_of(related.rotations, ours);
    if (erased == related.erased_schedules.end() && schedule == related.schedules.end() && !rotated) {
        return;
    }
    Rotations now = key.rotations != nullptr ? *key.rotations : Rotations{};
    if (erased != related.erased_schedules.end()) {
        now.schedule.reset();
    }
    if (schedule != related.schedules.end()) {
        now.schedule = *schedule;
    }
    for (const store::RotationRecord& row : related.rotations) {
        if (ours(row)) {
            std::erase_if(now.past, [&](const auto& old) { return old.material == row.material; });
            now.past.push_back(row);
        }
    }
    std::ranges::sort(now.past, {}, &store::RotationRecord::date);
    key.rotations = std::make_shared<const Rotations>(std::move(now));
}

void Catalogue::update_imports(Key& key, const Related& related) {
    const auto ours = [&](const auto& row) { return is_of(row, key.record); };
    if (std::ranges::any_of(related.imports, ours) || std::ranges::any_of(related.erased_imports, ours)) {
        Imports now = key.imports != nullptr ? *key.imports : Imports{};
        const auto forget = [&](const store::ImportRecord& row) {
            std::erase_if(now, [&](const store::ImportRecord& old) {
                return ours(row) && old.material == row.material;
            });
        };
        std::ranges::for_each(related.erased_imports, forget);
        for (const store::ImportRecord& row : related.imports) {  // a later row of the same name counts
            forget(row);
            if (ours(row)) {
                now.push_back(row);
            }
        }
        std::ranges::stable_sort(now, {}, &store::ImportRecord::created);
        key.imports = now.empty() ? nullptr : std::make_shared<const Imports>(std::move(now));
    }
    if (key.imports != nullptr) {
        key.expires = first_expiry(*key.imports, Pending::left_out);
    }
}

void Catalogue::put_key(KeyPtr key) {
    const store::KeyRecord& record = key->record;
    erase_key(record);
    Place& at = places_[Scope{record.account.value(), record.region}];
    at.keys.emplace(id_in(*key), key);
    at.key_ids.insert(record.id.value());
    if (record.state == store::KeyState::pending_deletion && record.deletion_date) {
        deletions_[{*record.deletion_date, key->arn}] = key;
    }
    // Replicas get the new material of their primary key.
    const bool rotates = record.state == store::KeyState::enabled && !is_replica(record);
    if (rotates && key->rotations != nullptr && key->rotations->schedule) {
        rotations_[{key->rotations->schedule->next, key->arn}] = key;
    }
    if (const auto expiry = expiry_of(*key)) {
        expiries_[{*expiry, key->arn}] = key;
    }
    regions_[record.region].by_tag[key->tag] = std::move(key);
}

void Catalogue::erase_key(const store::KeyRecord& record) {
    const auto found = places_.find(ScopeView{record.account.value(), record.region});
    if (found == places_.end()) {
        return;
    }
    Place& at = found->second;
    const auto old = at.keys.find(record.id.value());
    if (old == at.keys.end()) {
        return;
    }
    const KeyPtr gone = old->second;
    if (gone->record.deletion_date) {
        deletions_.erase({*gone->record.deletion_date, gone->arn});
    }
    if (gone->rotations != nullptr && gone->rotations->schedule) {
        rotations_.erase({gone->rotations->schedule->next, gone->arn});
    }
    if (const auto expiry = expiry_of(*gone)) {
        expiries_.erase({*expiry, gone->arn});
    }
    regions_[record.region].by_tag.erase(gone->tag);
    at.key_ids.erase(record.id.value());
    at.keys.erase(old);
}

void Catalogue::put_alias(const store::AliasRecord& alias) {
    erase_alias(alias);
    Place& at = places_[Scope{alias.account.value(), alias.region}];
    at.aliases[alias.name] = std::make_shared<const store::AliasRecord>(alias);
    at.aliases_of[alias.target.value()].insert(alias.name);
}

void Catalogue::erase_alias(const store::AliasRecord& alias) {
    const auto found = places_.find(ScopeView{alias.account.value(), alias.region});
    if (found == places_.end()) {
        return;
    }
    Place& at = found->second;
    const auto old = at.aliases.find(alias.name);
    if (old == at.aliases.end()) {
        return;
    }
    const auto names = at.aliases_of.find(old->second->target.value());
    names->second.erase(alias.name);
    if (names->second.empty()) {
        at.aliases_of.erase(names);
    }
    at.aliases.erase(old);
}

// Aliases go with their key.
void Catalogue::erase_aliases_of(const store::KeyRecord& record) {
    const auto found = places_.find(ScopeView{record.account.value(), record.region});
    if (found == places_.end()) {
        return;
    }
    Place& at = found->second;
    const auto names = at.aliases_of.find(record.id.value());
    if (names == at.aliases_of.end()) {
        return;
    }
    for (const std::string& name : names->second) {
        at.aliases.erase(name);
    }
    at.aliases_of.erase(names);
}

const Catalogue::Place* Catalogue::place(std::string_view account, std::string_view region) const {
    const auto found = places_.find(ScopeView{account, region});
    return found == places_.end() ? nullptr : &found->second;
}

KeyPtr Catalogue::find(std::string_view account, std::string_view region, std::string_view id) const {
    const Place* const at = place(account, region);
    if (at == nullptr) {
        return nullptr;
    }
    const auto found = at->keys.find(id);
    return found == at->keys.end() ? nullptr : found->second;
}

KeyPtr Catalogue::key(std::string_view account, std::string_view region, std::string_view id) const {
    const std::shared_lock lock(mutex_);
    return find(account, region, id);
}

KeyPtr Catalogue::key_by_tag(std::string_view region, const KeyTag& tag) const {
    const std::shared_lock lock(mutex_);
    const auto at = regions_.find(region);
    if (at == regions_.end()) {
        return nullptr;
    }
    const auto found = at->second.by_tag.find(tag);
    return found == at->second.by_tag.end() ? nullptr : found->second;
}

std::vector<KeyPtr> Catalogue::related(std::string_view account, std::string_view id) const {
    const std::shared_lock lock(mutex_);
    std::vector<KeyPtr> out;
    for (auto at = places_.lower_bound(ScopeView{account, {}});
         at != places_.end() && at->first.account == account; ++at) {
        if (const auto found = at->second.keys.find(id); found != at->second.keys.end()) {
            out.push_back(found->second);
        }
    }
    return out;
}

AliasPtr Catalogue::alias(std::string_view account, std::string_view region, std::string_view name) const {
    const std::shared_lock lock(mutex_);
    const Place* const at = place(account, region);
    if (at == nullptr) {
        return nullptr;
    }
    const auto found = at->aliases.find(name);
    return found == at->aliases.end() ? nullptr : found->second;
}

std::vector<KeyPtr> Catalogue::keys_after(std::string_view account, std::string_view region,
                                          std::string_view after, std::size_t limit) const {
    const std::shared_lock lock(mutex_);
    std::vector<KeyPtr> out;
    const Place* const at = place(account, region);
    if (at == nullptr) {
        return out;
    }
    for (auto id = at->key_ids.upper_bound(after); id != at->key_ids.end() && out.size() < limit; ++id) {
        out.push_back(at->keys.find(*id)->second);
    }
    return out;
}

std::vector<AliasPtr> Catalogue::aliases_after(std::string_view account, std::string_view region,
                                               std::string_view target, std::string_view after,
                                               std::size_t limit) const {
    const std::shared_lock lock(mutex_);
    std::vector<AliasPtr> out;
    const Place* const at = place(account, region);
    if (at == nullptr) {
        return out;
    }
    if (target.empty()) {
        for (auto it = at->aliases.upper_bound(after); it != at->aliases.end() && out.size() < limit; ++it) {
            out.push_back(it->second);
        }
        return out;
    }
    const auto names = at->aliases_of.find(target);
    if (names == at->aliases_of.end()) {
        return out;
    }
    for (auto it = names->second.upper_bound(after); it != names->second.end() && out.size() < limit; ++it) {
        out.push_back(at->aliases.find(*it)->second);
    }
    return out;
}

std::vector<KeyPtr> Catalogue::due_for_deletion(WallTime now) const {
    const std::shared_lock lock(mutex_);
    return due(deletions_, now);
}

std::vector<KeyPtr> Catalogue::due_for_rotation(WallTime now) const {
    const std::shared_lock lock(mutex_);
    return due(rotations_, now);
}

std::vector<KeyPtr> Catalogue::due_for_expiry(WallTime now) const {
    const std::shared_lock lock(mutex_);
    return due(expiries_, now);
}

std::vector<KeyPtr> Catalogue::due(const Calendar& calendar, WallTime now) {
    std::vector<KeyPtr> out;
    for (auto at = calendar.begin(); at != calendar.end() && at->first.first <= now; ++at) {
        out.push_back(at->second);
    }
    return out;
}

}  // namespace claviger::kms
