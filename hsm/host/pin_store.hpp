// The PINs of this host's token on disk: a file sealed (AES-256-GCM) with a key file beside it, both of mode
// 0600. The seal keeps PINs out of copies of one file alone and finds every change; who has the directory has
// the token. Neither PINs nor the key stay in memory between two calls: a dump of a host holds none.
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
};

struct KeptPins {
    std::optional<PinVersion> current;
    std::optional<PinVersion> next;      // being introduced: the token knows one of the two
    std::vector<std::uint64_t> refused;  // versions the token refused once; never tried again
    std::uint64_t last_version = 0;

    bool is_refused(std::uint64_t version) const noexcept;
    // There, and not refused.
    bool usable(const std::optional<PinVersion>& pin) const noexcept {
        return pin && !is_refused(pin->version);
    }
};

// Threads: one at a time. Failure: values.
class PinStore {
public:
    // Makes the key if there is none, and reads once.
    static Result<PinStore> open(const std::string& directory);

    // An absent file is the empty state. integrity: the seal does not fit.
    Result<KeptPins> read() const;
    // On disk (written beside, synced, renamed, directory synced) when it answers; the old state stays
    // otherwise.
    Status<> save(const KeptPins& state);

private:
    explicit PinStore(std::string directory) : directory_(std::move(directory)) {}
    std::string directory_;
};

}  // namespace claviger::host
