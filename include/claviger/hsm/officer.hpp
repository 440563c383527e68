// Work of the security officer, for the short-lived `claviger-hsm --officer` process: its login and a user's
// exclude each other in one process (PKCS#11 v2.40 §5.6, CKR_USER_ANOTHER_ALREADY_LOGGED_IN).
#pragma once

#include <memory>
#include <string>

#include <claviger/hsm/module.hpp>
#include <claviger/hsm/token.hpp>

namespace claviger::hsm {

enum class TrustedKind : std::uint8_t { recovery, transport };

// C_InitToken on a free slot, then the user's PIN. Answers the facts of the new token, found by its serial.
struct NewToken {
    std::string label;
    const SecretBytes& officer_pin;
    const SecretBytes& user_pin;
};
Result<TokenFacts> init_token(Module& module, const NewToken& wanted, TokenFileGuard* guard);

// C_InitToken on a token that is, in this slot, with its label and its officer's PIN: no object stays, the
// user has no PIN. SoftHSM keeps the serial. This process has no session with it; another one's would go on
// writing.
Status<> init_token_anew(Module& module, SlotId slot, const SecretBytes& officer_pin, TokenFileGuard* guard);

class Officer {
public:
    // One C_Login as CKU_SO; the same rules as Token::login.
    static Result<std::unique_ptr<Officer>> login(Module& module, SlotId slot, const SecretBytes& pin,
                                                  TokenFileGuard* guard,
                                                  Attempt attempt = Attempt::automatic);
    ~Officer();
    Officer(const Officer&) = delete;
    Officer& operator=(const Officer&) = delete;

    Status<> init_user_pin(const SecretBytes& pin);
    Status<> change_pin(const SecretBytes& current, const SecretBytes& next);
    // A public key that may wrap WRAP_WITH_TRUSTED keys. RSA of at least 3072 bits: bad_config otherwise.
    // Idempotent.
    Status<> install_trusted(TrustedKind kind, ByteView public_key);
    // Destroys every trusted key of this kind; answers how many.
    Result<std::size_t> remove_trusted(TrustedKind kind);
    // Destroys what the officer can see (public objects).
    Result<std::size_t> wipe();

private:
    struct State;
    explicit Officer(std::unique_ptr<State> state) noexcept;
    std::unique_ptr<State> state_;
};

}  // namespace claviger::hsm
