#include "src/cloudhsm/founded_rows.hpp"

#include <utility>

#include "src/store/schema.hpp"

namespace claviger::cloudhsm {
namespace {

constexpr std::string_view kSealedIn = store::Table<store::HsmRecord>::name;

}  // namespace

cluster::ClusterFacts facts_of(const store::ClusterRecord& row) {
    return {row.lineage_id().value(),
            row.cwk_generation,
            row.recovery_public,
            row.recovery_bundle,
            row.check_token,
            row.identity_token,
            row.sealed() ? cluster::MembershipRule::sealed : cluster::MembershipRule::open};
}

store::ClusterRecord cluster_row(const ClusterId& id, cluster::ClusterFacts facts) {
    store::ClusterRecord row;
    row.id = id;
    row.state = "ACTIVE";
    row.cwk_generation = facts.cwk_generation;
    row.recovery_bundle = std::move(facts.recovery_bundle);
    row.recovery_public = std::move(facts.recovery_public);
    row.check_token = std::move(facts.check_token);
    row.identity_token = std::move(facts.identity_token);
    if (facts.membership == cluster::MembershipRule::sealed) {
        row.membership = store::ClusterRecord::kSealed;
    }
    return row;
}

Result<store::HsmRecord> token_row(const cluster::FoundedHsm& token, const ClusterId& cluster,
                                   const store::SealingKey& key, Random& random) {
    auto sealed = store::seal_secret(key, random, kSealedIn, token.hsm_id, token.officer_pin);
    if (!sealed) {
        return std::move(sealed).error();
    }
    store::HsmRecord row;
    row.id = HsmId(token.hsm_id);
    row.cluster = cluster;
    row.zone = token.zone;
    row.serial = token.serial;
    row.state = "ACTIVE";
    row.sealed_officer_pin = *std::move(sealed);
    return row;
}

Result<SecretBytes> officer_pin_of(const store::HsmRecord& row, const store::SealingKey& key) {
    return store::open_secret(key, kSealedIn, row.id.value(), row.sealed_officer_pin);
}

}  // namespace claviger::cloudhsm
