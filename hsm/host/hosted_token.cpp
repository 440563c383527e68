#include "hsm/host/hosted_token.hpp"

#include <algorithm>

#include "hsm/host/log.hpp"
#include "hsm/pin.hpp"

namespace claviger::host {

namespace {

constexpr auto kTokenLockPatience = std::chrono::seconds(10);
constexpr std::size_t kPinCharacters = 32;
// 64 characters, so that six random bits choose one evenly; all of them allowed in PINs (PKCS#11 v2.40 §2.1,
// UTF-8).
constexpr std::string_view kPinAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static_assert(kPinAlphabet.size() == 64);

}  // namespace

Result<std::unique_ptr<TokenFilesGuard>> TokenFilesGuard::open(const Options& options) {
    const std::string lock_file = options.state + "/token.lock";
    if (options.token_files == TokenFiles::none) {
        return std::unique_ptr<TokenFilesGuard>(new TokenFilesGuard(nullptr, lock_file));
    }
    // An officer process puts torn files back only if no host works with them: then nobody else would.
    const Result<softhsm::FileLock> alone =
        options.mode == Mode::officer
            ? softhsm::FileLock::acquire(options.state + "/lock", std::chrono::milliseconds(0))
            : Error(Errc::conflict, "the host holds it itself");
    Result<std::unique_ptr<softhsm::TokenDirectory>> directory = softhsm::TokenDirectory::open(
        options.state, options.shadow,
        options.mode == Mode::officer && !alone ? softhsm::Restore::no : softhsm::Restore::at_start);
    if (!directory) {
        return directory.error();
    }
    (*directory)->use();
    for (const std::string& name : (*directory)->restored()) {
        log(Level::warning, "token file put back from its shadow: " + name);
    }
    return std::unique_ptr<TokenFilesGuard>(new TokenFilesGuard(std::move(*directory), lock_file));
}

Status<> TokenFilesGuard::enter() {
    mutex_.lock();
    Status<> entered = done;
    if (directory_) {
        entered = directory_->enter();
    } else {
        Result<softhsm::FileLock> lock = softhsm::FileLock::acquire(lock_file_, kTokenLockPatience);
        if (lock) {
            lock_.emplace(*std::move(lock));
            uncut_.emplace();
        } else {
            entered = lock.error();
        }
    }
    if (!entered) {
        mutex_.unlock();
    }
    return entered;
}

void TokenFilesGuard::leave() noexcept {
    if (directory_) {
        directory_->leave();
    }
    lock_.reset();
    uncut_.reset();
    mutex_.unlock();
}

Status<> TokenFilesGuard::save() {
    if (!directory_) {
        return done;
    }
    const std::lock_guard lock(mutex_);
    return directory_->save();
}

std::size_t TokenFilesGuard::restored() const noexcept {
    return directory_ ? directory_->restored().size() : 0;
}

Result<hsm::TokenFacts> find_token(hsm::Module& module, const std::string& serial) {
    if (!serial.empty()) {
        return module.find_token(serial);
    }
    Result<std::vector<hsm::TokenFacts>> all = module.every_token();
    if (!all) {
        return all.error();
    }
    std::erase_if(*all, [](const hsm::TokenFacts& facts) { return !facts.initialized; });
    if (all->empty()) {
        return Error(Errc::not_found, "no initialised token; let the officer process make one (init_token)");
    }
    if (all->size() > 1) {
        return Error(Errc::conflict, "the module shows " + std::to_string(all->size()) +
                                         " initialised tokens: choose one with --serial");
    }
    return std::move(all->front());
}

Result<std::unique_ptr<HostedToken>> HostedToken::open(const Options& options) {
    std::unique_ptr<HostedToken> hosted(new HostedToken());
    Result<std::unique_ptr<TokenFilesGuard>> files = TokenFilesGuard::open(options);
    if (!files) {
        return files.error();
    }
    hosted->files_ = std::move(*files);
    {
        // The module reads the token's files, which an officer process may be writing.
        const Result<hsm::Guarded> guarded = hsm::Guarded::enter(hosted->files_.get());
        if (!guarded) {
            return guarded.error();
        }
        Result<std::unique_ptr<hsm::Module>> module =
            hsm::Module::load({.path = options.module, .parameters = options.module_parameters});
        if (!module) {
            return module.error();
        }
        hosted->module_ = std::move(*module);
        Result<hsm::TokenFacts> facts = find_token(*hosted->module_, options.serial);
        if (!facts) {
            return facts.error();
        }
        hosted->facts_ = std::move(*facts);
    }
    hsm::TokenOptions token_options;
    token_options.iv = options.iv;
    token_options.guard = hosted->files_.get();
    token_options.nonce_counter = options.nonce_counter;
    token_options.key_arn = options.key_arn;
    Result<std::unique_ptr<hsm::Token>> token =
        hsm::Token::open(*hosted->module_, hosted->facts_.slot, token_options);
    if (!token) {
        return token.error();
    }
    hosted->token_ = std::move(*token);
    Result<std::unique_ptr<hsm::Lane>> lane = hosted->token_->open_lane();
    if (!lane) {
        return lane.error();
    }
    hosted->pin_lane_ = std::move(*lane);
    return hosted;
}

Result<hsm::PinState> HostedToken::user_pin_state() {
    const Result<hsm::TokenFacts> facts = token_->facts();
    if (!facts) {
        return facts.error();
    }
    return facts->user_pin;
}

Status<> HostedToken::login(const SecretBytes& pin, hsm::Attempt attempt) {
    return token_->login(pin, attempt);
}

Status<> HostedToken::change_pin(const SecretBytes& current, const SecretBytes& next) {
    return token_->change_pin(current, next);
}

Result<SecretBytes> HostedToken::draw_pin() {
    SecretBytes pin(kPinCharacters);
    const std::span<std::byte> characters = pin.reveal_mutable(SecretAccess());
    const Status<> drawn = pin_lane_->random(characters);
    if (!drawn) {
        return drawn.error();
    }
    for (std::byte& character : characters) {
        character = static_cast<std::byte>(kPinAlphabet[std::to_integer<std::size_t>(character) & 63]);
    }
    return pin;
}

}  // namespace claviger::host
