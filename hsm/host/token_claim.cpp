#include "hsm/host/token_claim.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>

#include <claviger/base/files.hpp>
#include <claviger/base/token_serial.hpp>
#include <claviger/hsm/existing_token.hpp>

#include "hsm/host/files.hpp"
#include "hsm/host/pin_store.hpp"
#include "hsm/link/control.hpp"
#include "hsm/pin.hpp"

namespace claviger::host {

namespace {

constexpr auto kOfficerPatience = std::chrono::seconds(60);

Error unusable_pin_file(std::string_view why) {
    return Error(Errc::bad_config, "its officer-pin-file " + std::string(why));
}

// systemd guards what it puts there, with an access list that the mode does not show.
bool is_credential(const std::string& file) {
    const char* const directory = std::getenv("CREDENTIALS_DIRECTORY");
    return directory != nullptr && file.starts_with(std::string(directory) + "/");
}

std::string claimed_file(const Options& options) {
    return options.state + "/" + std::string(link::control::kClaimedFile);
}

// Is what bears our labels on this token ours to destroy?
Result<bool> is_claimed(const Options& options) {
    const auto claimed = read_file(claimed_file(options), kMaxTokenSerial);
    if (!claimed) {
        return claimed.error();
    }
    return *claimed && as_text((*claimed)->reveal(SecretAccess())) == options.serial;
}

Result<hsm::TokenFacts> find(const ClaimCall& call) {
    const Result<hsm::Guarded> guarded = hsm::Guarded::enter(&call.files);
    if (!guarded) {
        return guarded.error();
    }
    Result<hsm::TokenFacts> found = call.module.find_token(call.options.serial);
    if (!found && found.error().code == Errc::conflict) {
        return Error(Errc::conflict, "its module shows several tokens with this serial");
    }
    if (found || found.error().code != Errc::not_found) {
        return found;
    }
    return Error(
        Errc::not_found,
        "its module shows no initialized token with this serial: correct serial or module in [[hsm]], or how "
        "the module finds its tokens (SoftHSM: SOFTHSM2_CONF in the environment of the service)");
}

Error explained(const Error& error) {
    return error.code != Errc::pin_refused
               ? error
               : Error(Errc::pin_refused,
                       "the PIN in its officer-pin-file is not taken (" + error.detail +
                           "): correct the file, then log in once as its officer with a tool of the HSM, "
                           "because a "
                           "token that warns of a wrong PIN is not tried again",
                       error.ckr);
}

Status<> take_over(const ClaimCall& call, const hsm::TokenFacts& token, hsm::Claim claim) {
    const Result<SecretBytes> officer_pin = read_officer_pin(call.options.officer_pin_file);
    if (!officer_pin) {
        return officer_pin.error();
    }
    hsm::TokenOptions options;
    options.guard = &call.files;
    options.key_arn = call.options.key_arn;
    if (claim == hsm::Claim::first) {
        const auto officer = hsm::Officer::login(call.module, token.slot, *officer_pin, &call.files);
        if (!officer) {
            return explained(officer.error());
        }
        // Its officer lets us in, and nothing of it was changed yet.
        const Status<> noted = replace_file(claimed_file(call.options), as_bytes(call.options.serial));
        if (!noted) {
            return noted;
        }
    }
    const Status<> taken =
        hsm::take_over(call.module, {token.slot, *officer_pin, call.user_pin, claim}, options);
    return taken ? taken : explained(taken.error());
}

// Each error begins with the token it is about.
template <class Work>
Status<> about_token(const ClaimCall& call, Work work) {
    // Another officer process may be at it still, whose service was killed.
    const Result<softhsm::FileLock> alone =
        softhsm::FileLock::acquire(call.options.state + "/lock", kOfficerPatience);
    if (!alone) {
        return Error(Errc::deadline_exceeded, "another officer process works on it: " + alone.error().detail);
    }
    const Result<hsm::TokenFacts> token = find(call);
    Status<> worked = token ? work(*token) : Status<>(token.error());
    if (!worked) {
        return Error(worked.error().code, "token " + call.options.serial + ": " + worked.error().detail,
                     worked.error().ckr);
    }
    return worked;
}

}  // namespace

Result<SecretBytes> read_officer_pin(const std::string& path) {
    const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat facts {};
    if (!file || fstat(file.get(), &facts) != 0 || !S_ISREG(facts.st_mode)) {
        return unusable_pin_file("cannot be read: it must be a regular file of the service's user");
    }
    if (!is_credential(path) && facts.st_uid != geteuid() && facts.st_uid != 0) {
        return unusable_pin_file("is another user's, who can change it: chown it to the service's user");
    }
    if (!is_credential(path) && (facts.st_mode & 077) != 0) {
        return unusable_pin_file("can be read by other users: chmod 0600 it");
    }
    SecretBytes content(link::control::kMaxPin + 2);
    const std::span<std::byte> room = content.reveal_mutable(SecretAccess());
    const std::optional<std::size_t> got = read_all(file.get(), room);
    if (!got) {
        return os_error("read the officer-pin-file");
    }
    std::size_t size = *got;
    if (size > 0 && room[size - 1] == std::byte{'\n'}) {
        --size;
    }
    if (size == 0 || size > link::control::kMaxPin) {
        return unusable_pin_file(
            "holds no PIN: write the PIN of the token's officer (SO) into it, and nothing else");
    }
    content.resize(size);
    return content;
}

Status<> take_token(const ClaimCall& call) {
    return about_token(call, [&](const hsm::TokenFacts& token) -> Status<> {
        const Result<bool> claimed = is_claimed(call.options);
        if (!claimed) {
            return claimed.error();
        }
        if (*claimed) {
            Result<PinStore> pins = PinStore::open(call.options.state);
            const Status<> forgotten = pins ? pins->save({}) : Status<>(pins.error());
            return forgotten ? take_over(call, token, hsm::Claim::again) : forgotten;
        }
        const Status<> empty = hsm::expect_empty(call.module, token.slot);
        return empty ? take_over(call, token, hsm::Claim::first) : empty;
    });
}

Status<> give_back_token(const ClaimCall& call) {
    return about_token(call, [&](const hsm::TokenFacts& token) -> Status<> {
        const Result<bool> claimed = is_claimed(call.options);
        if (!claimed) {
            return claimed.error();
        }
        // The directory goes last: without it the token was wiped, which is seen.
        return *claimed ? take_over(call, token, hsm::Claim::give_back)
                        : hsm::expect_empty(call.module, token.slot);
    });
}

}  // namespace claviger::host
