// Child processes, their CPU time and scratch space: what every phase of the benchmark needs.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace claviger::bench {

using Seconds = std::chrono::duration<double>;

// A directory of mode 0700 that goes with its object.
class TempDirectory {
public:
    TempDirectory();
    ~TempDirectory();
    TempDirectory(const TempDirectory&) = delete;  // a copy would remove it twice
    TempDirectory& operator=(const TempDirectory&) = delete;
    const std::filesystem::path& path() const noexcept { return path_; }

private:
    std::filesystem::path path_;
};

// A process of ours. It dies with this one (PR_SET_PDEATHSIG), and at the latest with its object.
class Child {
public:
    // Runs `body` in a fork of this process, which must have one thread at that moment.
    static Child run(const std::function<void()>& body);
    // Starts a program; its output goes to `log`.
    static Child start(const std::vector<std::string>& command, const std::filesystem::path& log);

    Child(Child&& other) noexcept;
    Child& operator=(Child&&) = delete;
    ~Child();

    pid_t pid() const noexcept { return pid_; }
    bool running();
    // SIGTERM, then SIGKILL after the limit. Answers the exit status, -1 if it had to be killed.
    int stop(std::chrono::milliseconds limit);

private:
    explicit Child(pid_t pid) noexcept : pid_(pid) {}
    pid_t pid_;
    int status_ = -1;
};

// User and system time of a process so far (proc(5), /proc/PID/stat fields 14 and 15): ticks of 10 ms.
Seconds cpu_of(pid_t process);
// The same for this process, precise.
Seconds own_cpu();

// Resident memory of a process (proc(5), VmRSS).
std::size_t resident_bytes(pid_t process);

struct NamedProcess {
    pid_t pid = 0;
    std::string name;
};
// Every descendant of a process, named by its command (proc(5), /proc/PID/comm).
std::vector<NamedProcess> descendants_of(pid_t process);

// A TCP port of 127.0.0.1 that was free a moment ago.
std::uint16_t free_port();
// Until something accepts there; throws when the limit is over.
void wait_for_port(std::uint16_t port, std::chrono::milliseconds limit);

std::string read_file(const std::filesystem::path& path);
void write_file(const std::filesystem::path& path, const std::string& text);
// Mean of running processes in the last minute: what else the machine was doing.
double load_average();
std::string processor_name();

}  // namespace claviger::bench
