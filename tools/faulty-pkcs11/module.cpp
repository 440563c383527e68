// A PKCS#11 module for tests: forwards every function to the module named by FAULTY_PKCS11_MODULE and applies
// the faults ordered in the file named by FAULTY_PKCS11_PLAN (grammar: plan.hpp). Thread-safe like the module
// behind it; waiting and hanging hold no lock.

#include <dlfcn.h>
#include <pkcs11-helper-1.0/pkcs11.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <map>
#include <mutex>
#include <span>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "tools/faulty-pkcs11/functions.hpp"
#include "tools/faulty-pkcs11/pin_counter.hpp"
#include "tools/faulty-pkcs11/plan.hpp"

namespace claviger::faulty {
namespace {

std::string environment(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? std::string() : std::string(value);
}

CK_FUNCTION_LIST* load_real_module() {
    const std::string path = environment("FAULTY_PKCS11_MODULE");
    void* library = path.empty() ? nullptr : ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    void* symbol = library == nullptr ? nullptr : ::dlsym(library, "C_GetFunctionList");
    if (symbol == nullptr) {
        std::fprintf(stderr, "faulty-pkcs11: set FAULTY_PKCS11_MODULE to a PKCS#11 module (%s)\n",
                     path.empty() ? "not set" : ::dlerror());
        return nullptr;
    }
    CK_FUNCTION_LIST* functions = nullptr;
    reinterpret_cast<CK_C_GetFunctionList>(symbol)(&functions);
    return functions;
}

CK_FUNCTION_LIST* real() {
    static CK_FUNCTION_LIST* const functions = load_real_module();
    return functions;
}

// What must be remembered from call to call.
class State {
public:
    std::optional<Rule> before(std::size_t row, CK_OBJECT_HANDLE handle) {
        const std::lock_guard guard(mutex_);
        std::optional<Rule> rule = plan_.take(row, handle != CK_INVALID_HANDLE && partner(handle));
        if (rule && rule->action == Action::swap) {
            const CK_OBJECT_HANDLE other = *partner(handle);
            const CK_OBJECT_HANDLE mine = real_handle(handle);
            swapped_[handle] = real_handle(other);
            swapped_[other] = mine;
        }
        if (rule && rule->action == Action::swap_call) {
            rule->argument = real_handle(*partner(handle));
        }
        if (handle != CK_INVALID_HANDLE && handle != last_) {
            before_last_ = std::exchange(last_, handle);
        }
        return rule;
    }

    CK_OBJECT_HANDLE translate(CK_OBJECT_HANDLE handle) {
        const std::lock_guard guard(mutex_);
        return real_handle(handle);
    }

    // nullopt: no pin-limit is ordered.
    std::optional<bool> pin_locked(CK_SESSION_HANDLE session, CK_USER_TYPE user) {
        const std::lock_guard guard(mutex_);
        const unsigned long limit = plan_.pin_limit();
        if (limit == 0) {
            return std::nullopt;
        }
        return pins_.locked(serial_of_session(session), user, limit);
    }

    void record_pin(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_RV answer) {
        const std::lock_guard guard(mutex_);
        pins_.record(serial_of_session(session), user, answer);
    }

    CK_FLAGS pin_flags(const CK_TOKEN_INFO& info) {
        const std::lock_guard guard(mutex_);
        const unsigned long limit = plan_.pin_limit();
        return limit == 0 ? 0 : pins_.flags(serial_text(info), limit);
    }

