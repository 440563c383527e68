#include <claviger/cluster/cluster.hpp>

#include <cstring>
#include <utility>

#include "hsm/link/key_token.hpp"

namespace claviger::cluster {

Result<std::shared_ptr<const KeyMaterial>> KeyMaterial::parse(Bytes token) {
    const std::optional<link::KeyToken> view = link::parse_key_token(token);
    if (!view) {
        return Error(Errc::integrity, "not a key token");
    }
    std::shared_ptr<KeyMaterial> material(new KeyMaterial);
    const link::KeyName name = link::key_name(view->header);
    std::memcpy(material->name_.data(), name.key_tag.data(), name.key_tag.size());
    std::memcpy(material->name_.data() + name.key_tag.size(), name.material.data(), name.material.size());
    material->material_id_ = view->header.material_id;
    material->account_ = view->header.account;
    material->key_id_ = view->header.key_id;
    material->token_ = std::move(token);
    return std::shared_ptr<const KeyMaterial>(std::move(material));
}

}  // namespace claviger::cluster
