// The service under test: started in scratch space, or one that runs already.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tools/claviger-bench/options.hpp"
#include "tools/claviger-bench/signer.hpp"

namespace claviger::bench {

class Service {
public:
    // `claviger dev` with a fresh data directory, or what --endpoint-port names. Throws with the end of the
    // service's log when it does not become ready.
    // `arguments`: further ones of `claviger dev`.
    explicit Service(const Options& options, const std::vector<std::string>& arguments = {});

    std::uint16_t port() const noexcept { return port_; }
    const Credentials& credentials() const noexcept { return credentials_; }
    std::string host() const;  // of the Host header
    Seconds time_to_ready() const noexcept { return time_to_ready_; }
    // All series of that name in /metrics together. Only of a service that was started here.
    double metric(const std::string& name) const;

    // claviger and its HSM hosts; empty for a service that is not ours.
    std::vector<NamedProcess> processes() const;
    // nullopt: nobody said where they are.
    const std::optional<std::filesystem::path>& audit() const noexcept { return audit_; }

    // SIGTERM; throws if the service does not end with 0.
    void stop();
    // The same data directory served again.
    void restart(const Options& options, const std::vector<std::string>& arguments);

private:
    void start(const Options& options, const std::vector<std::string>& arguments);

    TempDirectory scratch_;
    std::optional<Child> child_;
    std::uint16_t port_ = 0;
    std::uint16_t admin_port_ = 0;
    Credentials credentials_;
    std::optional<std::filesystem::path> audit_;
    Seconds time_to_ready_{0};
};

// What each process of a service and this one, its load generator, spend on a request.
class CpuMeter {
public:
    explicit CpuMeter(const Service& service)
        : processes_(service.processes()), spent_(processes_.size() + 1) {}
    void begin() { add(-1); }
    void end() { add(1); }
    // Microseconds by process; the generator is the last.
    std::vector<std::pair<std::string, double>> per_request(std::uint64_t requests) const;

private:
    void add(double sign);
    std::vector<NamedProcess> processes_;
    std::vector<Seconds> spent_;
};

}  // namespace claviger::bench
