// The one token of this process: its module, its files, its login.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include <claviger/base/result.hpp>
#include <claviger/hsm/module.hpp>
#include <claviger/hsm/token.hpp>

#include "hsm/host/options.hpp"
#include "hsm/host/pin_keeper.hpp"
#include "hsm/host/process.hpp"
#include "hsm/softhsm/file_lock.hpp"
#include "hsm/softhsm/token_directory.hpp"

namespace claviger::host {

// SoftHSM's files behind one mutex: logins and shadow copies come from two slow threads. Of a token whose
// files are not in our directory only the lock is left, which keeps host and officer apart.
class TokenFilesGuard final : public hsm::TokenFileGuard {
public:
    static Result<std::unique_ptr<TokenFilesGuard>> open(const Options& options);
    Status<> enter() override;
    void leave() noexcept override;
    // The shadow holds the present files when it answers.
    Status<> save();
    std::size_t restored() const noexcept;

private:
    TokenFilesGuard(std::unique_ptr<softhsm::TokenDirectory> directory, std::string lock_file)
        : directory_(std::move(directory)), lock_file_(std::move(lock_file)) {}
    std::mutex mutex_;                                    // held from enter() to leave()
    std::unique_ptr<softhsm::TokenDirectory> directory_;  // nullptr: the files are elsewhere
    const std::string lock_file_;
    // While entered, where there is no directory_:
    std::optional<softhsm::FileLock> lock_;
    std::optional<UncutCall> uncut_;
};

// Threads: token() as hsm::Token says; the PinToken side belongs to the slow lane.
class HostedToken final : public PinToken {
public:
    // Loads the module and opens the token by serial. The directory is locked by the caller.
    static Result<std::unique_ptr<HostedToken>> open(const Options& options);

    hsm::Module& module() noexcept { return *module_; }
    hsm::Token& token() noexcept { return *token_; }
    TokenFilesGuard& files() noexcept { return *files_; }
    const hsm::TokenFacts& facts_at_start() const noexcept { return facts_; }

    Result<hsm::PinState> user_pin_state() override;
    Status<> login(const SecretBytes& pin, hsm::Attempt attempt) override;
    Status<> change_pin(const SecretBytes& current, const SecretBytes& next) override;
    Result<SecretBytes> draw_pin() override;

private:
    HostedToken() = default;
    // In this order: the token ends before its module, the module before the files it has open.
    std::unique_ptr<TokenFilesGuard> files_;
    std::unique_ptr<hsm::Module> module_;
    hsm::TokenFacts facts_;
    std::unique_ptr<hsm::Token> token_;
    std::unique_ptr<hsm::Lane> pin_lane_;  // randomness for new PINs
};

// By serial, or the module's only initialised token where `serial` is empty.
Result<hsm::TokenFacts> find_token(hsm::Module& module, const std::string& serial);

}  // namespace claviger::host
