// What a failed call is answered with: a new session, a reloaded key, a check value. Private to hsm/.
#pragma once

#include <string_view>

#include <claviger/hsm/error.hpp>
#include <claviger/hsm/token.hpp>

#include "hsm/cryptoki.hpp"

namespace claviger::hsm {

inline bool is_session_fault(CK_RV rv) {
    return rv != CKR_OK && classify(rv).scope == FaultScope::session;
}

// Failures that bad input, a stale handle and a broken token all produce.
inline bool needs_check_value(CK_RV rv) {
    const ReturnFacts& facts = classify(rv);
    return facts.code == Errc::data_invalid || facts.scope == FaultScope::key ||
           facts.meaning == Meaning::ambiguous;
}

// `attempt` answers a CK_RV and works on input that cannot be bad: what fails is the session, the handle or
// the token. Once more on a new session or with the key loaded again.
template <class Attempt>
Status<> Lane::on_good_input(Key& key, std::string_view function, Attempt attempt) {
    ++counters_.operations;
    CK_RV rv = attempt();
    if (rv == CKR_OK) {
        return done;
    }
    Status<> again = call_failed(function, rv);
    if (is_session_fault(rv)) {
        again = renew_session();
    } else if (needs_check_value(rv)) {
        again = reload(key);
    }
    if (!again) {
        return again;
    }
    rv = attempt();
    return rv == CKR_OK ? Status<>(done) : call_failed(function, rv);
}

}  // namespace claviger::hsm
