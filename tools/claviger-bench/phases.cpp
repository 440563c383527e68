#include "tools/claviger-bench/phases.hpp"

#include <fmt/format.h>

#include <claviger/base/clock.hpp>
#include <claviger/base/encoding.hpp>

#include "tools/claviger-bench/noop_server.hpp"
#include "tools/claviger-bench/operations.hpp"
#include "tools/claviger-bench/raw_rates.hpp"
#include "tools/claviger-bench/signer.hpp"

namespace claviger::bench {
namespace {

Row raw_row(const std::string& operation, unsigned processes, const RawRate& rate) {
    Row row;
    row.part = "raw";
    row.operation = operation;
    row.width = processes;
    row.rate = rate.per_second;
    row.cpu = {{"token", rate.cpu_microseconds}};
    return row;
}

// Sends one request again and again.
class FixedTraffic final : public Traffic {
public:
    explicit FixedTraffic(std::string request) : request_(std::move(request)) {}
    std::string_view next(std::size_t) override { return request_; }
    bool check(std::size_t, unsigned status, std::string_view, std::string_view) override {
        return status == 200;
    }

private:
    std::string request_;
};

// As long as what the service answers to GenerateDataKey: a 32-byte key and the blob that holds it.
FixedAnswer data_key_answer() {
    constexpr std::size_t kBlob = 34 + 12 + 32 + 16;
    SystemRandom random;
    Bytes key(32);
    Bytes blob(kBlob);
    random.fill(key);
    random.fill(blob);
    return {
        "application/x-amz-json-1.1", random.uuid(),
        fmt::format(R"({{"CiphertextBlob":"{}","Plaintext":"{}","KeyId":"arn:aws:kms:us-east-1:)"
                    R"(000000000000:key/{}","KeyMaterialId":"{}"}})",
                    to_base64(blob), to_base64(key), random.uuid(), to_hex(sha256(as_bytes("material"))))};
}

std::string data_key_request(std::uint16_t port) {
    Signer signer({"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"},
                  fmt::format("127.0.0.1:{}", port));
    std::string request;
    signer.request(request, "GenerateDataKey",
                   R"({"KeyId":"00000000-0000-4000-8000-000000000000","KeySpec":"AES_256",)"
                   R"("EncryptionContext":{"purpose":"bench","request":"1234567"}})");
    return request;
}

void measure_server(const Options& options, Report& report, const std::string& part, Child& server,
                    std::uint16_t port) {
    for (const unsigned connections : options.connections) {
        LoadOptions load;
        load.port = port;
        load.connections = connections;
        load.threads = options.threads;
        load.warm_up = options.warm_up;
        load.duration = options.point;
        const std::string request = data_key_request(port);
        std::vector<pid_t> processes{server.pid()};
        for (const NamedProcess& process : descendants_of(server.pid())) {
            processes.push_back(process.pid);
        }
        Seconds server_cpu{0};
        Seconds generator_cpu{0};
        const auto add = [&](double sign) {
            for (const pid_t process : processes) {
                server_cpu += sign * cpu_of(process);
            }
            generator_cpu += sign * own_cpu();
        };
        const LoadResult result = run_load(
            load, [&](unsigned) { return std::make_unique<FixedTraffic>(request); }, [&] { add(-1); },
            [&] { add(1); });
        Row row = to_row(part, "GenerateDataKey", connections, result);
        const double requests = static_cast<double>(std::max<std::uint64_t>(1, result.requests));
        row.cpu = {{"server", server_cpu.count() * 1e6 / requests},
                   {"generator", generator_cpu.count() * 1e6 / requests}};
        report.rows.push_back(row);
        if (result.failed > 0) {
            report.failures.push_back(part + ": " + result.first_failure);
        }
    }
}

double best_rate(const Report& report, std::string_view operation, unsigned width,
                 std::initializer_list<std::string_view> parts) {
    double best = 0;
    for (const std::string_view part : parts) {
        if (const Row* row = report.find(part, operation, width)) {
            best = std::max(best, row->rate);
        }
    }
    return best;
}

// CPU of one request in all processes together; 0 if the point was not measured.
double cpu_of_row(const Row* row) {
    double sum = 0;
    if (row != nullptr) {
        for (const auto& [name, value] : row->cpu) {
            sum += value;
        }
    }
    return sum;
}

// The least CPU that one request costs in an empty server, its generator included.
double least_cpu(const Report& report, unsigned width) {
    const double beast = cpu_of_row(report.find("noop", "GenerateDataKey", width));
    const double nginx = cpu_of_row(report.find("nginx", "GenerateDataKey", width));
    return beast == 0 || nginx == 0 ? std::max(beast, nginx) : std::min(beast, nginx);
}

