#include "tools/claviger-bench/process.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <utility>

namespace claviger::bench {
namespace {

// Fields of /proc/PID/stat from the third on: the second, the command, may hold blanks.
std::vector<std::string> stat_fields(pid_t process) {
    const std::string text = read_file("/proc/" + std::to_string(process) + "/stat");
    const std::size_t end = text.rfind(')');
    if (end == std::string::npos) {
        return {};
    }
    std::istringstream rest(text.substr(end + 1));
    return {std::istream_iterator<std::string>(rest), {}};
}

Seconds of(const timeval& time) {
    return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
}

int connect_to(std::uint16_t port) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int result = ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    ::close(socket);
    return result;
}

}  // namespace

TempDirectory::TempDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "claviger-bench-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) {
        throw std::runtime_error("cannot make a directory like " + name);
    }
    path_ = name;
}

TempDirectory::~TempDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

Child Child::run(const std::function<void()>& body) {
    const pid_t parent = ::getpid();
    const pid_t pid = ::fork();
    if (pid < 0) {
        throw std::runtime_error("fork failed");
    }
    if (pid == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (::getppid() != parent) {
            ::_exit(1);
        }
        try {
            body();
        } catch (const std::exception& error) {
            ::dprintf(STDERR_FILENO, "claviger-bench: %s\n", error.what());
            ::_exit(1);
        }
        ::_exit(0);
    }
    return Child(pid);
}

Child Child::start(const std::vector<std::string>& command, const std::filesystem::path& log) {
    return run([&] {
        const int output = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
        ::dup2(output, STDOUT_FILENO);
        ::dup2(output, STDERR_FILENO);
        std::vector<char*> arguments;
        arguments.reserve(command.size() + 1);
        for (const std::string& argument : command) {
            arguments.push_back(const_cast<char*>(argument.c_str()));
        }
        arguments.push_back(nullptr);
        ::execv(arguments[0], arguments.data());
        throw std::runtime_error("cannot start " + command[0]);
    });
}

Child::Child(Child&& other) noexcept : pid_(std::exchange(other.pid_, 0)), status_(other.status_) {}

Child::~Child() {
    if (running()) {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, &status_, 0);
    }
}

bool Child::running() {
    if (pid_ != 0 && ::waitpid(pid_, &status_, WNOHANG) != 0) {
        pid_ = 0;
    }
    return pid_ != 0;
}

int Child::stop(std::chrono::milliseconds limit) {
    if (running()) {
        ::kill(pid_, SIGTERM);
    }
    const auto end = std::chrono::steady_clock::now() + limit;
    while (running() && std::chrono::steady_clock::now() < end) {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    if (running()) {
        return -1;
    }
    return WIFEXITED(status_) ? WEXITSTATUS(status_) : -1;
}

Seconds cpu_of(pid_t process) {
    const std::vector<std::string> fields = stat_fields(process);
    if (fields.size() < 13) {
        return Seconds(0);
    }
    const double ticks = std::stod(fields[11]) + std::stod(fields[12]);
    return Seconds(ticks / static_cast<double>(::sysconf(_SC_CLK_TCK)));
}

Seconds own_cpu() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return of(usage.ru_utime) + of(usage.ru_stime);
}

std::size_t resident_bytes(pid_t process) {
    std::istringstream lines(read_file("/proc/" + std::to_string(process) + "/status"));
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("VmRSS:")) {
            return std::stoul(line.substr(6)) * 1024;
        }
    }
    return 0;
}

std::vector<NamedProcess> descendants_of(pid_t process) {
    std::multimap<pid_t, pid_t> children;
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
        const std::string name = entry.path().filename();
        if (name.find_first_not_of("0123456789") != std::string::npos) {
            continue;
        }
        const pid_t pid = static_cast<pid_t>(std::stol(name));
        const std::vector<std::string> fields = stat_fields(pid);
        if (fields.size() > 1) {
            children.emplace(static_cast<pid_t>(std::stol(fields[1])), pid);
        }
    }
    std::vector<NamedProcess> found;
    std::vector<pid_t> parents{process};
    while (!parents.empty()) {
        const auto [begin, end] = children.equal_range(parents.back());
        parents.pop_back();
        for (auto child = begin; child != end; ++child) {
            std::string name = read_file("/proc/" + std::to_string(child->second) + "/comm");
            name.erase(name.find_last_not_of('\n') + 1);
            found.push_back({child->second, std::move(name)});
            parents.push_back(child->second);
        }
    }
    return found;
}

std::uint16_t free_port() {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    const bool bound = ::bind(socket, reinterpret_cast<const sockaddr*>(&address), size) == 0 &&
                       ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) == 0;
    ::close(socket);
    if (!bound) {
        throw std::runtime_error("no free port on the loopback interface");
    }
    return ntohs(address.sin_port);
}

void wait_for_port(std::uint16_t port, std::chrono::milliseconds limit) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (connect_to(port) != 0) {
        if (std::chrono::steady_clock::now() > end) {
            throw std::runtime_error("nothing listens on 127.0.0.1:" + std::to_string(port));
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
}

std::string read_file(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

void write_file(const std::filesystem::path& path, const std::string& text) {
    std::ofstream file(path, std::ios::binary);
    file << text;
    file.close();
    if (!file) {
        throw std::runtime_error("cannot write " + path.string());
    }
}

double load_average() {
    return std::atof(read_file("/proc/loadavg").c_str());
}

std::string processor_name() {
    const std::string text = read_file("/proc/cpuinfo");
    const std::size_t key = text.find("model name");
    const std::size_t start = text.find(": ", key);
    if (key == std::string::npos || start == std::string::npos) {
        return "unknown";
    }
    return text.substr(start + 2, text.find('\n', start) - start - 2);
}

}  // namespace claviger::bench
