#include "tests/unit/hsm/tokens.hpp"

#include <cstdlib>

namespace claviger::test {

TemporaryDirectory::TemporaryDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "claviger-test-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) {
        throw std::runtime_error("cannot make " + pattern);
    }
    path_ = pattern;
}

TemporaryDirectory::~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

hsm::KeyIdentity test_identity(std::string_view key_id, std::string_view spec, std::string_view usage) {
    hsm::KeyIdentity identity{
        .account = "111122223333", .key_id = key_id, .spec = spec, .usage = usage, .origin = "AWS_KMS"};
    identity.material_id.fill(std::byte{0x42});
    return identity;
}

SoftHsm::SoftHsm(softhsm::Shadow shadow)
    : directory_(expect_value(softhsm::TokenDirectory::open(temporary_.path(), shadow))) {
    reload();
}

SoftHsm::~SoftHsm() = default;

void SoftHsm::reload() {
    module_.reset();
    directory_->use();
    module_ =
        expect_value(hsm::Module::load({.path = std::string(softhsm::kDefaultModule), .parameters = {}}));
}

OpenToken SoftHsm::provision(const std::string& label) {
    OpenToken out;
    out.officer_pin = softhsm::random_pin();
    out.user_pin = softhsm::random_pin();
    out.facts = expect_value(
        hsm::init_token(*module_, {.label = label, .officer_pin = out.officer_pin, .user_pin = out.user_pin},
                        directory_.get()));
    open(*module_, out);
    return out;
}

void SoftHsm::open(hsm::Module& module, OpenToken& token, hsm::TokenOptions options) {
    const auto facts = expect_value(module.find_token(token.facts.serial));
    token.token = expect_value(hsm::Token::open(module, facts.slot, options));
    expect_value(token.token->login(token.user_pin));
    token.slow = expect_value(token.token->open_lane());
    token.fast = expect_value(token.token->open_lane());
}

void SoftHsm::close(OpenToken& token) {
    token.fast.reset();
    token.slow.reset();
    token.token.reset();
}

void SoftHsm::install_trusted(OpenToken& token, hsm::TrustedKind kind, ByteView public_key) {
    close(token);
    {
        const auto officer = expect_value(
            hsm::Officer::login(*module_, expect_value(module_->find_token(token.facts.serial)).slot,
                                token.officer_pin, directory_.get()));
        expect_value(officer->install_trusted(kind, public_key));
    }
    open(*module_, token);
}

OpenToken provision_member(SoftHsm& soft, const std::string& label) {
    OpenToken member = soft.provision(label);
    expect_value(hsm::generate_cwk(*member.slow, kTestCwk));
    return member;
}

}  // namespace claviger::test
