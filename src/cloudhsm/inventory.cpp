#include "src/cloudhsm/inventory.hpp"

#include <algorithm>
#include <set>

namespace claviger::cloudhsm {
namespace {

template <class Map, class Key>
auto copy_of(const Map& map, const Key& key) -> std::optional<typename Map::mapped_type> {
    const auto found = map.find(key);
    return found == map.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace

std::size_t ClusterView::active_hsms() const noexcept {
    return static_cast<std::size_t>(std::ranges::count_if(
        hsms, [](const Hsm& hsm) { return hsm.record.state == store::HsmState::active; }));
}

std::size_t ClusterView::members() const noexcept {
    return static_cast<std::size_t>(
        std::ranges::count_if(hsms, [](const Hsm& hsm) { return store::is_member(hsm.record.state); }));
}

std::size_t ClusterView::active_zones() const noexcept {
    std::set<std::string_view> zones;
    for (const Hsm& hsm : hsms) {
        if (hsm.record.state == store::HsmState::active) {
            zones.insert(hsm.record.zone);
        }
    }
    return zones.size();
}

bool ClusterView::has_user(std::string_view name) const noexcept {
    return std::ranges::find(users, name, &store::ClusterUserRecord::name) != users.end();
}

void Inventory::load(const store::Contents& contents) {
    store::Change all;
    all.cloudhsm_clusters = contents.cloudhsm_clusters;
    all.clusters = contents.clusters;
    all.cloudhsm_hsms = contents.cloudhsm_hsms;
    all.hsms = contents.hsms;
    all.cluster_users = contents.cluster_users;
    all.backups = contents.backups;
    apply(all);
}

void Inventory::keep(const store::Change& change) {
    for (const auto& record : change.cloudhsm_clusters) {
        records_.insert_or_assign(record.id, record);
    }
    for (const auto& record : change.clusters) {
        facts_.insert_or_assign(record.id, record);
    }
    for (const HsmId& id : change.erased_hsms) {
        hsms_.erase(id);
        tokens_.erase(id);
    }
    for (const auto& record : change.cloudhsm_hsms) {
        hsms_.insert_or_assign(record.id, record);
    }
    for (const auto& record : change.hsms) {
        tokens_.insert_or_assign(record.id, record);
    }
    for (const auto& record : change.erased_cluster_users) {
        users_.erase({record.cluster, record.name});
    }
    for (const auto& record : change.cluster_users) {
        users_.insert_or_assign({record.cluster, record.name}, record);
    }
}

// A change touches few rows and there are few clusters: all views are made anew.
void Inventory::apply(const store::Change& change) {
    if (!change.backups.empty()) {
        const std::lock_guard lock(mutex_);
        for (const store::BackupRecord& record : change.backups) {
            backups_.insert_or_assign(record.id, std::make_shared<const store::BackupRecord>(record));
        }
    }
    if (change.cloudhsm_clusters.empty() && change.clusters.empty() && change.cloudhsm_hsms.empty() &&
        change.hsms.empty() && change.cluster_users.empty() && change.erased_hsms.empty() &&
        change.erased_cluster_users.empty()) {
        return;
    }
    const std::lock_guard lock(mutex_);
    keep(change);
    for (const auto& [id, record] : records_) {
        views_.insert_or_assign(id, make_view(record));
    }
}

ClusterPtr Inventory::make_view(const store::CloudHsmClusterRecord& record) const {
    auto view = std::make_shared<ClusterView>();
    view->record = record;
    if (const auto facts = facts_.find(record.id); facts != facts_.end()) {
        view->certificate_pem = facts->second.certificate_pem;
        view->trust_anchor_pem = facts->second.trust_anchor_pem;
    }
    for (const auto& [id, hsm] : hsms_) {
        if (hsm.cluster == record.id) {
            const auto token = tokens_.find(id);
            view->hsms.push_back({hsm, token == tokens_.end() ? std::string() : token->second.serial});
        }
    }
    for (const auto& [key, user] : users_) {
        if (key.first == record.id) {
            view->users.push_back(user);
        }
    }
    return view;
}

ClusterPtr Inventory::cluster(const ClusterId& id) const {
    const std::lock_guard lock(mutex_);
    const auto found = views_.find(id);
    return found == views_.end() ? nullptr : found->second;
}

std::vector<ClusterPtr> Inventory::clusters() const {
    const std::lock_guard lock(mutex_);
    std::vector<ClusterPtr> all;
    all.reserve(views_.size());
    for (const auto& [id, view] : views_) {
        all.push_back(view);
    }
    return all;
}

std::optional<store::CloudHsmRecord> Inventory::hsm(const HsmId& id) const {
    const std::lock_guard lock(mutex_);
    return copy_of(hsms_, id);
}

std::optional<store::ClusterRecord> Inventory::facts(const ClusterId& id) const {
    const std::lock_guard lock(mutex_);
    return copy_of(facts_, id);
}

std::optional<store::HsmRecord> Inventory::token(const HsmId& id) const {
    const std::lock_guard lock(mutex_);
    return copy_of(tokens_, id);
}

std::vector<HsmId> Inventory::bars(std::string_view serial) const {
    const std::lock_guard lock(mutex_);
    std::vector<HsmId> all;
    for (const auto& [id, token] : tokens_) {
        if (token.state == kNotWiped && token.serial == serial) {
            all.push_back(id);
        }
    }
    return all;
}

BackupPtr Inventory::backup(const BackupId& id) const {
    const std::lock_guard lock(mutex_);
    const auto found = backups_.find(id);
    return found == backups_.end() ? nullptr : found->second;
}

std::vector<BackupPtr> Inventory::backups() const {
    const std::lock_guard lock(mutex_);
    std::vector<BackupPtr> all;
    all.reserve(backups_.size());
    for (const auto& [id, record] : backups_) {
        all.push_back(record);
    }
    return all;
}

}  // namespace claviger::cloudhsm
