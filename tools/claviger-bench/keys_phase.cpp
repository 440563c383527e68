// Many keys: how fast they are made, found and used when all or some of them are loaded in the HSMs.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <list>
#include <stdexcept>

#include <claviger/base/clock.hpp>

#include "tools/claviger-bench/kms_traffic.hpp"
#include "tools/claviger-bench/phases.hpp"
#include "tools/claviger-bench/service.hpp"

namespace claviger::bench {
namespace {

// What a host counts for a loaded key, and the share of its memory that is for secret keys (claviger-hsm
// --help).
constexpr double kKeyBytes = 8300;
constexpr double kShareOfSecretKeys = 0.75;
constexpr double kMegabyte = 1024 * 1024;
constexpr int kMostWarmUps = 60;
constexpr unsigned kMostCreators = 16;  // more would only wait: keys are made in one lane of each HSM

// The least --key-memory that holds so many keys.
unsigned megabytes_for(double keys) {
    return static_cast<unsigned>(keys * kKeyBytes / kShareOfSecretKeys / kMegabyte) + 1;
}

// CreateKey; keeps the ids.
class CreateTraffic final : public Traffic {
public:
    CreateTraffic(Signer signer, std::vector<std::string>& ids) : signer_(std::move(signer)), ids_(ids) {}

    std::string_view next(std::size_t) override {
        signer_.request(request_, "CreateKey", "{}");
        return request_;
    }
    bool check(std::size_t, unsigned status, std::string_view, std::string_view body) override {
        // No key, and no wrong answer: clients ask again, and the last ones meet the quota of an account.
        if (status == 400 && (body.find("ThrottlingException") != std::string_view::npos ||
                              body.find("LimitExceededException") != std::string_view::npos)) {
            return true;
        }
        constexpr std::string_view kMember = R"("KeyId":")";
        const std::size_t at = body.find(kMember);
        if (status != 200 || at == std::string_view::npos) {
            return false;
        }
        ids_.emplace_back(body.substr(at + kMember.size(), 36));
        return true;
    }

private:
    Signer signer_;
    std::vector<std::string>& ids_;
    std::string request_;
};

// An operation on a key drawn from `ids` for each request, every request signed for its own.
class RandomKeyTraffic final : public Traffic {
public:
    RandomKeyTraffic(Signer signer, std::string operation, const std::vector<std::string>& ids,
                     std::uint64_t seed)
        : signer_(std::move(signer)),
          operation_(std::move(operation)),
          proof_(operation_ == "DescribeKey" ? R"("KeyMetadata":{)" : R"("CiphertextBlob":")"),
          ids_(ids),
          state_(seed) {}

    std::string_view next(std::size_t) override {
        state_ = state_ * 6364136223846793005U + 1442695040888963407U;  // Knuth's MMIX; nothing secret
        const std::string& id = ids_[(state_ >> 33U) % ids_.size()];
        body_ = operation_ == "DescribeKey"
                    ? fmt::format(R"({{"KeyId":"{}"}})", id)
                    : fmt::format(R"({{"KeyId":"{}","Plaintext":"{}"}})", id, kPlaintextBase64);
        signer_.request(request_, operation_, body_);
        return request_;
    }
    bool check(std::size_t, unsigned status, std::string_view, std::string_view body) override {
        return status == 200 && body.find(proof_) != std::string_view::npos;
    }

private:
    Signer signer_;
    std::string operation_;
    std::string proof_;
    const std::vector<std::string>& ids_;
    std::uint64_t state_;
    std::string body_;
    std::string request_;
};

class KeysPhase {
public:
    KeysPhase(const Options& options, Report& report)
        : options_(options),
          report_(report),
          connections_(*std::ranges::max_element(options.connections)),
          service_(options, memory_for(1)) {}

    void create() {
        const std::vector<std::size_t> before = memory();
        const unsigned creators = std::min(connections_, kMostCreators);
        LoadResult result;
        double seconds = 0;
        while (ids_.size() < options_.keys) {
            std::list<std::vector<std::string>> made;
            LoadOptions load = load_of(Seconds(1));
            load.connections = creators;
            load.warm_up = Seconds(0);
            result = run_load(load, [&](unsigned) {
                return std::make_unique<CreateTraffic>(signer(), made.emplace_back());
            });
            judge("CreateKey", result);
            seconds += result.seconds.count();
            const std::size_t had = ids_.size();
            for (const std::vector<std::string>& part : made) {
                ids_.insert(ids_.end(), part.begin(), part.end());
            }
            if (ids_.size() == had) {
                throw std::runtime_error("keys: no key was made in a second");
            }
        }
        Row row = to_row("keys", "CreateKey", creators, result);  // latencies: of the last second
        row.rate = static_cast<double>(ids_.size()) / seconds;
        report_.rows.push_back(row);
        const std::vector<std::size_t> after = memory();
        report_.notes.push_back(fmt::format("{} keys: {:.0f} bytes of claviger's memory each", ids_.size(),
                                            static_cast<double>(after[0] - before[0]) / keys()));
    }

