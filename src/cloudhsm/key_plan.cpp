#include "src/cloudhsm/key_plan.hpp"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

namespace claviger::cloudhsm {
namespace {

bool holds(const std::vector<cluster::KeyObject>& objects, const std::string& arn) {
    return std::ranges::find(objects, arn, &cluster::KeyObject::label) != objects.end();
}

// What a key's ARN says of it in whatever Region, "111122223333:key/UUID"; of any other label all of it.
std::string_view key_of(std::string_view label) {
    constexpr std::string_view kKms = "arn:aws:kms:";
    const std::size_t region_end = label.starts_with(kKms) ? label.find(':', kKms.size()) : label.npos;
    return region_end == label.npos ? label : label.substr(region_end + 1);
}

// Is it of a key that was deleted? Then so are copies that other Regions' services made of it; while the key
// lives they go only by their own label.
class Buried {
public:
    Buried(const std::vector<BookedKey>& keys, const KeyLedger& ledger) : ledger_(ledger) {
        for (const auto& [hsm, label] : ledger.tombstones) {
            keys_.emplace(hsm, key_of(label));
        }
        std::set<std::string_view> living;
        for (const BookedKey& key : keys) {
            living.insert(key_of(key.arn));
        }
        std::erase_if(keys_, [&](const auto& one) { return living.contains(one.second); });
    }
    bool operator()(const std::string& hsm, const std::string& label) const {
        return ledger_.tombstones.contains({hsm, label}) || keys_.contains({hsm, key_of(label)});
    }

private:
    const KeyLedger& ledger_;
    std::set<std::pair<std::string_view, std::string_view>> keys_;
};

}  // namespace

KeyPlan plan_keys(const std::vector<BookedKey>& keys, const KeyLedger& ledger, FoundObjects found,
                  const std::vector<std::string>& hsms) {
    KeyPlan plan;
    plan.ledger = ledger;
    for (const BookedKey& key : keys) {
        if (std::ranges::any_of(found, [&](const auto& one) { return holds(one.second, key.arn); })) {
            plan.ledger.held.insert(key.arn);
        }
    }
    const Buried buried(keys, ledger);
    for (auto& [hsm, objects] : found) {
        const auto deleted = std::ranges::partition(
            objects, [&](const cluster::KeyObject& object) { return !buried(hsm, object.label); });
        plan.destroy.insert(plan.destroy.end(), deleted.begin(), deleted.end());
        objects.erase(deleted.begin(), deleted.end());
        std::ranges::copy_if(objects, std::back_inserter(plan.orphans),
                             [&](const cluster::KeyObject& object) {
                                 return std::ranges::find(keys, object.label, &BookedKey::arn) == keys.end();
                             });
        std::erase_if(plan.ledger.tombstones, [&](const auto& one) { return one.first == hsm; });
        plan.ledger.in_step.insert(hsm);
    }
    // An HSM that was in step had every key that was held then: what none holds now, its owner destroyed.
    const bool had_all =
        std::ranges::any_of(found, [&](const auto& one) { return ledger.in_step.contains(one.first); });
    // One that is away has not what is held from now on.
    bool grows = false;
    for (const BookedKey& key : keys) {
        const bool held =
            std::ranges::any_of(found, [&](const auto& one) { return holds(one.second, key.arn); });
        if (!held && had_all && plan.ledger.held.contains(key.arn)) {
            plan.gone.push_back(key.arn);
            continue;
        }
        grows |= !found.empty() && !ledger.held.contains(key.arn);
        for (const auto& [hsm, objects] : found) {
            if (!holds(objects, key.arn)) {
                plan.place.push_back({hsm, key});
            }
        }
    }
    if (grows) {
        std::erase_if(plan.ledger.in_step, [&](const std::string& hsm) { return !found.contains(hsm); });
    }
    const auto left = [&](const std::string& hsm) { return std::ranges::find(hsms, hsm) == hsms.end(); };
    std::erase_if(plan.ledger.in_step, left);
    std::erase_if(plan.ledger.tombstones, [&](const auto& one) { return left(one.first); });
    return plan;
}

}  // namespace claviger::cloudhsm
