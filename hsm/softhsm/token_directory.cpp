#include "hsm/softhsm/token_directory.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include <claviger/base/files.hpp>

#include "hsm/softhsm/object_file.hpp"

namespace claviger::softhsm {
namespace {

namespace fs = std::filesystem;

constexpr auto kLockPatience = std::chrono::seconds(10);
constexpr auto kTornPatience = std::chrono::seconds(2);
constexpr auto kTornPause = std::chrono::milliseconds(2);
constexpr std::string_view kTokenObject = "token.object";
constexpr std::string_view kGeneration = "generation";

std::optional<Bytes> read_file(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in) {
        return std::nullopt;
    }
    const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    return to_bytes(as_bytes(text));
}

bool is_object(const fs::path& path) {
    return path.extension() == ".object";
}

// Is the live file as whole as its shadow? A power failure can leave holes in the middle of a file that
// parses, so objects must equal their shadow: what changes them saves the shadow before it is reported done.
// token.object changes at every login and may be newer; it is smaller than a sector, so it has no holes, but
// it may be an older one, with the PINs from before a change: its generation only grows.
bool is_whole(const fs::path& live, const fs::path& shadow) {
    const auto bytes = read_file(live);
    if (!bytes) {
        return false;
    }
    if (!is_object(live)) {
        return bytes->size() == 8;  // `generation`: one number
    }
    const auto file = parse_object_file(*bytes);
    const auto copy = read_file(shadow);
    const auto whole = copy ? parse_object_file(*copy) : std::nullopt;
    if (!file || !whole) {
        return file.has_value();
    }
    return live.filename() == kTokenObject
               ? file->generation >= whole->generation && !lacks_attributes_of(*file, *whole)
               : file->attributes == whole->attributes;
}

std::vector<fs::path> entries(const fs::path& directory) {
    std::vector<fs::path> out;
    std::error_code failed;
    for (fs::directory_iterator at(directory, failed), end; !failed && at != end; at.increment(failed)) {
        out.push_back(at->path());
    }
    std::ranges::sort(out);
    return out;
}

// SoftHSM makes an object file empty and fills it at the end of the call: another process that creates an
// object at this moment (the officer beside the serving host) needs a few milliseconds. nullopt: destroyed
// since the directory was listed. integrity: torn for as long as that can never take.
Result<std::optional<Bytes>> read_settled(const fs::path& path) {
    const auto limit = std::chrono::steady_clock::now() + kTornPatience;
    for (;;) {
        auto bytes = read_file(path);
        if (!bytes || !is_object(path) || parse_object_file(*bytes)) {
            return bytes;
        }
        if (std::chrono::steady_clock::now() > limit) {
            return Error(Errc::integrity, path.string() + " is not a whole object file");
        }
        std::this_thread::sleep_for(kTornPause);
    }
}

// Copies one token's files to `to`. integrity: a file is torn and stays so.
Status<> copy_token(const fs::path& from, const fs::path& to) {
    const auto made = make_directory(to);
    if (!made) {
        return made.error();
    }
    for (const fs::path& path : entries(from)) {
        if (!is_object(path) && path.filename() != kGeneration) {
            continue;
        }
        const auto settled = read_settled(path);
        if (!settled) {
            return settled.error();
        }
        const std::optional<Bytes>& bytes = *settled;
        if (!bytes) {
            continue;
        }
        if (is_object(path) && is_kms_key(*parse_object_file(*bytes))) {
            continue;
        }
        const auto written = put_file(to / path.filename(), *bytes);
        if (!written) {
            return written.error();
        }
    }
    return sync_directory(to);
}

}  // namespace

TokenDirectory::TokenDirectory(std::string directory, Shadow shadow)
    : directory_(std::move(directory)), conf_(directory_ + "/softhsm2.conf"), shadow_(shadow) {}

TokenDirectory::~TokenDirectory() = default;

Result<std::unique_ptr<TokenDirectory>> TokenDirectory::open(const std::string& directory, Shadow shadow,
                                                             Restore restore) {
    std::unique_ptr<TokenDirectory> self(new TokenDirectory(directory, shadow));
    const fs::path root(directory);
    // A shadow was saved after all of this had reached the disk once: a start costs no sync, which can take
    // seconds.
    const bool provisioned = self->has_shadow();
    for (const fs::path& path : {root, root / "tokens"}) {
        if (provisioned && fs::exists(path)) {
            continue;
        }
        const auto made = make_directory(path);
        if (!made) {
            return made.error();
        }
    }
    // One token, one directory; a fork must not carry a login (reset_on_fork).
    const std::string conf = "directories.tokendir = " + (root / "tokens").string() +
                             "\nobjectstore.backend = file\nlog.level = ERROR\nslots.removable = false\n"
                             "library.reset_on_fork = true\n";
    if (!provisioned || read_file(self->conf_) != to_bytes(as_bytes(conf))) {
        const auto written = put_file(self->conf_, as_bytes(conf));
        if (!written) {
            return written.error();
        }
    }
    if (shadow == Shadow::on && restore == Restore::at_start) {
        auto lock = FileLock::acquire(directory + "/token.lock", kLockPatience);
        if (!lock) {
            return lock.error();
        }
        const auto restored = self->restore();
        if (!restored) {
            return restored.error();
        }
    }
    return self;
}

