#include "src/app/founding.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <cstdio>
#include <iterator>
#include <optional>

#include <claviger/base/encoding.hpp>
#include <claviger/base/files.hpp>
#include <claviger/cluster/certificates.hpp>
#include <claviger/cluster/founding.hpp>
#include <claviger/cluster/trust.hpp>

#include "src/app/commit.hpp"
#include "src/cloudhsm/founded_rows.hpp"
#include "src/observe/log.hpp"

namespace claviger::app {
namespace {

namespace asio = boost::asio;

std::string new_cluster_id(Random& random) {
    std::array<std::byte, 6> raw;
    random.fill(raw);
    return "cluster-" + to_hex(raw).substr(0, 11);
}

cluster::HsmOptions hsm_options(const Settings& settings, const Layout& layout, const config::Hsm& hsm) {
    cluster::HsmOptions options;
    options.hsm_id = hsm.name;
    options.zone = hsm.zone;
    options.state_dir = layout.hsm(hsm.name);
    options.module = hsm.module;
    options.accept_weak_module = hsm.accept_weak_module;
    options.host_arguments = host_arguments(settings);
    return options;
}

// What an interrupted founding left: tokens without a cluster, whose PINs nobody recorded.
Status<> clear_remains(Kind kind, const Layout& layout) {
    std::vector<std::filesystem::path> left{layout.root / "hsm", layout.vault()};
    std::erase_if(left, [](const std::filesystem::path& path) { return !std::filesystem::exists(path); });
    if (kind == Kind::production && !left.empty()) {
        return Error(Errc::conflict,
                     fmt::format("{}{}{}: left from a founding that did not finish, and the store knows no "
                                 "cluster: remove what is named here and start again",
                                 left.front().string(), left.size() > 1 ? " and " : "",
                                 left.size() > 1 ? left.back().string() : ""));
    }
    for (const std::filesystem::path& remains : left) {
        std::error_code error;
        std::filesystem::remove_all(remains, error);
        if (error) {
            return Error(Errc::io_error,
                         fmt::format("{}: cannot remove: {}", remains.string(), error.message()));
        }
    }
    return done;
}

void print_step(std::string_view step, std::chrono::milliseconds took) {
    fmt::print("  {:<50} {:5.2f} s\n", step, static_cast<double>(took.count()) / 1000);
    std::fflush(stdout);
}

Status<> record_cluster(store::Store& store, const store::SealingKey& key, Random& random,
                        const std::string& id, const std::string& anchor_pem, cluster::Founded founded) {
    store::ClusterRecord row = cloudhsm::cluster_row(ClusterId(id), std::move(founded.facts));
    row.certificate_pem = std::move(founded.certificate_pem);
    row.trust_anchor_pem = anchor_pem;
    std::vector<store::HsmRecord> hsms;
    for (const cluster::FoundedHsm& hsm : founded.hsms) {
        auto record = cloudhsm::token_row(hsm, row.id, key, random);
        if (!record) {
            return std::move(record).error();
        }
        hsms.push_back(*std::move(record));
    }
    if (founded.vault) {
        auto vault = cloudhsm::token_row(*founded.vault, ClusterId(), key, random);
        if (!vault) {
            return std::move(vault).error();
        }
        hsms.push_back(*std::move(vault));
    }
    return commit(store, [&](store::Txn& txn) {
        Status<> put = txn.put(row);
        for (const store::HsmRecord& hsm : hsms) {
            if (put) {
                put = txn.put(hsm);
            }
        }
        return put;
    });
}

}  // namespace

std::vector<std::string> host_arguments(const Settings& settings) {
    // Quiet: what matters of a host's life is in our own log.
    std::vector<std::string> arguments{"--quiet", "--key-memory",
                                       std::to_string(settings.config.cluster.key_memory_mb)};
    if (settings.allow_core) {
        arguments.emplace_back("--allow-core");
    }
    return arguments;
}

Status<> found_cluster(const Settings& settings, const Layout& layout, store::Store& store,
                       const store::SealingKey& key, asio::io_context& control, const Clock& clock,
                       Random& random) {
    Result<Bytes> recovery = recovery_key(settings.config.cluster);
    if (!recovery) {
        return std::move(recovery).error();
    }
    if (Status<> clear = clear_remains(settings.kind, layout); !clear) {
        return clear;
    }
    auto authority = cluster::DevAuthority::create(kind_name(settings.kind), clock.wall());
    if (!authority) {
        return std::move(authority).error();
    }
    cluster::FoundingOptions options;
    options.cluster_id = new_cluster_id(random);
    options.host_program = settings.host_program;
    for (const config::Hsm& hsm : settings.config.hsms) {
        options.hsms.push_back(hsm_options(settings, layout, hsm));
    }
    options.membership = membership(settings.config.cluster);
    options.recovery.public_key = *std::move(recovery);
    if (settings.config.cluster.recovery == config::Recovery::vault) {
        cluster::HsmOptions& vault = options.recovery.vault.emplace();
        vault.hsm_id = "recovery-vault";
        vault.zone = "vault";
        vault.state_dir = layout.vault();
        vault.module = settings.config.hsms.front().module;
        vault.host_arguments = {"--quiet"};
    }
    options.organization = "Claviger";
    options.organizational_unit = kind_name(settings.kind);
    options.trust_anchor_pem = authority->certificate_pem();
    options.sign_request = [&](ByteView request) { return authority->sign(request, clock.wall()); };
    options.progress = print_step;

    fmt::print("founding {} of {} HSMs\n", options.cluster_id, options.hsms.size());
    std::fflush(stdout);
    const std::string cluster_id = options.cluster_id;
    const MonoTime begun = clock.mono();
    std::optional<Result<cluster::Founded>> founded;
    const auto root = [&]() -> asio::awaitable<void> {
        founded.emplace(co_await cluster::found_cluster(control, std::move(options), clock, random));
    };
    asio::co_spawn(control, root(), [&](const std::exception_ptr& failure) {
        if (failure) {
            try {
                std::rethrow_exception(failure);
            } catch (const std::exception& error) {
                founded.emplace(
                    Error(Errc::internal, std::string("founding the cluster failed: ") + error.what()));
            }
        }
        control.stop();
    });
    control.restart();
    control.run();
    if (!founded) {
        return Error(Errc::conflict, "founding the cluster was interrupted");
    }
    if (!*founded) {
        return std::move(*founded).error();
    }
    Status<> recorded =
        record_cluster(store, key, random, cluster_id, authority->certificate_pem(), **std::move(founded));
    if (recorded) {
        print_step("cluster founded, in all",
                   std::chrono::duration_cast<std::chrono::milliseconds>(clock.mono() - begun));
    }
    return recorded;
}

Result<Bytes> recovery_key(const config::Cluster& config) {
    constexpr std::size_t kMaxFile = 1 << 16;
    if (config.recovery == config::Recovery::vault) {
        return Bytes();
    }
    if (config.recovery_key.empty()) {
        return Error(
            Errc::bad_config,
            "cluster.recovery = \"offline\" needs cluster.recovery-key: make the pair with claviger "
            "recovery create on a machine of its holder, bring the public half here and name its file; "
            "or set cluster.recovery = \"vault\" if this is a test");
    }
    const Result<Bytes> file = read_file(config.recovery_key, kMaxFile);
    Result<Bytes> key = file ? cluster::recovery_key_of(as_text(*file)) : Result<Bytes>(file.error());
    if (!key) {
        return Error(Errc::bad_config, fmt::format("cluster.recovery-key {}: {}",
                                                   config.recovery_key.string(), key.error().detail));
    }
    return key;
}

cluster::MembershipRule membership(const config::Cluster& config) noexcept {
    return config.membership == config::Membership::sealed ? cluster::MembershipRule::sealed
                                                           : cluster::MembershipRule::open;
}

Result<std::size_t> seal_clusters(const config::Cluster& config, store::Store& store,
                                  const store::Contents& contents) {
    std::vector<store::ClusterRecord> open;
    if (config.membership == config::Membership::sealed) {
        std::ranges::copy_if(contents.clusters, std::back_inserter(open),
                             [](const store::ClusterRecord& row) { return !row.sealed(); });
    }
    if (open.empty()) {
        return std::size_t{0};
    }
    const Status<> sealed = commit(store, [&](store::Txn& txn) {
        Status<> put = done;
        for (store::ClusterRecord row : open) {
            row.membership = store::ClusterRecord::kSealed;
            put = put ? txn.put(std::move(row)) : put;
        }
        return put;
    });
    if (!sealed) {
        return sealed.error();
    }
    return open.size();
}

const store::ClusterRecord* default_cluster(const store::Contents& contents) {
    for (const store::ClusterRecord& row : contents.clusters) {
        if (std::ranges::find(contents.cloudhsm_clusters, row.id, &store::CloudHsmClusterRecord::id) ==
            contents.cloudhsm_clusters.end()) {
            return &row;
        }
    }
    return nullptr;
}

Result<cluster::ClusterOptions> cluster_options(const Settings& settings, const Layout& layout,
                                                const store::Contents& contents) {
    const store::ClusterRecord& row = *default_cluster(contents);
    cluster::ClusterOptions options;
    options.cluster_id = row.id.value();
    options.cwk_generation = row.cwk_generation;
    options.host_program = settings.host_program;
    options.certificate_pem = row.certificate_pem;
    options.trust_anchor_pem = row.trust_anchor_pem;
    options.check_token = row.check_token;
    options.identity_token = row.identity_token;
    options.membership = row.sealed() ? cluster::MembershipRule::sealed : cluster::MembershipRule::open;
    for (const config::Hsm& hsm : settings.config.hsms) {
        const auto known = std::ranges::find_if(contents.hsms, [&](const store::HsmRecord& record) {
            return record.id.value() == hsm.name && record.cluster == row.id;
        });
        if (known == contents.hsms.end()) {
            return Error(Errc::bad_config,
                         fmt::format("{} is not a member of {}: the store was founded with other HSMs. "
                                     "Name the ones it has, or use another data directory",
                                     hsm.name, row.id.value()));
        }
        cluster::HsmOptions member = hsm_options(settings, layout, hsm);
        member.serial = known->serial;
        options.hsms.push_back(std::move(member));
    }
    options.log = [](cluster::Severity severity, std::string_view hsm, std::string_view text) {
        const observe::Level level = severity == cluster::Severity::info      ? observe::Level::info
                                     : severity == cluster::Severity::warning ? observe::Level::warn
                                                                              : observe::Level::error;
        observe::log(level, "cluster.hsm", {{"hsm", hsm}, {"event", text}});
    };
    return options;
}

}  // namespace claviger::app
