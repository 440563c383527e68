#include "hsm/host/token_claim.hpp"

#include <chrono>

#include <claviger/base/files.hpp>
#include <claviger/base/token_serial.hpp>

#include "hsm/host/files.hpp"
#include "hsm/host/officer_pin.hpp"
#include "hsm/host/pin_store.hpp"
#include "hsm/link/control.hpp"
#include "hsm/pin.hpp"

namespace claviger::host {

namespace {

constexpr auto kOfficerPatience = std::chrono::seconds(60);

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

// The officer's PIN: of its file, or typed for this piece of work, which the next one may be, too.
class GivenPin {
public:
    static Result<GivenPin> of(const ClaimCall& call) {
        if (call.options.officer_pin_file.empty()) {
            return GivenPin(call.officer_pin, std::nullopt);
        }
        Result<OfficerPin> file = OfficerPin::read(call.options);
        if (!file) {
            return explained(file.error(), kOfFile);
        }
        return GivenPin(call.officer_pin, *std::move(file));
    }

    const SecretBytes& pin() const noexcept { return file_ ? file_->pin() : typed_; }
    hsm::Attempt attempt() const noexcept {
        return file_ ? hsm::Attempt::automatic : hsm::Attempt::by_operator;
    }
    Error refused(const Error& error) const {
        const bool tried = error.ckr != 0;
        return file_ ? explained(file_->note(error), tried ? kOfFile : kUntried)
                     : explained(error, kTypedPin);
    }

private:
    static constexpr PinWords kOfFile{
        "the PIN in its officer-pin-file is not taken",
        "correct the file, then log in once as its officer with a tool of the HSM, because a token that "
        "warns of a wrong PIN is not tried again"};
    static constexpr PinWords kUntried{
        "the PIN in its officer-pin-file was not tried",
        "see that the file holds the right one, then log in once as its officer with a tool of the HSM "
        "(pkcs11-tool --login --login-type so)"};
    GivenPin(const SecretBytes& typed, std::optional<OfficerPin> file)
        : typed_(typed), file_(std::move(file)) {}

    const SecretBytes& typed_;
    std::optional<OfficerPin> file_;
};

Status<> take_over(const ClaimCall& call, const hsm::TokenFacts& token, hsm::Claim claim) {
    const Result<GivenPin> officer_pin = GivenPin::of(call);
    if (!officer_pin) {
        return officer_pin.error();
    }
    hsm::TokenOptions options;
    options.guard = &call.files;
    options.key_arn = call.options.key_arn;
    {
        const auto officer = hsm::Officer::login(call.module, token.slot, officer_pin->pin(), &call.files,
                                                 officer_pin->attempt());
        if (!officer) {
            return officer_pin->refused(officer.error());
        }
    }
    if (claim == hsm::Claim::first) {
        // Its officer lets us in, and nothing of it was changed yet.
        const Status<> noted = replace_file(claimed_file(call.options), as_bytes(call.options.serial));
        if (!noted) {
            return noted;
        }
    }
    return hsm::take_over(call.module, {token.slot, officer_pin->pin(), call.user_pin, claim}, options);
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

Status<> give_back_token(const ClaimCall& call, hsm::Claim how) {
    return about_token(call, [&](const hsm::TokenFacts& token) -> Status<> {
        const Result<bool> claimed = is_claimed(call.options);
        if (!claimed) {
            return claimed.error();
        }
        // The directory goes last: without it the token was wiped, which is seen.
        return *claimed ? take_over(call, token, how) : hsm::expect_empty(call.module, token.slot);
    });
}

}  // namespace claviger::host