    void measure(double share) {
        const std::string percent = fmt::format("{:.0f} % loaded", share * 100);
        service_.restart(options_, memory_for(share));
        report_.notes.push_back(fmt::format("{} keys, {}: ready after {:.2f} s", ids_.size(), percent,
                                            service_.time_to_ready().count()));
        warm_up(share);
        const std::vector<std::string> one{ids_.front()};
        const std::string one_key = "Encrypt, one key, " + percent;
        const std::string random_key = "Encrypt, random key, " + percent;
        Report points;
        for (unsigned number = 0; number < options_.rounds; ++number) {
            // In turn: on a machine that others use only neighbours in time can be held against each other.
            Report round;
            round.rows.push_back(measure(one_key, "Encrypt", one));
            round.rows.push_back(measure(random_key, "Encrypt", ids_));
            round.rows.push_back(measure("DescribeKey, random key, " + percent, "DescribeKey", ids_));
            points.keep_best(std::move(round));
        }
        const double loads_before = service_.metric("claviger_hsm_key_loads_total");
        const LoadResult last = run("Encrypt", ids_, options_.point);
        const double loads = service_.metric("claviger_hsm_key_loads_total") - loads_before;
        report_.notes.push_back(
            fmt::format("Encrypt, {}: {:.2f} key loads a request, {:.0f} MiB in an HSM host", percent,
                        loads / static_cast<double>(std::max<std::uint64_t>(1, last.answered)),
                        largest_host() / kMegabyte));
        const double required = share >= 1 ? 0.8 : share <= 0.1 ? 0.25 : 0;
        const auto rate = [&](const std::string& name) {
            return points.find("keys", name, connections_)->rate;
        };
        report_.ratios.push_back({fmt::format("Encrypt over {} keys, {} / one key", ids_.size(), percent),
                                  rate(random_key) / rate(one_key), required * options_.slack});
        std::ranges::move(points.rows, std::back_inserter(report_.rows));
    }

    void end() { service_.stop(); }

private:
    double keys() const { return static_cast<double>(std::max(ids_.size(), options_.keys)); }
    std::vector<std::string> memory_for(double share) const {
        return {"--key-memory", std::to_string(megabytes_for(keys() * share))};
    }
    Signer signer() const { return Signer(service_.credentials(), service_.host()); }

    LoadOptions load_of(Seconds duration) const {
        LoadOptions load;
        load.port = service_.port();
        load.connections = connections_;
        load.threads = options_.threads;
        load.warm_up = options_.warm_up;
        load.duration = duration;
        return load;
    }

    void judge(const std::string& what, const LoadResult& result) {
        if (result.failed > 0) {
            report_.failures.push_back(fmt::format("keys, {}: {} wrong answers, the first: {}", what,
                                                   result.failed, result.first_failure));
        }
    }

    LoadResult run(const std::string& operation, const std::vector<std::string>& ids, Seconds duration,
                   const Marker& begin = {}, const Marker& end = {}) {
        const auto traffic = [&](unsigned) {
            return std::make_unique<RandomKeyTraffic>(signer(), operation, ids, ++seed_);
        };
        return run_load(load_of(duration), traffic, begin, end);
    }

    Row measure(const std::string& name, const std::string& operation, const std::vector<std::string>& ids) {
        CpuMeter cpu(service_);
        const LoadResult result = run(
            operation, ids, options_.point, [&] { cpu.begin(); }, [&] { cpu.end(); });
        judge(name, result);
        Row row = to_row("keys", name, connections_, result);
        row.cpu = cpu.per_request(result.requests);
        return row;
    }

    // Until what can be loaded is: few loads a request if all fit, else a steady share of them.
    void warm_up(double share) {
        double last = 0;
        for (int i = 0; i < kMostWarmUps; ++i) {
            const double before = service_.metric("claviger_hsm_key_loads_total");
            const LoadResult result = run("Encrypt", ids_, Seconds(1));
            const double loads = (service_.metric("claviger_hsm_key_loads_total") - before) /
                                 static_cast<double>(std::max<std::uint64_t>(1, result.answered));
            const bool steady = share >= 1 ? loads < 0.01 : i > 0 && loads > last * 0.97 && loads < 1;
            if (steady) {
                return;
            }
            last = loads;
        }
        report_.notes.push_back("keys: the HSMs were still loading keys when the measurement began");
    }

    // claviger first, then its hosts.
    std::vector<std::size_t> memory() const {
        std::vector<std::size_t> all;
        for (const NamedProcess& process : service_.processes()) {
            all.push_back(resident_bytes(process.pid));
        }
        return all;
    }
    double largest_host() const {
        const std::vector<std::size_t> all = memory();
        return static_cast<double>(*std::max_element(all.begin() + 1, all.end()));
    }

    const Options& options_;
    Report& report_;
    const unsigned connections_;
    std::vector<std::string> ids_;
    Service service_;
    std::uint64_t seed_ = 0;
};

}  // namespace

void run_keys(const Options& options, Report& report) {
    if (options.endpoint_port) {
        report.notes.push_back("keys: left out, since it needs a service of its own");
        return;
    }
    KeysPhase phase(options, report);
    phase.create();
    for (const double share : {1.0, 0.5, 0.1}) {
        phase.measure(share);
    }
    phase.end();
}

}  // namespace claviger::bench
