// One token without any of our code: raw C_ calls on session objects.
#pragma once

#include <filesystem>
#include <memory>
#include <string_view>

namespace claviger::bench {

// A SoftHSM token in a directory of its own, with a session key for every operation. One for each process: it
// sets SOFTHSM2_CONF. Throws when the module cannot do something.
class RawToken {
public:
    RawToken(const std::filesystem::path& module, const std::filesystem::path& directory);
    ~RawToken();
    RawToken(const RawToken&) = delete;  // the module's state belongs to one
    RawToken& operator=(const RawToken&) = delete;

    class Impl;
    using Operation = void (Impl::*)();
    // What an operation (operations.hpp) costs a token: Encrypt AES-256-GCM of 64 bytes with AAD,
    // GenerateDataKey C_GenerateRandom of 32 bytes and their encryption, signatures over a SHA-256 digest.
    // nullptr: nothing.
    static Operation operation(std::string_view name);

    void run(Operation measured, int times);

private:
    std::unique_ptr<Impl> impl_;
};

}  // namespace claviger::bench
