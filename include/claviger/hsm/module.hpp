// A PKCS#11 library in this process, its slots, and what can be seen of a token without logging in.
//
// Threads: a Module is thread-safe. Lifetime: it outlives every Token and Officer made from it; its
// destructor runs C_Finalize, so no other thread may be inside the library then. Failure: values.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <claviger/base/bytes.hpp>
#include <claviger/base/id.hpp>
#include <claviger/base/result.hpp>
#include <claviger/base/secret.hpp>

namespace claviger::hsm {

struct Functions;  // the library's function list, hsm/cryptoki.hpp

// Valid until the next C_Initialize only: tokens are remembered by serial, never by slot.
using SlotId = Id<struct SlotIdTag, unsigned long>;

enum class PinState : std::uint8_t { good, count_low, final_try, locked, must_change, not_initialized };

struct TokenFacts {
    SlotId slot;
    std::string label;  // padding removed
    std::string manufacturer;
    std::string model;
    std::string serial;
    std::string firmware;     // "2.6"
    unsigned long flags = 0;  // CK_TOKEN_INFO.flags
    PinState user_pin = PinState::good;
    PinState officer_pin = PinState::good;
    bool initialized = false;
};

struct Certificate {
    std::string label;
    Bytes der;
};

struct ModuleOptions {
    std::string path;
    // CK_C_INITIALIZE_ARGS.pReserved, for libraries that take their parameters there (NSS: "configdir='sql:…'
    // …").
    std::string parameters;
};

class Module {
public:
    // dlopen(RTLD_LOCAL), C_GetFunctionList, C_Initialize with CKF_OS_LOCKING_OK. A library that somebody
    // else has initialised in this process is used and left initialised. bad_config: the file cannot be
    // loaded.
    static Result<std::unique_ptr<Module>> load(const ModuleOptions& options);
    ~Module();
    Module(const Module&) = delete;
    Module& operator=(const Module&) = delete;

    const std::string& path() const noexcept { return path_; }
    std::string description() const;  // manufacturer, library and version, as CK_INFO says them

    // All tokens that tell of themselves, uninitialised ones included. One that does not is left out: SoftHSM
    // has no answer for a token whose file another process is writing, and that is no concern of the others.
    Result<std::vector<TokenFacts>> tokens() const;
    // All tokens, or what C_GetTokenInfo of one failed with: for whoever concludes from a token's absence.
    Result<std::vector<TokenFacts>> every_token() const;
    // not_found: none is in it. What C_GetTokenInfo failed with otherwise.
    Result<TokenFacts> token_in(SlotId slot) const;
    // not_found when no initialised token has this serial; conflict when several have it and `label` does not
    // decide. What C_GetTokenInfo failed with, when it may have been the wanted one that did not tell.
    Result<TokenFacts> find_token(std::string_view serial, std::string_view label = {}) const;
    // Certificates that install_certificate put there; public objects, so no PIN is needed.
    Result<std::vector<Certificate>> certificates(SlotId slot) const;

    const Functions& functions() const noexcept { return *functions_; }

private:
    struct Seen {
        std::vector<TokenFacts> tokens;
        std::optional<Error> silent;  // what the last one failed with that did not tell of itself
    };
    Result<Seen> look() const;
    Module() = default;
    std::string path_;
    void* library_ = nullptr;
    std::unique_ptr<Functions> functions_;
    bool initialized_here_ = false;
};

}  // namespace claviger::hsm
