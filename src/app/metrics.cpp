#include "src/app/metrics.hpp"

#include <string_view>

#include <fmt/format.h>

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

namespace claviger::app {
namespace {

// One number of each HSM: its metric, its help text and where it stands.
struct MemberSeries {
    const char* name;
    const char* help;
    double (*read)(const cluster::MemberView&);
};

constexpr MemberSeries kMemberSeries[] = {
    {"claviger_hsm_serving", "1 while the HSM is admitted and gets requests",
     [](const cluster::MemberView& m) { return m.state == "serving" ? 1.0 : 0.0; }},
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

}  // namespace

void register_metrics(observe::Metrics& metrics, const Observed& observed) {
    const std::vector<cluster::MemberView> members = observed.cluster.members();
    for (std::size_t i = 0; i < members.size(); ++i) {
        const observe::Labels labels{{"hsm", members[i].hsm_id}, {"zone", members[i].zone}};
        for (const MemberSeries& series : kMemberSeries) {
            const auto read = [&cluster = observed.cluster, i, &series] {
                const auto now = cluster.members();
                return i < now.size() ? series.read(now[i]) : 0.0;
            };
            // The convention of Prometheus: what only grows is named so.
            if (std::string_view(series.name).ends_with("_total")) {
                metrics.counter_from(series.name, series.help, labels, read);
            } else {
                metrics.gauge_from(series.name, series.help, labels, read);
            }
        }
    }
    metrics.counter_from("claviger_store_commits_total", "durable commits of this process", {},
                         [&store = observed.store] { return static_cast<double>(store.commits()); });
    metrics.gauge_from("claviger_store_sequence", "sequence number of the newest commit", {},
                       [&store = observed.store] { return static_cast<double>(store.sequence()); });
    metrics.gauge_from("claviger_audit_outbox_backlog", "audit records that the files have not taken yet", {},
                       [&store = observed.store] { return static_cast<double>(store.outbox_backlog()); });
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
    for (const cluster::MemberView& member : observed.cluster.members()) {
        hsms.push_back({{"hsm", member.hsm_id},
                        {"zone", member.zone},
                        {"serial", member.serial},
                        {"state", member.state},
                        {"operations", member.operations},
                        {"faults", member.faults},
                        {"restarts", member.restarts},
                        {"keyLoads", member.key_loads},
                        {"lastError", member.last_error}});
    }
    const boost::json::value page{{"serving", observed.cluster.serving()},
                                  {"hsms", std::move(hsms)},
                                  {"storeSequence", observed.store.sequence()},
                                  {"auditBacklog", observed.store.outbox_backlog()},
                                  {"connections", observed.server.connections()}};
    return boost::json::serialize(page) + "\n";
}

}  // namespace claviger::app
