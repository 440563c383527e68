// The PINs of this host's token on disk: a file sealed (AES-256-GCM) with a key file beside it, both of mode
// 0600. The seal keeps PINs out of copies of one file alone and finds every change; who has the directory has
// the token.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <claviger/base/result.hpp>
#include <claviger/base/secret.hpp>

namespace claviger::host {

struct PinVersion {
    std::uint64_t version = 0;  // counts up, never reused
    SecretBytes pin;
    PinVersion clone() const { return {version, pin.clone()}; }
};

struct KeptPins {
    std::optional<PinVersion> current;
    std::optional<PinVersion> next;      // being introduced: the token knows one of the two
    std::vector<std::uint64_t> refused;  // versions the token refused once; never tried again
    std::uint64_t last_version = 0;

    bool is_refused(std::uint64_t version) const noexcept;
    KeptPins clone() const;
};

// Threads: one at a time. Failure: values.
class PinStore {
public:
    // Reads DIR/pins; an absent file is the empty state. integrity: the seal does not fit.
    static Result<PinStore> open(const std::string& directory);

    const KeptPins& state() const noexcept { return state_; }
    // On disk (written beside, synced, renamed, directory synced) when it answers; the old state stays
    // otherwise.
    Status<> save(KeptPins state);

private:
    PinStore(std::string directory, SecretBytes key)
        : directory_(std::move(directory)), key_(std::move(key)) {}
    Status<> read();
    std::string directory_;
    SecretBytes key_;
    KeptPins state_;
};

}  // namespace claviger::host
