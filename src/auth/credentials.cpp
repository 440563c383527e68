#include "src/auth/credentials.hpp"

#include <utility>

namespace claviger::auth {

Status<> Credentials::add(const std::string& access_key_id, AccessKey key) {
    auto shared = std::make_shared<const AccessKey>(std::move(key));
    if (!keys_.try_emplace(access_key_id, std::move(shared)).second) {
        return Error(Errc::conflict, "access key id " + access_key_id + " is there twice");
    }
    return done;
}

std::shared_ptr<const AccessKey> Credentials::find(std::string_view access_key_id) const {
    const auto found = keys_.find(access_key_id);
    return found == keys_.end() ? nullptr : found->second;
}

CredentialSource::CredentialSource() : credentials_(std::make_shared<const Credentials>()) {}

void CredentialSource::publish(std::shared_ptr<const Credentials> next) {
    const std::scoped_lock lock(mutex_);
    credentials_ = std::move(next);
    generation_.fetch_add(1, std::memory_order_release);
}

CredentialSource::Current CredentialSource::current() const {
    const std::scoped_lock lock(mutex_);
    return {credentials_, generation_.load(std::memory_order_relaxed)};
}

}  // namespace claviger::auth
