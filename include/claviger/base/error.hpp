// The closed list of what can go wrong below the API: in a token, on the link to it, in the cluster, in a
// file.
#pragma once

#include <cstdint>
#include <source_location>
#include <string>
#include <string_view>

namespace claviger {

// Values travel over the HSM link as one byte: append, never renumber.
enum class Errc : std::uint8_t {
    internal = 0,        // a broken invariant of ours; never retried
    data_invalid = 1,    // the caller's bytes do not authenticate or do not parse; says nothing about the HSM
    key_not_loaded = 2,  // the HSM does not hold the key now; send its key token
    key_fault = 3,       // the HSM's copy of this key is unusable; another HSM may serve it
    unsupported = 4,     // the module cannot do this at all
    session_fault = 5,   // a session was lost; repeated once on a fresh one
    not_logged_in = 6,   // the token's user state is gone
    pin_refused = 7,     // a PIN was wrong, locked or expired; nobody may try again without an operator
    hsm_fault = 8,       // the HSM answered with a failure of its own
    hsm_gone = 9,        // no answer will come: process dead, token removed
    overloaded = 10,     // a bound on outstanding work was reached; nothing was started
    deadline_exceeded = 11,  // too late; the work may have happened
    no_hsm = 12,             // no admitted HSM can take the request
    not_admitted = 13,       // the HSM host has not been opened for requests
    protocol_error = 14,     // the peer broke the framing or a message's limits
    io_error = 15,           // file or socket; detail has errno's text
    bad_config = 16,         // the operator's input; detail says what to do
    conflict = 17,           // the state changed underneath; re-read and decide
    not_found = 18,          // a row, file or object that was asked for by name is absent
    integrity = 19,          // a stored row, file or proof fails verification; refused, never repaired
};

std::string_view to_string(Errc code) noexcept;

// What happened, for the log and for the code that reacts; never for the wire: `detail` is private.
// Secrets must not be put into `detail`.
struct Error {
    Errc code = Errc::internal;
    std::string detail;
    unsigned long ckr = 0;  // the PKCS#11 return value behind it, 0 if none
    std::source_location where = std::source_location::current();

    Error(Errc c, std::string d, unsigned long rv = 0,
          std::source_location w = std::source_location::current())
        : code(c), detail(std::move(d)), ckr(rv), where(w) {}

    // "hsm_fault: C_Encrypt (CKR 0x30)", for logs and start-up messages.
    std::string describe() const;
};

}  // namespace claviger
