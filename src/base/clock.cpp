#include <claviger/base/clock.hpp>

#include <sys/random.h>

#include <cerrno>
#include <cstdlib>

#include <claviger/base/encoding.hpp>

namespace claviger {

WallTime SystemClock::wall() const {
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

MonoTime SystemClock::mono() const {
    return std::chrono::steady_clock::now();
}

std::string Random::uuid() {
    std::array<std::byte, 16> raw;
    fill(raw);
    return to_uuid(raw);
}

void SystemRandom::fill(std::span<std::byte> out) {
    while (!out.empty()) {
        const ssize_t got = getrandom(out.data(), out.size(), 0);
        if (got < 0 && errno != EINTR) {
            std::abort();  // without randomness nothing here is safe
        }
        if (got > 0) {
            out = out.subspan(static_cast<std::size_t>(got));
        }
    }
}

}  // namespace claviger
