#include <claviger/hsm/module.hpp>

#include <dlfcn.h>

#include <algorithm>

#include "hsm/handles.hpp"
#include "hsm/state.hpp"

namespace claviger::hsm {
namespace {

// PKCS#11 v2.40 §3.2: strings are padded with blanks; some modules pad with NUL.
template <std::size_t N>
std::string unpadded(const unsigned char (&field)[N]) {
    std::string text(reinterpret_cast<const char*>(field), N);
    text.erase(std::find(text.begin(), text.end(), '\0'), text.end());
    const auto end = text.find_last_not_of(' ');
    text.erase(end == std::string::npos ? 0 : end + 1);
    return text;
}

std::string version_text(const CK_VERSION& version) {
    return std::to_string(version.major) + "." + std::to_string(version.minor);
}

struct PinFlags {
    CK_FLAGS count_low;
    CK_FLAGS final_try;
    CK_FLAGS locked;
    CK_FLAGS to_be_changed;
};
constexpr PinFlags kUserFlags{CKF_USER_PIN_COUNT_LOW, CKF_USER_PIN_FINAL_TRY, CKF_USER_PIN_LOCKED,
                              CKF_USER_PIN_TO_BE_CHANGED};
constexpr PinFlags kOfficerFlags{CKF_SO_PIN_COUNT_LOW, CKF_SO_PIN_FINAL_TRY, CKF_SO_PIN_LOCKED,
                                 CKF_SO_PIN_TO_BE_CHANGED};

PinState pin_state(CK_FLAGS flags, const PinFlags& of) {
    if (flags & of.locked) {
        return PinState::locked;
    }
    if (flags & of.final_try) {
        return PinState::final_try;
    }
    if (flags & of.count_low) {
        return PinState::count_low;
    }
    return flags & of.to_be_changed ? PinState::must_change : PinState::good;
}

TokenFacts to_facts(CK_SLOT_ID slot, const CK_TOKEN_INFO& info) {
    TokenFacts facts;
    facts.slot = SlotId(slot);
    facts.label = unpadded(info.label);
    facts.manufacturer = unpadded(info.manufacturerID);
    facts.model = unpadded(info.model);
    facts.serial = unpadded(info.serialNumber);
    facts.firmware = version_text(info.firmwareVersion);
    facts.flags = info.flags;
    facts.initialized = (info.flags & CKF_TOKEN_INITIALIZED) != 0;
    facts.user_pin = pin_state(info.flags, kUserFlags);
    if (!(info.flags & CKF_USER_PIN_INITIALIZED)) {
        facts.user_pin = PinState::not_initialized;
    }
    facts.officer_pin = pin_state(info.flags, kOfficerFlags);
    return facts;
}

Result<std::vector<CK_SLOT_ID>> slots_with_token(const Functions& p11) {
    // The call without a buffer is what refreshes SoftHSM's list; a token may appear between the two calls.
    for (int attempt = 0; attempt < 5; ++attempt) {
        CK_ULONG count = 0;
        CK_RV rv = p11->C_GetSlotList(CK_TRUE, nullptr, &count);
        if (rv != CKR_OK) {
            return call_failed("C_GetSlotList", rv);
        }
        std::vector<CK_SLOT_ID> slots(std::min<CK_ULONG>(count, 4096));
        count = slots.size();
        rv = p11->C_GetSlotList(CK_TRUE, slots.data(), &count);
        if (rv == CKR_OK) {
            slots.resize(std::min<CK_ULONG>(count, slots.size()));
            return slots;
        }
        if (rv != CKR_BUFFER_TOO_SMALL) {
            return call_failed("C_GetSlotList", rv);
        }
    }
    return Error(Errc::hsm_fault, "C_GetSlotList: the number of slots does not settle");
}

}  // namespace

Result<std::unique_ptr<Module>> Module::load(const ModuleOptions& options) {
    std::unique_ptr<Module> module(new Module);
    module->path_ = options.path;
    // Never dlclose'd: libraries start threads and register exit handlers that must keep their code.
    module->library_ = ::dlopen(options.path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (module->library_ == nullptr) {
        const char* reason = ::dlerror();
        return Error(Errc::bad_config, "cannot load PKCS#11 module " + options.path + ": " +
                                           (reason != nullptr ? reason : "unknown reason"));
    }
    const auto get_list =
        reinterpret_cast<CK_C_GetFunctionList>(::dlsym(module->library_, "C_GetFunctionList"));
    if (get_list == nullptr) {
        return Error(Errc::bad_config, options.path + " is no PKCS#11 module: it has no C_GetFunctionList");
    }
    module->functions_ = std::make_unique<Functions>();
    CK_RV rv = get_list(&module->functions_->list);
    if (rv != CKR_OK || module->functions_->list == nullptr) {
        return call_failed("C_GetFunctionList", rv == CKR_OK ? CKR_GENERAL_ERROR : rv);
    }
    std::string parameters = options.parameters;
    CK_C_INITIALIZE_ARGS arguments{};
    arguments.flags = CKF_OS_LOCKING_OK;
    // NSS expects its library parameters where v2.40 §3.7 wants NULL; it reads them as a C string.
    arguments.pReserved = parameters.empty() ? nullptr : parameters.data();
    rv = module->functions()->C_Initialize(&arguments);
    if (rv == CKR_OK) {
        module->initialized_here_ = true;
    } else if (rv != CKR_CRYPTOKI_ALREADY_INITIALIZED) {
        return call_failed("C_Initialize", rv);
    }
    return module;
}

Module::~Module() {
    if (initialized_here_) {
        functions()->C_Finalize(nullptr);
    }
}

std::string Module::description() const {
    CK_INFO info{};
    if (functions()->C_GetInfo(&info) != CKR_OK) {
        return path_;
    }
    return unpadded(info.manufacturerID) + " " + unpadded(info.libraryDescription) + " " +
           version_text(info.libraryVersion);
}

Result<TokenFacts> Module::token_in(SlotId slot) const {
    CK_TOKEN_INFO info{};
    const CK_RV rv = functions()->C_GetTokenInfo(slot.value(), &info);
    switch (rv) {
        case CKR_OK: return to_facts(slot.value(), info);
        case CKR_SLOT_ID_INVALID:
        case CKR_TOKEN_NOT_PRESENT:
        case CKR_TOKEN_NOT_RECOGNIZED: return Error(Errc::not_found, "no token in this slot", rv);
        default: return call_failed("C_GetTokenInfo", rv);
    }
}

Result<Module::Seen> Module::look() const {
    const auto slots = slots_with_token(functions());
    if (!slots) {
        return slots.error();
    }
    Seen seen;
    for (const CK_SLOT_ID slot : *slots) {
        Result<TokenFacts> facts = token_in(SlotId(slot));
        if (facts) {
            seen.tokens.push_back(*std::move(facts));
        } else if (facts.error().code != Errc::not_found) {
            seen.silent = std::move(facts).error();
        }
    }
    return seen;
}

Result<std::vector<TokenFacts>> Module::tokens() const {
    return look().transform([](Seen seen) { return std::move(seen.tokens); });
}

Result<std::vector<TokenFacts>> Module::every_token() const {
    Result<Seen> seen = look();
    if (!seen) {
        return std::move(seen).error();
    }
    if (seen->silent) {
        return *std::move(seen->silent);
    }
    return std::move(seen->tokens);
}

Result<TokenFacts> Module::find_token(std::string_view serial, std::string_view label) const {
    const Result<Seen> all = look();
    if (!all) {
        return all.error();
    }
    std::vector<TokenFacts> found;
    std::ranges::copy_if(all->tokens, std::back_inserter(found), [&](const TokenFacts& facts) {
        return facts.initialized && facts.serial == serial && (label.empty() || facts.label == label);
    });
    if (found.empty() && all->silent) {
        return *all->silent;
    }
    if (found.empty()) {
        return Error(Errc::not_found, "no token with serial " + std::string(serial) + " in " + path_);
    }
    if (found.size() > 1) {
        return Error(Errc::conflict, "several tokens with serial " + std::string(serial) + " in " + path_ +
                                         "; name one by its label");
    }
    return found.front();
}

Result<std::vector<Certificate>> Module::certificates(SlotId slot) const {
    const auto session = Session::open(functions(), slot.value());
    if (!session) {
        return session.error();
    }
    Template wanted;
    wanted.number(CKA_CLASS, CKO_CERTIFICATE).yes(CKA_TOKEN);
    const auto found = find_objects(functions(), session->get(), wanted);
    if (!found) {
        return found.error();
    }
    std::vector<Certificate> certificates;
    for (const CK_OBJECT_HANDLE object : *found) {
        auto der = read_attribute(functions(), session->get(), object, CKA_VALUE);
        const auto label = read_attribute(functions(), session->get(), object, CKA_LABEL);
        const std::string_view name = label ? as_text(*label) : std::string_view();
        if (der && !der->empty() && name.starts_with(kCertificateLabel)) {
            certificates.push_back({std::string(name.substr(kCertificateLabel.size())), std::move(*der)});
        }
    }
    return certificates;
}

}  // namespace claviger::hsm