// Nothing is synced: the shadow is on the disk, and a start after a power failure puts back again what did
// not get there. A sync would hold a killed host up for seconds when the disk is busy.
Status<> TokenDirectory::restore() {
    const fs::path root(directory_);
    for (const fs::path& shadow : entries(root / "shadow")) {
        const fs::path live = root / "tokens" / shadow.filename();
        const auto made = fs::exists(live) ? Status<>(done) : make_directory(live);
        if (!made) {
            return made.error();
        }
        for (const fs::path& copy : entries(shadow)) {
            const fs::path file = live / copy.filename();
            if (is_whole(file, copy)) {
                continue;
            }
            const auto bytes = read_file(copy);
            const auto written =
                bytes ? put_file_unsynced(file, *bytes) : Status<>(os_error("cannot read " + copy.string()));
            if (!written) {
                return written.error();
            }
            restored_.push_back(copy.filename().string());
        }
        // An object that was never whole and has no shadow was never reported as made: SoftHSM would stumble
        // over it.
        for (const fs::path& file : entries(live)) {
            const auto bytes = is_object(file) ? read_file(file) : std::nullopt;
            if (bytes && !parse_object_file(*bytes)) {
                std::error_code ignored;
                fs::remove(file, ignored);
                restored_.push_back(file.filename().string() + " (removed)");
            }
        }
        const auto refreshed = refresh_token_object(live, shadow);
        if (!refreshed) {
            return refreshed.error();
        }
        const auto renewed = renew_token_object(live);
        if (!renewed) {
            return renewed.error();
        }
    }
    return done;
}

// SoftHSM truncates token.object at every login, and a truncation waits until a write-back of that file ends,
// which the login of the host before may have started.
Status<> TokenDirectory::renew_token_object(const std::string& live) {
    const fs::path file = fs::path(live) / kTokenObject;
    const auto bytes = read_file(file);
    return bytes ? put_file_unsynced(file, *bytes) : os_error("cannot read " + file.string());
}

// token.object carries the PINs: a shadow of it must be as new as the last PIN change. Its generation number
// alone moves at every login and is not worth a write.
Status<> TokenDirectory::refresh_token_object(const std::string& live, const std::string& shadow) {
    const fs::path file = fs::path(live) / kTokenObject;
    const fs::path copy = fs::path(shadow) / kTokenObject;
    const auto now = read_file(file);
    const auto then = read_file(copy);
    const auto now_parsed = now ? parse_object_file(*now) : std::nullopt;
    const auto then_parsed = then ? parse_object_file(*then) : std::nullopt;
    if (!now_parsed || (then_parsed && (now_parsed->generation < then_parsed->generation ||
                                        lacks_attributes_of(*now_parsed, *then_parsed) ||
                                        now_parsed->attributes == then_parsed->attributes))) {
        return done;
    }
    const auto written = put_file(copy, *now);
    return written ? sync_directory(shadow) : written;
}

void TokenDirectory::use() const {
    ::setenv("SOFTHSM2_CONF", conf_.c_str(), 1);
}

bool TokenDirectory::has_shadow() const {
    return !entries(fs::path(directory_) / "shadow").empty();
}

Status<> TokenDirectory::save() {
    if (shadow_ == Shadow::off) {
        return done;
    }
    const auto lock = FileLock::acquire(directory_ + "/token.lock", kLockPatience);
    if (!lock) {
        return lock.error();
    }
    const fs::path root(directory_);
    const fs::path fresh = root / "shadow.new";
    std::error_code ignored;
    fs::remove_all(fresh, ignored);
    const auto made = make_directory(fresh);
    if (!made) {
        return made.error();
    }
    for (const fs::path& token : entries(root / "tokens")) {
        if (!fs::exists(token / kTokenObject)) {
            continue;
        }
        const auto copied = copy_token(token, fresh / token.filename());
        if (!copied) {
            return copied.error();
        }
    }
    const auto synced = sync_directory(fresh);
    if (!synced) {
        return synced.error();
    }
    const fs::path shadow = root / "shadow";
    const bool exists = fs::exists(shadow);
    const int renamed = exists
                            ? ::renameat2(AT_FDCWD, fresh.c_str(), AT_FDCWD, shadow.c_str(), RENAME_EXCHANGE)
                            : ::rename(fresh.c_str(), shadow.c_str());
    if (renamed != 0) {
        return os_error("cannot put in place " + shadow.string());
    }
    const auto placed = sync_directory(root);
    if (placed && exists) {
        fs::remove_all(fresh, ignored);
    }
    return placed;
}

Status<> TokenDirectory::erase(const std::string& directory) {
    for (const char* name : {"shadow", "shadow.new", "tokens"}) {
        std::error_code failed;
        fs::remove_all(fs::path(directory) / name, failed);
        if (failed) {
            return Error(Errc::io_error, "cannot remove " + directory + "/" + name + ": " + failed.message());
        }
    }
    return sync_directory(directory);
}

Status<> TokenDirectory::enter() {
    auto lock = FileLock::acquire(directory_ + "/token.lock", kLockPatience);
    if (!lock) {
        return lock.error();
    }
    lock_ = std::move(*lock);
    return done;
}

void TokenDirectory::leave() noexcept {
    if (shadow_ == Shadow::on) {
        const fs::path root(directory_);
        for (const fs::path& shadow : entries(root / "shadow")) {
            const auto refreshed = refresh_token_object(root / "tokens" / shadow.filename(), shadow);
            if (!refreshed) {
                break;  // the next save() says so; the live file is as good as it was
            }
        }
    }
    lock_.reset();
}

SecretBytes random_pin() {
    constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    SecretBytes pin(32);
    const std::span<std::byte> characters = pin.reveal_mutable(SecretAccess());
    SystemRandom().fill(characters);
    for (std::byte& character : characters) {
        character = static_cast<std::byte>(kAlphabet[std::to_integer<std::size_t>(character) & 63]);
    }
    return pin;
}

}  // namespace claviger::softhsm
