// Two tags of CreateKey that users of LocalStack know, for development services alone. `_custom_id_` is the
// id of the new key; `_custom_key_material_` is its material in base64: bytes of an AES or HMAC key, PKCS#8
// DER of a private key. The first stays a tag of the key; the material is neither a tag nor in an audit
// record.
#pragma once

#include "src/http/api.hpp"

namespace claviger::dev {

// In front of the KMS service, which understands `_custom_id_` itself (kms::ServiceOptions). With material
// the key is made with the Origin EXTERNAL and the material imported; a key whose material is refused is
// scheduled for deletion.
class CustomTags final : public http::JsonService {
public:
    explicit CustomTags(http::JsonService& kms) : kms_(kms) {}

    std::string_view target_prefix() const override { return kms_.target_prefix(); }
    std::string_view signing_name() const override { return kms_.signing_name(); }
    boost::asio::awaitable<http::Answer> call(http::IoContext& io, const http::Call& call) override;
    boost::asio::awaitable<void> refused(http::IoContext& io, const http::Refusal& refusal) override;

private:
    http::JsonService& kms_;
};

}  // namespace claviger::dev
