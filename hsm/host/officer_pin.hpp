// The PIN of an officer who keeps it in a file of his: read when it is wanted, and tried once.
//
// A token may count wrong PINs without a flag that warns, and erase itself at the last. So beside the state
// directories of the HSMs, which come and go, a file for each serial remembers that this PIN was refused,
// until its own file is written anew.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <claviger/base/result.hpp>
#include <claviger/base/secret.hpp>

#include "hsm/host/options.hpp"

namespace claviger::host {

// How a refusal is told to whoever gave the PIN.
struct PinWords {
    std::string_view whose;
    std::string_view advice;
};
inline constexpr PinWords kTypedPin{
    "that is not its officer's PIN",
    "each wrong one counts, and enough of them lock the token or make it erase itself"};
// Whoever gave it, and whatever it was.
inline constexpr PinWords kLockedPin{
    "the token has locked its officer's PIN",
    "no PIN helps any more, only initialising the token anew, which destroys all that is on it (pkcs11-tool "
    "--init-token, or the tool of the HSM)"};

// pin_refused with those words about it, or those of a locked PIN; other errors as they are.
Error explained(const Error& error, const PinWords& words);

class OfficerPin {
public:
    // Without the newline that editors leave. bad_config: no such file, another user's, or others can read
    // it. pin_refused: the token refused it.
    static Result<OfficerPin> read(const Options& options);

    const SecretBytes& pin() const noexcept { return pin_; }
    // Of a login with it that failed; the same error. A wrong PIN is remembered.
    Error note(const Error& failure) const;

private:
    OfficerPin(const Options& options, SecretBytes pin, std::int64_t written)
        : options_(&options), pin_(std::move(pin)), written_(written) {}
    std::string memory() const;
    Bytes mark(ByteView salt) const;
    Result<bool> was_refused() const;

    const Options* options_;
    SecretBytes pin_;
    std::int64_t written_;  // when its file was, in ns
};

}  // namespace claviger::host
