#include <claviger/cluster/cluster.hpp>

#include <cstring>
#include <utility>

#include "hsm/link/key_token.hpp"

namespace claviger::cluster {

Result<std::shared_ptr<const KeyMaterial>> KeyMaterial::parse(Bytes token) {
    std::shared_ptr<KeyMaterial> material(new KeyMaterial);
    material->token_ = std::move(token);
    const std::optional<link::KeyToken> view = link::parse_key_token(material->token_);
    if (!view) {
        return Error(Errc::integrity, "not a key token");
    }
    const link::KeyName name = link::key_name(view->header);
    std::memcpy(material->name_.data(), name.key_tag.data(), name.key_tag.size());
    std::memcpy(material->name_.data() + name.key_tag.size(), name.material.data(), name.material.size());
    material->material_id_ = view->header.material_id;
    material->account_ = view->header.account;
    material->key_id_ = view->header.key_id;
    material->spec_ = view->header.spec;
    material->usage_ = view->header.usage;
    material->public_key_ = view->header.public_key;
    return std::shared_ptr<const KeyMaterial>(std::move(material));
}

const PublicKey* KeyMaterial::parsed_public_key() const {
    std::call_once(parsed_, [this] {
        if (Result<PublicKey> key = parse_public_key(public_key_)) {
            parsed_public_key_ = *std::move(key);
        }
    });
    return parsed_public_key_.get() == nullptr ? nullptr : &parsed_public_key_;
}

}  // namespace claviger::cluster
