#include <claviger/hsm/existing_token.hpp>

#include <algorithm>

#include <claviger/hsm/cluster_keys.hpp>

#include "hsm/handles.hpp"
#include "hsm/state.hpp"

namespace claviger::hsm {
namespace {

Status<> expect_no_objects(const Functions& p11, CK_SESSION_HANDLE session) {
    Template wanted;
    wanted.yes(CKA_TOKEN);
    const auto found = find_objects(p11, session, wanted);
    if (!found) {
        return found.error();
    }
    if (found->empty()) {
        return done;
    }
    const bool of_a_cluster = std::ranges::any_of(*found, [&](CK_OBJECT_HANDLE object) {
        const auto label = read_attribute(p11, session, object, CKA_LABEL);
        return label && as_text(*label).starts_with(kLabelPrefix);
    });
    if (of_a_cluster) {
        return Error(
            Errc::conflict,
            "it is of a cluster already, here or of another installation: delete its HSM there, or empty the "
            "token with a tool of its own");
    }
    return Error(Errc::conflict, "it is not empty (objects on it: " + std::to_string(found->size()) +
                                     "): move them away, or name another token");
}

// Has the object a value there? An error is no answer: what cannot be read is not destroyed.
Result<bool> has_value(const Functions& p11, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                       CK_ATTRIBUTE_TYPE type) {
    CK_ATTRIBUTE attribute{type, nullptr, 0};
    const CK_RV rv = p11->C_GetAttributeValue(session, object, &attribute, 1);
    if (rv == CKR_ATTRIBUTE_TYPE_INVALID) {
        return false;
    }
    if (rv != CKR_OK) {
        return call_failed("C_GetAttributeValue", rv);
    }
    return attribute.ulValueLen != 0;
}

// SoftHSM 2.6.1 makes a token object in steps: its file, then class and defaults, then all of the template at
// once. What was cut off before the last step stays, and so does what it refused to make: without a label,
// and no token object by its own word. A process that made no session object can tell.
Status<> destroy_remains(const Functions& p11, CK_SESSION_HANDLE session) {
    Template everything;
    const auto found = find_objects(p11, session, everything);
    if (!found) {
        return found.error();
    }
    for (const CK_OBJECT_HANDLE object : *found) {
        const Result<bool> labelled = has_value(p11, session, object, CKA_LABEL);
        const Result<bool> classed = has_value(p11, session, object, CKA_CLASS);
        if (!labelled || !classed) {
            return labelled ? classed.error() : labelled.error();
        }
        if (*labelled || (*classed && read_flag(p11, session, object, CKA_TOKEN) != false)) {
            continue;
        }
        const CK_RV rv = p11->C_DestroyObject(session, object);
        if (rv != CKR_OK) {
            return call_failed("C_DestroyObject", rv);
        }
    }
    return done;
}

// With the PINs and the objects as they must be: everything but C_InitToken, which wants no session open.
Status<> clear_and_open(Module& module, const Takeover& call, const TokenOptions& options) {
    {
        const auto officer = Officer::login(module, call.slot, call.officer_pin, options.guard);
        if (!officer) {
            return officer.error();
        }
        if (call.claim != Claim::first) {
            const auto wiped = (*officer)->wipe();
            if (!wiped) {
                return wiped.error();
            }
        }
        const auto pin_set = (*officer)->init_user_pin(call.user_pin);
        if (!pin_set) {
            return pin_set.error();
        }
    }
    const auto token = Token::open(module, call.slot, options);
    if (!token) {
        return token.error();
    }
    const auto entered = (*token)->login(call.user_pin);
    if (!entered) {
        return entered.error();
    }
    if (call.claim != Claim::first) {
        const auto lane = (*token)->open_lane();
        if (!lane) {
            return lane.error();
        }
        const auto wiped = wipe_user_objects(**lane);
        const Status<> cleared =
            wiped ? destroy_remains(module.functions(), (*token)->state().keeper) : Status<>(wiped.error());
        if (!cleared) {
            return cleared;
        }
    }
    const bool taken = call.claim == Claim::first || call.claim == Claim::again;
    return taken ? expect_no_objects(module.functions(), (*token)->state().keeper) : Status<>(done);
}

}  // namespace

Status<> expect_empty(Module& module, SlotId slot) {
    const auto session = Session::open(module.functions(), slot.value());
    return session ? expect_no_objects(module.functions(), session->get()) : session.error();
}

Status<> take_over(Module& module, const Takeover& call, const TokenOptions& options) {
    const Status<> cleared = clear_and_open(module, call, options);
    return cleared && call.claim == Claim::init_anew
               ? init_token_anew(module, call.slot, call.officer_pin, options.guard)
               : cleared;
}

}  // namespace claviger::hsm
