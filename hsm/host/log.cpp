#include "hsm/host/log.hpp"

#include <unistd.h>

#include <string>

namespace claviger::host {

namespace {

std::string& log_name() {
    static std::string name = "claviger-hsm";
    return name;
}

Level least_level = Level::info;

constexpr std::string_view word_of(Level level) noexcept {
    switch (level) {
        case Level::info: return "info";
        case Level::warning: return "warning";
        case Level::error: return "error";
    }
    return {};
}

}  // namespace

void set_log_name(std::string_view name) {
    log_name() = name;
}

void set_log_level(Level least) noexcept {
    least_level = least;
}

void log(Level level, std::string_view text) {
    if (level < least_level) {
        return;
    }
    std::string line = log_name();
    line.append(": ").append(word_of(level)).append(": ");
    for (const char c : text) {
        line.push_back(static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c);
    }
    line.push_back('\n');
    // A log that cannot be written must not stop the HSM.
    [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace claviger::host