    static CK_USER_TYPE user_of_session(CK_SESSION_HANDLE session) {
        CK_SESSION_INFO info{};
        real()->C_GetSessionInfo(session, &info);
        return info.state == CKS_RW_SO_FUNCTIONS ? CKU_SO : CKU_USER;
    }

private:
    std::optional<CK_OBJECT_HANDLE> partner(CK_OBJECT_HANDLE handle) const {
        const CK_OBJECT_HANDLE other = last_ == handle ? before_last_ : last_;
        return other == CK_INVALID_HANDLE ? std::nullopt : std::optional(other);
    }
    CK_OBJECT_HANDLE real_handle(CK_OBJECT_HANDLE handle) const {
        const auto found = swapped_.find(handle);
        return found == swapped_.end() ? handle : found->second;
    }
    static std::string serial_text(const CK_TOKEN_INFO& info) {
        std::string serial(reinterpret_cast<const char*>(info.serialNumber), sizeof info.serialNumber);
        serial.erase(serial.find_last_not_of(' ') + 1);
        return serial;
    }
    static std::string serial_of_session(CK_SESSION_HANDLE session) {
        CK_SESSION_INFO where{};
        CK_TOKEN_INFO info{};
        real()->C_GetSessionInfo(session, &where);
        real()->C_GetTokenInfo(where.slotID, &info);
        return serial_text(info);
    }

    std::mutex mutex_;
    Plan plan_{environment("FAULTY_PKCS11_PLAN")};
    PinCounter pins_{environment("FAULTY_PKCS11_PLAN") + ".pins"};
    CK_OBJECT_HANDLE last_ = CK_INVALID_HANDLE;
    CK_OBJECT_HANDLE before_last_ = CK_INVALID_HANDLE;
    std::map<CK_OBJECT_HANDLE, CK_OBJECT_HANDLE> swapped_;
};

State& state() {
    static State* const instance = new State;  // outlives every thread of the module behind us
    return *instance;
}

// The caller goes on meanwhile, and may have ended by then: a process of its own does it. Made by the system
// call, because fork(3) runs the handlers of the module behind us.
void kill_later(pid_t victim, unsigned long microseconds) {
    if (victim > 1 && ::syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) == 0) {
        const timespec duration{static_cast<time_t>(microseconds / 1'000'000),
                                static_cast<long>(microseconds % 1'000'000 * 1000)};
        ::nanosleep(&duration, nullptr);
        ::kill(victim, SIGKILL);
        ::_exit(0);
    }
}

// Whether this call's object handle is a key at work: the partners that `swap` may exchange.
constexpr bool uses_key(std::size_t row) {
    return kFunctions[row].name.ends_with("Init") && kFunctions[row].handles != 0;
}

template <std::size_t Row, auto Member>
struct Forward;

template <std::size_t Row, class... Args, CK_RV (*CK_FUNCTION_LIST::*Member)(Args...)>
struct Forward<Row, Member> {
    static CK_RV call(Args... args) noexcept {
        std::tuple<Args...> arguments(args...);
        const std::optional<Rule> rule = state().before(Row, key_handle(arguments));
        translate_handles(arguments, rule, std::index_sequence_for<Args...>());
        if (!rule) {
            return forward(arguments);
        }
        switch (rule->action) {
            case Action::answer: return rule->argument;
            case Action::answer_after: forward(arguments); return rule->argument;
            case Action::delay: std::this_thread::sleep_for(std::chrono::milliseconds(rule->argument)); break;
            case Action::hang:
                for (;;) {
                    ::pause();
                }
            case Action::abort: std::abort();
            case Action::kill: ::raise(SIGKILL); break;
            case Action::kill_within: kill_later(::getpid(), rule->argument); break;
            case Action::kill_parent_within: kill_later(::getppid(), rule->argument); break;
            case Action::forget: return forget(arguments, rule->argument);
            case Action::pass:
            case Action::swap:
            case Action::swap_call:
            case Action::pin_limit: break;
        }
        return forward(arguments);
    }

private:
    static CK_OBJECT_HANDLE key_handle(const std::tuple<Args...>& arguments) {
        if constexpr (uses_key(Row)) {
            return std::get<2>(arguments);
        }
        return CK_INVALID_HANDLE;
    }

    template <std::size_t... I>
    static void translate_handles(std::tuple<Args...>& arguments, const std::optional<Rule>& rule,
                                  std::index_sequence<I...>) {
        (translate_one<I>(std::get<I>(arguments), rule), ...);
    }