// What acceptance asks of a point; 0 if it asks nothing.
double required_share(std::string_view part, std::string_view operation, unsigned connections) {
    if (find_key_operation(operation) != nullptr) {
        return 0;
    }
    if (connections == 64 && part == "replay") {
        return 0.80;
    }
    if (connections == 16 && part == "replay" && operation != "DescribeKey") {
        return 0.60;
    }
    return 0;
}

// Keys of other kinds are held against the tokens alone: most of the time of an RSA operation is theirs.
constexpr double kRequiredOfToken = 0.95;

void add_key_operation_ratio(const Options& options, Report& report, const std::string& operation,
                             unsigned connections) {
    const Row* const row = report.find("replay", operation, connections);
    const double token = best_rate(report, operation, options.cores, {"raw"});
    if (row != nullptr && token > 0) {
        report.ratios.push_back({fmt::format("{} at {} / tokens {:.0f}", operation, connections, token),
                                 row->rate / token, kRequiredOfToken * options.slack});
    }
}

}  // namespace

void run_raw(const Options& options, Report& report) {
    std::vector<unsigned> widths{1};
    if (options.cores > 1) {
        widths.push_back(options.cores);
    }
    for (const unsigned processes : widths) {
        for (const auto& [operation, rate] :
             measure_raw(options.module, processes, options.operations, options.point)) {
            report.rows.push_back(raw_row(operation, processes, rate));
        }
    }
}

void run_noop(const Options& options, Report& report) {
    const FixedAnswer answer = data_key_answer();
    {
        const std::uint16_t port = free_port();
        Child server = start_beast(port, options.cores, answer);
        measure_server(options, report, "noop", server, port);
    }
    const TempDirectory scratch;
    const std::uint16_t port = free_port();
    std::optional<Child> server = start_nginx(port, options.cores, answer, scratch.path());
    if (!server) {
        report.notes.push_back("nginx is not installed: N is the Beast server's rate");
        return;
    }
    measure_server(options, report, "nginx", *server, port);
    server->stop(std::chrono::seconds(3));
}

void add_ratios(const Options& options, Report& report) {
    const auto add = [&](std::string name, double value, double required) {
        report.ratios.push_back({std::move(name), value, required * options.slack});
    };
    const unsigned widest = *std::max_element(options.connections.begin(), options.connections.end());
    const double noop = best_rate(report, "GenerateDataKey", widest, {"noop", "nginx"});
    for (const std::string& operation : options.operations) {
        if (find_key_operation(operation) != nullptr) {
            add_key_operation_ratio(options, report, operation, widest);
        }
    }
    for (const char* part : {"http", "replay"}) {
        for (const std::string& operation : options.operations) {
            const double token = best_rate(report, operation, options.cores, {"raw"});
            const bool uses_token = operation != "DescribeKey";
            if (noop == 0 || (uses_token && token == 0)) {
                continue;
            }
            const double limit = uses_token ? 1 / (1 / noop + 1 / token) : noop;
            for (const unsigned connections : options.connections) {
                if (const Row* row = report.find(part, operation, connections)) {
                    add(fmt::format("{} {} at {} / {} {:.0f}", part, operation, connections,
                                    uses_token ? "limit" : "N", limit),
                        row->rate / limit, required_share(part, operation, connections));
                    const double token_cpu = cpu_of_row(report.find("raw", operation, options.cores));
                    if (const double cpu = cpu_of_row(row); row->cpu.size() > 1 && cpu > 0) {
                        add(fmt::format("  the same by CPU time ({:.1f} us)", cpu),
                            (least_cpu(report, widest) + token_cpu) / cpu, 0);
                    }
                }
            }
        }
    }
    for (const Row& row : report.rows) {
        const double token = best_rate(report, row.operation, 1, {"raw"});
        if (row.part == "link" && token > 0) {
            add(fmt::format("link {} at depth {} / raw token {:.0f}", row.operation, row.width, token),
                row.rate / token, row.width == 16 ? 0.85 : 0);
            if (!row.cpu.empty() && row.cpu.front().second > 0) {
                add(fmt::format("  the same by CPU time ({:.1f} us in the host)", row.cpu.front().second),
                    cpu_of_row(report.find("raw", row.operation, 1)) / row.cpu.front().second, 0);
            }
        }
    }
    if (noop > 0) {
        for (const char* operation : {"GenerateDataKey", "Encrypt", "Decrypt"}) {
            if (const double token = best_rate(report, operation, options.cores, {"raw"}); token > 0) {
                report.notes.push_back(fmt::format("{}: N {:.0f}, T {:.0f}, limit {:.0f} per second",
                                                   operation, noop, token, 1 / (1 / noop + 1 / token)));
            }
        }
    }
}

}  // namespace claviger::bench
