// A key policy that a caller wrote -> values -> the lock-out check: nothing may crash, and every pattern
// matches itself.
#include <cstdlib>

#include "src/policy/document.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace claviger;
    const auto parsed = policy::parse_key_policy({reinterpret_cast<const char*>(data), size});
    if (!parsed) {
        if (parsed.error().message.empty()) {
            std::abort();
        }
        return 0;
    }
    policy::Principal caller;
    caller.account = AccountId("111122223333");
    caller.arn = "arn:aws:iam::111122223333:user/alice";
    policy::keeps_policy_control(*parsed, caller, "arn:aws:kms:us-west-2:111122223333:key/x");
    for (const policy::Statement& statement : parsed->statements) {
        for (const std::string& pattern : statement.actions.patterns) {
            if (!policy::glob_matches(pattern, pattern)) {
                std::abort();
            }
        }
    }
    return 0;
}