    template <std::size_t I, class Argument>
    static void translate_one(Argument& argument, const std::optional<Rule>& rule) {
        if constexpr ((kFunctions[Row].handles >> I & 1U) != 0) {
            static_assert(std::is_same_v<Argument, CK_OBJECT_HANDLE>);
            const bool this_call = rule && rule->action == Action::swap_call;
            argument = this_call ? rule->argument : state().translate(argument);
        }
    }

    // Without attributes of this type in the first template of the call.
    static CK_RV forget(std::tuple<Args...> arguments, CK_ATTRIBUTE_TYPE type) {
        std::vector<CK_ATTRIBUTE> kept;
        forget_in<0>(arguments, type, kept);
        return forward(arguments);
    }
    template <std::size_t I>
    static void forget_in(std::tuple<Args...>& arguments, CK_ATTRIBUTE_TYPE type,
                          std::vector<CK_ATTRIBUTE>& kept) {
        if constexpr (I + 1 < sizeof...(Args)) {
            using Argument = std::tuple_element_t<I, std::tuple<Args...>>;
            if constexpr (std::is_same_v<Argument, CK_ATTRIBUTE_PTR>) {
                const std::span<CK_ATTRIBUTE> given(std::get<I>(arguments), std::get<I + 1>(arguments));
                std::ranges::copy_if(given, std::back_inserter(kept), [type](const CK_ATTRIBUTE& attribute) {
                    return attribute.type != type;
                });
                std::get<I>(arguments) = kept.data();
                std::get<I + 1>(arguments) = kept.size();
            } else {
                forget_in<I + 1>(arguments, type, kept);
            }
        }
    }

    static CK_RV forward(const std::tuple<Args...>& arguments) {
        const auto function = real()->*Member;
        if constexpr (Row == row_of("C_Login")) {
            return checked_pin(std::get<0>(arguments), std::get<1>(arguments),
                               [&] { return std::apply(function, arguments); });
        } else if constexpr (Row == row_of("C_SetPIN")) {
            const CK_SESSION_HANDLE session = std::get<0>(arguments);
            return checked_pin(session, State::user_of_session(session),
                               [&] { return std::apply(function, arguments); });
        } else if constexpr (Row == row_of("C_InitPIN")) {
            const CK_RV answer = std::apply(function, arguments);
            if (answer == CKR_OK) {  // the officer's new PIN also unlocks
                state().record_pin(std::get<0>(arguments), CKU_USER, CKR_OK);
            }
            return answer;
        } else if constexpr (Row == row_of("C_GetTokenInfo")) {
            const CK_RV answer = std::apply(function, arguments);
            if (answer == CKR_OK) {
                std::get<1>(arguments)->flags |= state().pin_flags(*std::get<1>(arguments));
            }
            return answer;
        } else {
            return std::apply(function, arguments);
        }
    }

    template <class Call>
    static CK_RV checked_pin(CK_SESSION_HANDLE session, CK_USER_TYPE user, Call call) {
        const std::optional<bool> locked = state().pin_locked(session, user);
        if (locked && *locked) {
            return CKR_PIN_LOCKED;
        }
        const CK_RV answer = call();
        if (locked) {
            state().record_pin(session, user, answer);
        }
        return answer;
    }
};

CK_FUNCTION_LIST& ours() {
    static CK_FUNCTION_LIST functions = [] {
        CK_FUNCTION_LIST list{};
        list.version = {2, 40};
#define FAULTY_PKCS11_ENTRY(name, handles) list.name = &Forward<row_of(#name), &CK_FUNCTION_LIST::name>::call;
        FAULTY_PKCS11_FUNCTIONS(FAULTY_PKCS11_ENTRY)
#undef FAULTY_PKCS11_ENTRY
        list.C_GetFunctionList = &::C_GetFunctionList;
        return list;
    }();
    return functions;
}

}  // namespace
}  // namespace claviger::faulty

extern "C" __attribute__((visibility("default"))) CK_RV C_GetFunctionList(CK_FUNCTION_LIST** list) {
    if (list == nullptr) {
        return CKR_ARGUMENTS_BAD;
    }
    if (claviger::faulty::real() == nullptr) {
        return CKR_GENERAL_ERROR;
    }
    *list = &claviger::faulty::ours();
    return CKR_OK;
}
