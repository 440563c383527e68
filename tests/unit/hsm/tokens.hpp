// Real tokens in temporary directories, for the tests of hsm/.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>

#include <claviger/hsm/cluster_keys.hpp>
#include <claviger/hsm/officer.hpp>
#include <claviger/hsm/token.hpp>

#include "hsm/softhsm/token_directory.hpp"

namespace claviger::test {

class TemporaryDirectory {
public:
    TemporaryDirectory();
    ~TemporaryDirectory();
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    const std::string& path() const noexcept { return path_; }

private:
    std::string path_;
};

// The value, or a failed test that says why.
template <class T>
T expect_value(Result<T> result, std::source_location where = std::source_location::current()) {
    if (!result) {
        ADD_FAILURE_AT(where.file_name(), static_cast<int>(where.line())) << result.error().describe();
        throw std::runtime_error(result.error().describe());
    }
    return std::move(*result);
}

inline Errc code_of(const Error& error) {
    return error.code;
}

// One token with its PINs, opened and logged in on demand. Members end in reverse order: lanes before the
// token.
struct OpenToken {
    hsm::TokenFacts facts;
    SecretBytes officer_pin;
    SecretBytes user_pin;
    std::unique_ptr<hsm::Token> token;
    std::unique_ptr<hsm::Lane> slow;
    std::unique_ptr<hsm::Lane> fast;
};

inline const hsm::CwkId kTestCwk{.cluster_id = "cluster-abcdefghijk", .generation = 1};

hsm::KeyIdentity test_identity(std::string_view key_id, std::string_view spec = "SYMMETRIC_DEFAULT",
                               std::string_view usage = "ENCRYPT_DECRYPT");

// SoftHSM in a directory of its own. A second token in the same directory stands for another HSM: same
// module, own slot, own PINs, own objects.
class SoftHsm {
public:
    explicit SoftHsm(softhsm::Shadow shadow = softhsm::Shadow::on);
    ~SoftHsm();
    hsm::Module& module() { return *module_; }
    softhsm::TokenDirectory& directory() { return *directory_; }
    const std::string& path() const { return temporary_.path(); }

    OpenToken provision(const std::string& label);
    static void open(hsm::Module& module, OpenToken& token, hsm::TokenOptions options = {});
    static void close(OpenToken& token);
    // Officer's work needs the user logged out in this process: closes, works, opens again.
    void install_trusted(OpenToken& token, hsm::TrustedKind kind, ByteView public_key);
    // A fresh process's view of the same files.
    void reload();

private:
    TemporaryDirectory temporary_;
    std::unique_ptr<softhsm::TokenDirectory> directory_;
    std::unique_ptr<hsm::Module> module_;
};

// A token that has a CWK.
OpenToken provision_member(SoftHsm& soft, const std::string& label = "member");

}  // namespace claviger::test
