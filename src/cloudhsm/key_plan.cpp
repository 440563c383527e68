#include "src/cloudhsm/key_plan.hpp"

#include <algorithm>

namespace claviger::cloudhsm {
namespace {

bool holds(const std::vector<cluster::KeyObject>& objects, const std::string& arn) {
    return std::ranges::find(objects, arn, &cluster::KeyObject::label) != objects.end();
}

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
    for (auto& [hsm, objects] : found) {
        const auto deleted = std::ranges::partition(objects, [&](const cluster::KeyObject& object) {
            return !ledger.tombstones.contains({hsm, object.label});
        });
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
