// A KMS key as an HSM holds it: named by its key token, alive as a handle.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <claviger/base/bytes.hpp>
#include <claviger/base/clock.hpp>

namespace claviger::hsm {

// First 16 bytes of SHA-256(account ‖ key id), then the first 16 bytes of the key material id.
using KeyNameBytes = std::array<std::byte, 32>;

enum class Residency : std::uint8_t {
    session,  // a session object of the keeper session; gone with the process
    token,    // a token object, visible to the HSM's own tools
};

// Who a new key will be. Values as the KMS API writes them; stays in the key token for good.
struct KeyIdentity {
    std::string_view account;  // 12 digits
    std::string_view key_id;
    std::array<std::byte, 32> material_id{};
    std::string_view spec;    // KeySpec
    std::string_view usage;   // KeyUsage
    std::string_view origin;  // Origin
};

struct NewKey {
    Bytes token;
    Bytes public_key;  // SubjectPublicKeyInfo DER; empty for secret keys
};

// Can this library make and use keys of this kind at all? (A token may still refuse.)
bool is_known_key_kind(std::string_view spec, std::string_view usage) noexcept;

// Has it a private half? Its work is slow-lane work then.
bool is_pair(std::string_view spec, std::string_view usage) noexcept;

// A loaded key. Used by one lane at a time. Destroying the object leaves the handle on the token: give it to
// Lane::destroy_key first (session objects end with the token's keeper session in any case).
class Key {
public:
    ~Key();
    Key(const Key&) = delete;
    Key& operator=(const Key&) = delete;

    const KeyNameBytes& name() const noexcept;
    ByteView token() const noexcept;  // its key token
    std::string_view spec() const noexcept;
    std::string_view usage() const noexcept;
    ByteView public_key() const noexcept;
    Residency residency() const noexcept;

    struct State;
    explicit Key(std::unique_ptr<State> state) noexcept;
    State& state() noexcept { return *state_; }

private:
    std::unique_ptr<State> state_;
};

}  // namespace claviger::hsm
