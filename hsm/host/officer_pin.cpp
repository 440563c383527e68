#include "hsm/host/officer_pin.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include <claviger/base/clock.hpp>
#include <claviger/base/descriptor.hpp>
#include <claviger/base/digest.hpp>
#include <claviger/base/encoding.hpp>
#include <claviger/base/files.hpp>

#include "hsm/host/files.hpp"
#include "hsm/host/log.hpp"
#include "hsm/link/control.hpp"
#include "hsm/link/return_values.hpp"

namespace claviger::host {

namespace {

constexpr std::size_t kSalt = 16;

Error unusable_pin_file(std::string_view why) {
    return Error(Errc::bad_config, "its officer-pin-file " + std::string(why));
}

// systemd guards what it puts there, with an access list that the mode does not show.
bool is_credential(const std::string& file) {
    const char* const directory = std::getenv("CREDENTIALS_DIRECTORY");
    return directory != nullptr && file.starts_with(std::string(directory) + "/");
}

}  // namespace

Error explained(const Error& error, const PinWords& words) {
    if (error.code != Errc::pin_refused) {
        return error;
    }
    const PinWords& told = error.ckr == link::kPinLocked ? kLockedPin : words;
    return Error(Errc::pin_refused,
                 std::string(told.whose) + " (" + error.detail + "): " + std::string(told.advice), error.ckr);
}

Result<OfficerPin> OfficerPin::read(const Options& options) {
    const std::string& path = options.officer_pin_file;
    // Without the path: every client of the account reads it in StateMessage.
    const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat facts {};
    if (!file || fstat(file.get(), &facts) != 0) {
        return unusable_pin_file("cannot be opened: " + std::generic_category().message(errno));
    }
    if (!S_ISREG(facts.st_mode)) {
        return unusable_pin_file("must be a regular file of the service's user");
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
    // systemd writes a credential anew at each start of the unit: that is nobody's act.
    const std::int64_t written =
        is_credential(path) ? 0 : facts.st_mtim.tv_sec * std::int64_t{1'000'000'000} + facts.st_mtim.tv_nsec;
    OfficerPin read(options, std::move(content), written);
    const Result<bool> refused = read.was_refused();
    if (!refused) {
        return refused.error();
    }
    if (*refused) {
        return Error(Errc::pin_refused,
                     "it was refused before, and is not tried again before its file is written anew (a "
                     "systemd credential: before it holds another PIN)");
    }
    return read;
}

std::string OfficerPin::memory() const {
    const std::string name = to_hex(sha256(as_bytes(options_->serial)));  // a serial may hold any character
    return std::filesystem::path(options_->state).parent_path() /
           ("refused-officer-pin-" + name.substr(0, 32));
}

Bytes OfficerPin::mark(ByteView salt) const {
    Bytes data = to_bytes(salt);
    append(data, as_bytes(std::to_string(written_)));
    Bytes marked = to_bytes(salt);
    append(marked, hmac_sha256(pin_.reveal(SecretAccess()), data));
    return marked;
}

Result<bool> OfficerPin::was_refused() const {
    const auto kept = read_file(memory(), kSalt + sizeof(Sha256Digest));
    if (!kept) {
        return kept.error();
    }
    if (!*kept || (*kept)->size() < kSalt) {
        return false;
    }
    const ByteView content = (*kept)->reveal(SecretAccess());
    return equal_constant_time(content, mark(content.first(kSalt)));
}

Error OfficerPin::note(const Error& failure) const {
    if (failure.code == Errc::pin_refused && failure.ckr == link::kPinIncorrect) {
        std::array<std::byte, kSalt> salt;
        SystemRandom().fill(salt);
        if (const Status<> noted = replace_file(memory(), mark(salt)); !noted) {
            log(Level::error, "a refused PIN could not be noted: " + noted.error().describe());
        }
    }
    return failure;
}

}  // namespace claviger::host
