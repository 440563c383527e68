#include "tests/integration/cluster/cluster_rig.hpp"

#include <claviger/cluster/trust.hpp>

namespace claviger::testing {

using namespace claviger::cluster;

TemporaryDirectory::TemporaryDirectory() {
    char path[] = "/tmp/claviger-cluster-XXXXXX";
    path_ = ::mkdtemp(path);
}

TemporaryDirectory::~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::vector<HsmOptions> hsm_options(const std::filesystem::path& directory, std::size_t count) {
    std::vector<HsmOptions> all;
    for (std::size_t i = 0; i < count; ++i) {
        HsmOptions hsm;
        hsm.hsm_id = "hsm-0000000000" + std::string(1, static_cast<char>('a' + i));
        hsm.zone = std::string(1, static_cast<char>('a' + i));
        hsm.state_dir = directory / hsm.hsm_id;
        hsm.module = CLAVIGER_SOFTHSM;
        all.push_back(std::move(hsm));
    }
    return all;
}

Result<FoundedCluster> found(const std::filesystem::path& directory, std::size_t count) {
    return found(directory, hsm_options(directory, count));
}

Result<FoundedCluster> found(const std::filesystem::path& directory, std::vector<HsmOptions> hsms) {
    const SystemClock clock;
    SystemRandom random;
    boost::asio::io_context io{1};
    Result<DevAuthority> authority = DevAuthority::create("dev", clock.wall());
    if (!authority) {
        return authority.error();
    }
    FoundedCluster result;
    result.anchor_pem = authority->certificate_pem();
    FoundingOptions options;
    options.cluster_id = result.cluster_id;
    options.host_program = CLAVIGER_HSM_PROGRAM;
    options.hsms = std::move(hsms);
    HsmOptions vault;
    vault.hsm_id = "vault";
    vault.zone = "vault";
    vault.state_dir = directory / "vault";
    vault.module = CLAVIGER_SOFTHSM;
    options.recovery.vault = std::move(vault);
    options.organization = "Claviger";
    options.organizational_unit = "dev";
    options.sign_request = [&](ByteView request) { return authority->sign(request, clock.wall()); };
    options.trust_anchor_pem = result.anchor_pem;
    options.progress = [&](std::string_view step, std::chrono::milliseconds took) {
        result.steps.push_back(std::string(step) + ": " + std::to_string(took.count()) + " ms");
    };
    const MonoTime began = clock.mono();
    Result<Founded> founded = run(io, found_cluster(io, std::move(options), clock, random));
    if (!founded) {
        return founded.error();
    }
    result.took = std::chrono::duration_cast<std::chrono::milliseconds>(clock.mono() - began);
    result.founded = *std::move(founded);
    return result;
}

ClusterOptions cluster_options(const FoundedCluster& founded, const std::filesystem::path& directory) {
    ClusterOptions options;
    options.cluster_id = founded.cluster_id;
    options.cwk_generation = founded.founded.facts.cwk_generation;
    options.hsms = hsm_options(directory, founded.founded.hsms.size());
    for (std::size_t i = 0; i < options.hsms.size(); ++i) {
        options.hsms[i].serial = founded.founded.hsms[i].serial;
    }
    options.host_program = CLAVIGER_HSM_PROGRAM;
    options.certificate_pem = founded.founded.certificate_pem;
    options.trust_anchor_pem = founded.anchor_pem;
    options.check_token = founded.founded.facts.check_token;
    options.identity_token = founded.founded.facts.identity_token;
    options.seed = 1;
    return options;
}

}  // namespace claviger::testing
