// Key material of a caller: opened with the private half of a wrapping pair, checked, made a key of the
// token.
#include <claviger/base/digest.hpp>
#include <claviger/base/wire.hpp>

#include "hsm/handles.hpp"
#include "hsm/key_create.hpp"
#include "hsm/material.hpp"
#include "hsm/state.hpp"

namespace claviger::hsm {
namespace {

Error not_opened(std::string_view why) {
    return Error(Errc::data_invalid, "imported material: " + std::string(why));
}

std::array<std::byte, 32> material_id(const ImportCall& call, const Material& material) {
    SecretBytes::Buffer text;
    WireWriter(text)
        .text("claviger-imported-material-v1")
        .text(call.identity.key_id)
        .text(call.identity.spec)
        .bytes(material.identity.reveal(SecretAccess()));
    return hmac_sha256(call.id_key, text);
}

Result<NewKey> make_key(Lane& lane, const GenerateCall& call, const Material& material) {
    Template attributes = imported_template(call.kind, lane.token().capabilities());
    attributes.append(material.value);
    const Functions& p11 = lane.token().state().p11;
    CK_OBJECT_HANDLE handle = CK_INVALID_HANDLE;
    const CK_RV rv = p11->C_CreateObject(lane.session(), attributes.data(), attributes.size(), &handle);
    if (rv != CKR_OK) {
        return call_failed("C_CreateObject", rv);
    }
    const TemporaryObject object(p11, lane.session(), handle);
    return seal_key(lane, call, object.get(), material.public_key);
}

// A loaded key whose handle goes with it.
class TemporaryKey {
public:
    TemporaryKey(Lane& lane, Key& key) noexcept : lane_(lane), key_(key) {}
    ~TemporaryKey() {
        const Status<> gone = lane_.destroy_key(key_, Lane::Reach::handle);
        static_cast<void>(gone);  // a session object that ends with the session in any case
    }
    TemporaryKey(const TemporaryKey&) = delete;
    TemporaryKey& operator=(const TemporaryKey&) = delete;

private:
    Lane& lane_;
    Key& key_;
};

}  // namespace

Result<SecretBytes> Lane::open_envelope(Key& pair, const ImportCall& call) {
    const std::size_t modulus = pair.state().kind->size / 8;
    const bool whole = call.key_wrap == KeyWrap::none;
    if (call.wrapped.size() < modulus || (whole && call.wrapped.size() != modulus)) {
        return not_opened("not as long as the modulus");
    }
    auto opened = open_oaep(pair, call.hash, call.wrapped.first(modulus));
    if (!opened || whole) {
        return opened;
    }
    auto inner = key_unwrap(*opened, call.wrapped.subspan(modulus));
    if (!inner) {
        return not_opened("not wrapped under the AES key it came with");
    }
    return std::move(*inner);
}

Result<NewKey> Lane::import_key(const ImportCall& call) {
    const KeyKindRow* kind = find_key_kind(call.identity.spec, call.identity.usage);
    if (kind == nullptr || kind->purpose == Purpose::import || kind->purpose == Purpose::identity) {
        return Error(Errc::unsupported, "no key of this spec and usage can be imported");
    }
    auto pair = load_key(call.wrapping_token, Residency::session);
    if (!pair) {
        // What is wrong with our own key token is not the caller's fault.
        return pair.error().code == Errc::data_invalid ? Error(Errc::integrity, pair.error().detail)
                                                       : pair.error();
    }
    const TemporaryKey loaded(*this, **pair);
    const Key::State& state = (*pair)->state();
    if (state.kind->purpose != Purpose::import) {
        return Error(Errc::unsupported, "a key of another purpose opens no envelopes");
    }
    const auto bytes = open_envelope(**pair, call);
    if (!bytes) {
        return bytes.error();
    }
    auto material = read_material(*kind, *bytes);
    if (!material) {
        return NewKey{};
    }
    KeyIdentity identity = call.identity;
    identity.material_id = material_id(call, *material);
    const link::KeyTokenHeader& header = state.token.header;
    const CwkId cwk{std::string(header.cluster_id), header.cwk_generation};
    const GenerateCall sealed{.cwk = cwk, .kind = *kind, .identity = identity};
    auto made = make_key(*this, sealed, *material);
    if (!made && classify(made.error().ckr).scope == FaultScope::session && renew_session()) {
        made = make_key(*this, sealed, *material);
    }
    return made;
}

}  // namespace claviger::hsm
