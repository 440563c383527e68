#include "src/app/metrics.hpp"

#include <string_view>

#include <fmt/format.h>

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "src/cloudhsm/describe.hpp"
#include "src/kms/key_store.hpp"

namespace claviger::app {
namespace {

// One number of each HSM: its metric, its help text and where it stands.
struct MemberSeries {
    const char* name;
    const char* help;
    double (*read)(const cluster::MemberView&);
};

constexpr MemberSeries kServing = {
    "claviger_hsm_serving", "1 while the HSM is admitted and gets requests",
    [](const cluster::MemberView& m) { return m.state == "serving" ? 1.0 : 0.0; }};

constexpr MemberSeries kMemberSeries[] = {
    {"claviger_hsm_operations_total", "key operations answered by the HSM",
     [](const cluster::MemberView& m) { return static_cast<double>(m.operations); }},
    {"claviger_hsm_faults_total", "failures of the HSM itself; a caller's bad input is none",
     [](const cluster::MemberView& m) { return static_cast<double>(m.faults); }},
    {"claviger_hsm_restarts_total", "starts of the HSM's process after the first",
     [](const cluster::MemberView& m) { return static_cast<double>(m.restarts); }},
    {"claviger_hsm_key_loads_total",
     "requests that brought the HSM a key token, because it seemed not to hold the key",
     [](const cluster::MemberView& m) { return static_cast<double>(m.key_loads); }},
    {"claviger_hsm_outstanding", "requests the HSM has not answered yet",
     [](const cluster::MemberView& m) { return static_cast<double>(m.outstanding); }},
};

using Samples = std::vector<observe::Sample>;

// The default cluster, and every cluster of the CloudHSM v2 API whose hosts run: take(name, member).
template <class Take>
void for_each_member(const Observed& observed, Take&& take) {
    const auto all = [&take](std::string_view name, const cluster::Cluster& from) {
        for (const cluster::MemberView& member : from.members()) {
            take(name, member);
        }
    };
    all(kDefaultCluster, observed.cluster);
    for (const cloudhsm::ClusterPtr& view : observed.clusters.parts().inventory.clusters()) {
        if (const cluster::Cluster* const running = observed.clusters.cluster(view->record.id)) {
            all(view->record.id.value(), *running);
        }
    }
}

Samples members_of(const Observed& observed, const MemberSeries& series) {
    Samples samples;
    for_each_member(observed, [&](std::string_view cluster, const cluster::MemberView& member) {
        samples.push_back({{{"cluster", std::string(cluster)}, {"hsm", member.hsm_id}, {"zone", member.zone}},
                           series.read(member)});
    });
    return samples;
}

// An HSM without its [[hsm]] entry is no member of anything, but one that does not serve all the same.
Samples serving_hsms(const Observed& observed) {
    Samples samples = members_of(observed, kServing);
    for (const cloudhsm::ClusterPtr& view : observed.clusters.parts().inventory.clusters()) {
        for (const cloudhsm::Hsm& hsm : view->hsms) {
            if (hsm.record.state == store::HsmState::unplaced) {
                samples.push_back({{{"cluster", view->record.id.value()},
                                    {"hsm", hsm.record.id.value()},
                                    {"zone", hsm.record.zone}},
                                   0});
            }
        }
    }
    return samples;
}

Samples last_errors(const Observed& observed) {
    Samples samples;
    for_each_member(observed, [&](std::string_view cluster, const cluster::MemberView& member) {
        if (!member.last_error.empty()) {
            samples.push_back({{{"cluster", std::string(cluster)},
                                {"hsm", member.hsm_id},
                                {"zone", member.zone},
                                {"error", member.last_error}},
                               1});
        }
    });
    return samples;
}

Samples certificate_ends(const Observed& observed) {
    Samples samples;
    const auto add = [&](std::string_view name, const cluster::Cluster& cluster) {
        const auto end = std::chrono::floor<std::chrono::seconds>(cluster.certificate_expires());
        samples.push_back(
            {{{"cluster", std::string(name)}}, static_cast<double>(end.time_since_epoch().count())});
    };
    add(kDefaultCluster, observed.cluster);
    for (const cloudhsm::ClusterPtr& view : observed.clusters.parts().inventory.clusters()) {
        if (const cluster::Cluster* const running = observed.clusters.cluster(view->record.id)) {
            add(view->record.id.value(), *running);
        }
    }
    return samples;
}

Samples cluster_states(const cloudhsm::Manager& clusters) {
    Samples samples;
    for (const cloudhsm::ClusterPtr& view : clusters.parts().inventory.clusters()) {
        samples.push_back({{{"cluster", view->record.id.value()},
                            {"state", std::string(cloudhsm::to_string(view->record.state))}},
                           1});
    }
    return samples;
}

Samples hsm_states(const cloudhsm::Manager& clusters) {
    Samples samples;
    for (const cloudhsm::ClusterPtr& view : clusters.parts().inventory.clusters()) {
        for (const cloudhsm::Hsm& hsm : view->hsms) {
            samples.push_back({{{"cluster", view->record.id.value()},
                                {"hsm", hsm.record.id.value()},
                                {"state", std::string(cloudhsm::to_string(hsm.record.state))}},
                               1});
        }
    }
    return samples;
}

Samples key_counts(const cloudhsm::Manager& clusters, std::size_t (*count)(const cloudhsm::KeyReport&)) {
    Samples samples;
    for (const cloudhsm::ClusterPtr& view : clusters.parts().inventory.clusters()) {
        const std::size_t counted = count(clusters.key_report(view->record.id));
        samples.push_back({{{"cluster", view->record.id.value()}}, static_cast<double>(counted)});
    }
    return samples;
}

Samples key_store_states(const kms::Catalogue& catalogue) {
    Samples samples;
    for (const kms::KeyStorePtr& in : catalogue.key_stores().all()) {
        samples.push_back(
            {{{"key_store", in->id.value()}, {"state", std::string(kms::to_string(in->state))}}, 1});
    }
    return samples;
}

void register_clusters(observe::Metrics& metrics, const Observed& observed) {
    for (const MemberSeries& series : kMemberSeries) {
        const observe::Samples read = [observed, &series] { return members_of(observed, series); };
        // The convention of Prometheus: what only grows is named so.
        if (std::string_view(series.name).ends_with("_total")) {
            metrics.counters_from(series.name, series.help, read);
        } else {
            metrics.gauges_from(series.name, series.help, read);
        }
    }
    metrics.gauges_from(kServing.name, kServing.help, [observed] { return serving_hsms(observed); });
    metrics.gauges_from("claviger_hsm_last_error", "1, with the text of the HSM's last failure",
                        [observed] { return last_errors(observed); });
    metrics.gauges_from("claviger_cluster_certificate_expires_seconds",
                        "when the cluster certificate expires, Unix time; no HSM is left for it",
                        [observed] { return certificate_ends(observed); });
    const cloudhsm::Manager& clusters = observed.clusters;
    metrics.gauges_from("claviger_cluster_state", "1 for the state that the cluster is in",
                        [&clusters] { return cluster_states(clusters); });
    metrics.gauges_from("claviger_cluster_hsm_state",
                        "1 for the state that DescribeClusters tells of the HSM",
                        [&clusters] { return hsm_states(clusters); });
    metrics.gauges_from("claviger_key_store_state", "1 for the connection state that the key store is in",
                        [&catalogue = observed.catalogue] { return key_store_states(catalogue); });
    metrics.gauges_from("claviger_cluster_keys", "keys of the cluster's key stores", [&clusters] {
        return key_counts(clusters, [](const cloudhsm::KeyReport& report) { return report.keys; });
    });
    metrics.gauges_from(
        "claviger_cluster_keys_gone", "of these, destroyed by their owner on every HSM", [&clusters] {
            return key_counts(clusters, [](const cloudhsm::KeyReport& report) { return report.gone; });
        });
    metrics.gauges_from("claviger_cluster_orphans", "key objects on HSMs that are of no key", [&clusters] {
        return key_counts(clusters, [](const cloudhsm::KeyReport& report) { return report.orphans.size(); });
    });
}

}  // namespace

void register_metrics(observe::Metrics& metrics, const Observed& observed) {
    register_clusters(metrics, observed);
    metrics.counter_from("claviger_store_commits_total", "durable commits of this process", {},
                         [&store = observed.store] { return static_cast<double>(store.commits()); });
    metrics.gauge_from("claviger_store_sequence", "sequence number of the newest commit", {},
                       [&store = observed.store] { return static_cast<double>(store.sequence()); });
    metrics.gauge_from("claviger_audit_outbox_backlog", "audit records that the files have not taken yet", {},
                       [&store = observed.store] { return static_cast<double>(store.outbox_backlog()); });
    metrics.gauge_from(
        "claviger_clock_hold", "1 while nothing is destroyed, because the wall clock leapt: check the date",
        {},
        [&leaps = observed.leaps, &clock = observed.clock] { return leaps.holds(clock.wall()) ? 1.0 : 0.0; });
    metrics.gauge_from("claviger_http_connections", "open client connections", {},
                       [&server = observed.server] { return static_cast<double>(server.connections()); });
}

http::HealthReport readiness(const Observed& observed) {
    const std::size_t serving = observed.cluster.serving();
    if (serving == 0) {
        return {http::Health::bad, "no HSM is admitted; claviger status says why"};
    }
    return {http::Health::good, fmt::format("{} HSMs serve", serving)};
}

std::string status_page(const Observed& observed) {
    boost::json::array hsms;
    std::size_t serving = 0;
    for_each_member(observed, [&](std::string_view cluster, const cluster::MemberView& member) {
        serving += member.state == "serving" ? 1 : 0;
        hsms.push_back({{"cluster", cluster},
                        {"hsm", member.hsm_id},
                        {"zone", member.zone},
                        {"serial", member.serial},
                        {"state", member.state},
                        {"operations", member.operations},
                        {"faults", member.faults},
                        {"restarts", member.restarts},
                        {"keyLoads", member.key_loads},
                        {"lastError", member.last_error}});
    });
    for (const cloudhsm::ClusterPtr& view : observed.clusters.parts().inventory.clusters()) {
        for (const cloudhsm::Hsm& hsm : view->hsms) {
            if (hsm.record.state == store::HsmState::unplaced) {
                hsms.push_back({{"cluster", view->record.id.value()},
                                {"hsm", hsm.record.id.value()},
                                {"zone", hsm.record.zone},
                                {"serial", hsm.serial},
                                {"state", "no entry"},
                                {"lastError", hsm.record.state_message}});
            }
        }
    }
    const boost::json::value page{{"serving", serving},
                                  {"hsms", std::move(hsms)},
                                  {"storeSequence", observed.store.sequence()},
                                  {"auditBacklog", observed.store.outbox_backlog()},
                                  {"destructionHeld", observed.leaps.holds(observed.clock.wall())},
                                  {"connections", observed.server.connections()}};
    return boost::json::serialize(page) + "\n";
}

}  // namespace claviger::app
