// Data key pairs: made in the token, read out of it, gone from it.
#include "hsm/handles.hpp"
#include "hsm/key_create.hpp"
#include "hsm/pkcs8.hpp"
#include "hsm/state.hpp"

namespace claviger::hsm {
namespace {

// In the order of rsa_pkcs8().
constexpr std::array kRsaAttributes{CKA_MODULUS, CKA_PUBLIC_EXPONENT, CKA_PRIVATE_EXPONENT, CKA_PRIME_1,
                                    CKA_PRIME_2, CKA_EXPONENT_1,      CKA_EXPONENT_2,       CKA_COEFFICIENT};

Error not_shown(std::string_view what) {
    return Error(Errc::unsupported, "the module does not show a readable key's " + std::string(what));
}

Result<SecretBytes> read_rsa(Lane& lane, CK_OBJECT_HANDLE handle) {
    RsaNumbers numbers;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        numbers[i] = read_secret(lane.token().state().p11, lane.session(), handle, kRsaAttributes[i]);
        if (numbers[i].empty()) {
            return not_shown("numbers");
        }
    }
    return rsa_pkcs8(numbers);
}

Result<SecretBytes> read_ec(Lane& lane, const KeyKindRow& kind, const GeneratedPair& pair) {
    const SecretBytes value =
        read_secret(lane.token().state().p11, lane.session(), pair.private_key, CKA_VALUE);
    const auto public_key = parse_public_key(pair.public_key);
    const auto point = public_key ? ec_point(*public_key) : Result<Bytes>(public_key.error());
    if (value.empty() || value.size() > kind.size || !point) {
        return not_shown("value");
    }
    // Modules drop leading zeros; RFC 5915 wants the length of the order.
    SecretBytes scalar(kind.size);
    std::ranges::copy(value.reveal(SecretAccess()),
                      scalar.reveal_mutable(SecretAccess()).subspan(kind.size - value.size()).begin());
    return ec_pkcs8({.curve_oid = kind.curve_oid, .scalar = scalar.reveal(SecretAccess()), .point = *point});
}

}  // namespace

Result<ReadablePair> Lane::generate_pair(std::string_view spec) {
    const KeyKindRow* kind = find_pair_spec(spec);
    if (kind == nullptr) {
        return Error(Errc::unsupported, "no key pair of this spec can be made");
    }
    auto pair = generate_key_pair(*this, *kind, readable_template(*kind));
    if (!pair && classify(pair.error().ckr).scope == FaultScope::session && renew_session()) {
        pair = generate_key_pair(*this, *kind, readable_template(*kind));
    }
    if (!pair) {
        return pair.error();
    }
    ++counters_.operations;
    const TemporaryObject object(token_.state().p11, session_, pair->private_key);
    auto private_key =
        kind->family == Family::rsa ? read_rsa(*this, object.get()) : read_ec(*this, *kind, *pair);
    if (!private_key) {
        return private_key.error();
    }
    return ReadablePair{std::move(*private_key), std::move(pair->public_key)};
}

}  // namespace claviger::hsm
