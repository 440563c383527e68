// The command line of claviger-hsm.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>

#include <claviger/base/result.hpp>
#include <claviger/hsm/token.hpp>

#include "hsm/link/peer.hpp"
#include "hsm/softhsm/token_directory.hpp"

namespace claviger::host {

enum class Mode : unsigned char { serve, officer, help, version };
enum class TokenFiles : unsigned char { none, softhsm };
enum class CoreDumps : unsigned char { never, allowed };
enum class Verbosity : unsigned char { every_event, warnings };

struct Options {
    Mode mode = Mode::serve;
    std::string state;   // directory, 0700
    std::string module;  // PKCS#11 library
    std::string module_parameters;
    std::string serial;            // empty: the module's only initialised token
    std::string name;              // in log lines
    bool operator_token = false;   // its operator made the token: nothing cuts the officer's work on it off
    std::string officer_pin_file;  // of such a token; empty: requests carry the PIN
    link::PeerRule supervisor;
    bool supervisor_is_parent = true;  // then this process ends with it
    hsm::Residency residency = hsm::Residency::session;
    std::string key_arn;  // how token objects of keys are labelled: hsm::TokenOptions::key_arn
    std::size_t key_memory = 128UL << 20;
    hsm::IvScheme iv = hsm::IvScheme::prefix_counter;
    TokenFiles token_files = TokenFiles::softhsm;
    softhsm::Shadow shadow = softhsm::Shadow::on;
    CoreDumps core = CoreDumps::never;
    Verbosity verbosity = Verbosity::every_event;
    std::chrono::milliseconds lock_patience{5000};
    std::uint32_t nonce_counter = 0;
};

// bad_config: the detail says what to do.
Result<Options> parse_options(int argc, char** argv);
std::string help_text();

}  // namespace claviger::host
