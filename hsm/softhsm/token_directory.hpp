// A SoftHSM token in a directory of its own, and the shadow that makes its files survive a crash.
//
// Below `directory`: softhsm2.conf, tokens/ (SoftHSM's), shadow/ (ours), token.lock. SoftHSM truncates and
// rewrites token.object at every C_Login and C_SetPIN and object files at every C_SetAttributeValue, and
// syncs nothing, so a process killed there loses the token. Threads: one at a time. Failure: values.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <claviger/base/result.hpp>
#include <claviger/base/secret.hpp>
#include <claviger/hsm/token.hpp>

#include "hsm/softhsm/file_lock.hpp"

namespace claviger::softhsm {

inline constexpr std::string_view kDefaultModule = "/usr/lib/softhsm/libsofthsm2.so";

enum class Shadow : bool { off, on };
enum class Restore : bool {
    no,       // beside a host that serves this token: a file that is torn now is one that the host is writing
    at_start  // before the module is loaded, by the process that will serve
};

class TokenDirectory final : public hsm::TokenFileGuard {
public:
    // Makes what is missing and, with a shadow, puts back every file that is empty, does not parse or is
    // gone, under the token lock. Must run before the module is loaded.
    static Result<std::unique_ptr<TokenDirectory>> open(const std::string& directory, Shadow shadow,
                                                        Restore restore = Restore::at_start);
    ~TokenDirectory() override;

    const std::string& conf() const noexcept { return conf_; }  // value of SOFTHSM2_CONF
    void use() const;  // sets SOFTHSM2_CONF in this process; before threads are started

    // Files put back at open, by name, for the warning and the metric.
    const std::vector<std::string>& restored() const noexcept { return restored_; }

    // Copies all objects but KMS keys, synced, in one rename. Call after provisioning, join, seal and PIN
    // change, before the step is reported done. Nothing happens with Shadow::off.
    Status<> save();
    bool has_shadow() const;

    // Removes the token and its shadow: for wiping, with the module unloaded. open() makes an empty one.
    static Status<> erase(const std::string& directory);

    // hsm::TokenFileGuard: the token lock. leave() after a changed token.object saves it to the shadow.
    Status<> enter() override;
    void leave() noexcept override;

private:
    TokenDirectory(std::string directory, Shadow shadow);
    Status<> restore();
    static Status<> refresh_token_object(const std::string& live, const std::string& shadow);
    static Status<> renew_token_object(const std::string& live);
    std::string directory_;
    std::string conf_;
    Shadow shadow_;
    std::vector<std::string> restored_;
    std::optional<FileLock> lock_;
};

// 32 characters of base64url alphabet, 192 bits, from the system's generator.
SecretBytes random_pin();

}  // namespace claviger::softhsm
