#include "tools/claviger-bench/service.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "tools/claviger-bench/load.hpp"

namespace claviger::bench {
namespace {

using Clock = std::chrono::steady_clock;

std::string environment(const char* name, const char* otherwise) {
    const char* value = std::getenv(name);
    return value == nullptr ? otherwise : value;
}

// The value of `export NAME=VALUE` among the lines that the service prints for a shell.
std::string exported(const std::string& lines, const std::string& name) {
    std::istringstream stream(lines);
    const std::string prefix = "export " + name + "=";
    for (std::string line; std::getline(stream, line);) {
        if (line.starts_with(prefix)) {
            return line.substr(prefix.size());
        }
    }
    throw std::runtime_error("the service's env file has no " + name);
}

// A host is named by its state directory.
std::string name_of(const NamedProcess& process) {
    std::string words = read_file("/proc/" + std::to_string(process.pid) + "/cmdline");
    std::istringstream stream(words);
    for (std::string word; std::getline(stream, word, '\0');) {
        if (word == "--state" && std::getline(stream, word, '\0')) {
            return std::filesystem::path(word).filename().string();
        }
    }
    return process.name;
}

}  // namespace

Service::Service(const Options& options, const std::vector<std::string>& arguments) {
    if (!options.endpoint_port) {
        start(options, arguments);
        return;
    }
    port_ = *options.endpoint_port;
    audit_ = options.audit;
    credentials_ = {environment("AWS_ACCESS_KEY_ID", ""), environment("AWS_SECRET_ACCESS_KEY", ""),
                    environment("AWS_REGION", "us-east-1")};
    if (credentials_.access_key_id.empty() || credentials_.secret_access_key.empty()) {
        throw std::runtime_error("--endpoint-port needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY");
    }
}

void Service::start(const Options& options, const std::vector<std::string>& arguments) {
    const std::filesystem::path data = scratch_.path() / "data";
    const std::filesystem::path ready = scratch_.path() / "ready";
    const std::filesystem::path log = scratch_.path() / "log";
    std::filesystem::remove(ready);
    port_ = free_port();
    admin_port_ = free_port();
    const Clock::time_point start = Clock::now();
    std::vector<std::string> command{(options.programs / "claviger").string(),
                                     "dev",
                                     "--no-key-store",  // its making would be measured and audited, too
                                     "--data",
                                     data.string(),
                                     "--listen",
                                     host(),
                                     "--admin-listen",
                                     fmt::format("127.0.0.1:{}", admin_port_),
                                     "--ready-file",
                                     ready.string()};
    command.insert(command.end(), arguments.begin(), arguments.end());
    child_.emplace(Child::start(command, log));
    while (!std::filesystem::exists(ready)) {
        if (!child_->running() || Clock::now() - start > std::chrono::seconds(60)) {
            const std::string text = read_file(log);
            throw std::runtime_error("`claviger dev` did not become ready:\n" +
                                     text.substr(text.size() > 2000 ? text.size() - 2000 : 0));
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    time_to_ready_ = Clock::now() - start;
    const std::string lines = read_file(data / "env");
    credentials_ = {exported(lines, "AWS_ACCESS_KEY_ID"), exported(lines, "AWS_SECRET_ACCESS_KEY"),
                    exported(lines, "AWS_REGION")};
    audit_ = data / "audit";
}

std::string Service::host() const {
    return fmt::format("127.0.0.1:{}", port_);
}

std::vector<NamedProcess> Service::processes() const {
    std::vector<NamedProcess> found;
    if (!child_) {
        return found;
    }
    found.push_back({child_->pid(), "claviger"});
    for (const NamedProcess& process : descendants_of(child_->pid())) {
        found.push_back({process.pid, name_of(process)});
    }
    return found;
}

double Service::metric(const std::string& name) const {
    Client client(admin_port_);
    std::istringstream lines(client.send("GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").body);
    double sum = 0;
    for (std::string line; std::getline(lines, line);) {
        if (line.substr(0, line.find_first_of("{ ")) == name) {
            sum += std::stod(line.substr(line.rfind(' ') + 1));
        }
    }
    return sum;
}

void Service::restart(const Options& options, const std::vector<std::string>& arguments) {
    stop();
    child_.reset();
    start(options, arguments);
}

void Service::stop() {
    if (!child_) {
        return;
    }
    const int status = child_->stop(std::chrono::seconds(20));
    if (status != 0) {
        throw std::runtime_error(fmt::format("`claviger dev` ended with {} after SIGTERM", status));
    }
}

void CpuMeter::add(double sign) {
    for (std::size_t i = 0; i < processes_.size(); ++i) {
        spent_[i] += sign * cpu_of(processes_[i].pid);
    }
    spent_.back() += sign * own_cpu();
}

std::vector<std::pair<std::string, double>> CpuMeter::per_request(std::uint64_t requests) const {
    const double count = static_cast<double>(std::max<std::uint64_t>(1, requests));
    std::vector<std::pair<std::string, double>> found;
    for (std::size_t i = 0; i < processes_.size(); ++i) {
        found.emplace_back(processes_[i].name, spent_[i].count() * 1e6 / count);
    }
    found.emplace_back("generator", spent_.back().count() * 1e6 / count);
    return found;
}

}  // namespace claviger::bench
